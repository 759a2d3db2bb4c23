#ifndef IPVS_AGENT_WATCHERS_WEAK_POOL_H_
#define IPVS_AGENT_WATCHERS_WEAK_POOL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace watchers {

// Gives equal things one allocation. It keeps none of them alive: what nobody else holds is
// forgotten, at the latest when as much again was added, so its size is bounded by what is in use.
//
// Threading: one owner; what it gave may be used and dropped anywhere.
template <typename T>
class WeakPool {
 public:
  // The living thing that was made under `key`, or else what make() returns.
  template <typename Make>
  std::shared_ptr<const T> get(const std::string& key, Make make) {
    auto found = entries_.find(key);
    if (found != entries_.end()) {
      if (std::shared_ptr<const T> living = found->second.lock()) return living;
    }
    if (entries_.size() >= sweep_at_) sweep();
    // Not make_shared: the weak reference would keep the memory of the object.
    std::shared_ptr<const T> made(new T(make()));
    entries_[key] = made;
    return made;
  }

  std::size_t size() const { return entries_.size(); }

 private:
  static constexpr std::size_t kFirstSweep = 64;

  void sweep() {
    std::erase_if(entries_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = kFirstSweep + 2 * entries_.size();
  }

  std::unordered_map<std::string, std::weak_ptr<const T>> entries_;
  std::size_t sweep_at_ = kFirstSweep;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_WEAK_POOL_H_
