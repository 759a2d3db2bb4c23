#ifndef IPVS_AGENT_AGENT_PUBLISHED_H_
#define IPVS_AGENT_AGENT_PUBLISHED_H_

#include <memory>
#include <mutex>
#include <utility>

namespace agent {

// The newest of a series of immutable values that one thread makes and others look at.
//
// Threading: every method from any thread; the value a reader holds stays as it is.
template <typename T>
class Published {
 public:
  explicit Published(T first) : value_(std::make_shared<const T>(std::move(first))) {}

  void publish(T value) {
    auto next = std::make_shared<const T>(std::move(value));
    std::lock_guard lock(mutex_);
    value_.swap(next);  // the old value dies outside the lock, with `next`
  }

  // Never null.
  std::shared_ptr<const T> get() const {
    std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_PUBLISHED_H_
