#include "watchers/byte_queue.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace watchers {
namespace {

// A drained queue keeps this much for the next small writes and gives the rest back.
constexpr std::size_t kKeptBytes = std::size_t{16} * 1024;

base::Status cancelled() { return {base::Code::kCancelled, "the request was cancelled"}; }

}  // namespace

bool ByteQueue::write(std::span<const char> bytes, std::function<void()> on_taken) {
  std::lock_guard lock(mutex_);
  assert(!on_taken_);
  if (cancelled_ || end_ || bytes.empty()) return true;
  bool fits = bytes.size() <= capacity_ - (waiting_.size() - head_);
  if (fits) {
    if (head_ > 0 && waiting_.size() + bytes.size() > waiting_.capacity()) {
      waiting_.erase(0, std::exchange(head_, 0));
    }
    waiting_.append(bytes.data(), bytes.size());
  } else {
    lent_ = bytes;
    on_taken_ = std::move(on_taken);
  }
  readable_.notify_one();
  return fits;
}

void ByteQueue::finish(base::Status end) {
  std::function<void()> taken;
  {
    std::lock_guard lock(mutex_);
    if (end_) return;
    if (!lent_.empty() && end.ok()) {
      end = {base::Code::kInternal, "the stream ended before its last bytes were read"};
    }
    end_ = std::move(end);
    lent_ = {};
    taken = std::exchange(on_taken_, nullptr);
  }
  readable_.notify_one();
  if (taken) taken();
}

base::Result<std::size_t> ByteQueue::read(std::span<char> buffer) {
  if (buffer.empty()) return std::size_t{0};
  std::size_t stored = 0;
  std::function<void()> taken;
  {
    std::unique_lock lock(mutex_);
    readable_.wait(lock, [&] {
      return cancelled_ || head_ < waiting_.size() || !lent_.empty() || end_.has_value();
    });
    if (cancelled_) return cancelled();
    stored = copy_out(buffer);
    if (stored == 0) {
      if (end_->ok()) return std::size_t{0};
      return *end_;
    }
    taken = settle_loan();
  }
  if (taken) taken();
  return stored;
}

std::size_t ByteQueue::copy_out(std::span<char> buffer) {
  std::size_t first = std::min(buffer.size(), waiting_.size() - head_);
  std::memcpy(buffer.data(), waiting_.data() + head_, first);
  head_ += first;
  if (head_ == waiting_.size()) {
    head_ = 0;
    waiting_.clear();
    if (waiting_.capacity() > kKeptBytes && lent_.empty()) waiting_.shrink_to_fit();
  }
  std::size_t second = 0;
  if (waiting_.empty() && !lent_.empty()) {
    second = std::min(buffer.size() - first, lent_.size());
    std::memcpy(buffer.data() + first, lent_.data(), second);
    lent_ = lent_.subspan(second);
  }
  return first + second;
}

std::function<void()> ByteQueue::settle_loan() {
  if (!on_taken_) return nullptr;
  if (lent_.size() > capacity_ - (waiting_.size() - head_)) return nullptr;
  if (!lent_.empty()) {
    waiting_.erase(0, std::exchange(head_, 0));
    waiting_.append(lent_.data(), lent_.size());
    lent_ = {};
  }
  return std::exchange(on_taken_, nullptr);
}

void ByteQueue::cancel() {
  std::function<void()> taken;
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    waiting_ = std::string();
    head_ = 0;
    lent_ = {};
    taken = std::exchange(on_taken_, nullptr);
  }
  readable_.notify_all();
  if (taken) taken();
}

std::size_t ByteQueue::size() const {
  std::lock_guard lock(mutex_);
  return waiting_.size() - head_;
}

}  // namespace watchers
