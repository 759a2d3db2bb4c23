#ifndef IPVS_AGENT_BASE_MAILBOX_H_
#define IPVS_AGENT_BASE_MAILBOX_H_

#include <cstddef>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/event_fd.h"

namespace base {

// What several threads have for one other: at most one message a key, the newest, so that a burst
// of changes to one object is one change when the reader comes. Messages leave in the order in
// which their keys first came in since the last take().
//
// Threading: put() from any thread; take() and readable_fd() from the one reader.
template <typename Key, typename Message>
class Mailbox {
 public:
  // Leaves `message` under `key`. A message that waits there already is given to
  // `combine(waiting, message)`, which returns what shall wait instead.
  template <typename Combine>
  void put(const Key& key, Message message, Combine combine) {
    bool was_empty;
    {
      std::lock_guard lock(mutex_);
      was_empty = waiting_.empty();
      auto [place, inserted] = index_.try_emplace(key, waiting_.size());
      if (inserted) {
        waiting_.emplace_back(key, std::move(message));
      } else {
        Message& old = waiting_[place->second].second;
        old = combine(std::move(old), std::move(message));
      }
    }
    if (was_empty) wake_.notify();
  }

  // The newest message wins.
  void put(const Key& key, Message message) {
    put(key, std::move(message), [](Message, Message newer) { return newer; });
  }

  // Everything that waits, oldest key first; never blocks.
  std::vector<std::pair<Key, Message>> take() {
    wake_.clear();
    std::lock_guard lock(mutex_);
    // Not clear(): that would keep, and wipe each time, as many buckets as the largest burst
    // needed.
    index_ = std::unordered_map<Key, std::size_t>();
    return std::exchange(waiting_, {});
  }

  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return waiting_.size();
  }

  // Becomes readable when something waits; for poll().
  int readable_fd() const { return wake_.fd(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<Key, Message>> waiting_;
  std::unordered_map<Key, std::size_t> index_;
  EventFd wake_;
};

}  // namespace base

#endif  // IPVS_AGENT_BASE_MAILBOX_H_
