#ifndef IPVS_AGENT_WATCHERS_BYTE_QUEUE_H_
#define IPVS_AGENT_WATCHERS_BYTE_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"

namespace watchers {

// Bytes on their way from the thread that owns a socket to the thread that decodes them. Bounded: a
// write that does not fit is lent, not copied, and the writer is told when its bytes were taken, so
// that it reads no further from the socket meanwhile (back-pressure).
//
// Threading: write() and finish() from one thread at a time; read() from one; cancel() from any.
class ByteQueue {
 public:
  // `capacity`: how many bytes wait here at most, beside the one lent write. The memory is taken as
  // it is needed and given back when the reader has caught up.
  explicit ByteQueue(std::size_t capacity) : capacity_(capacity) {}

  // True when all bytes were copied (or dropped, after cancel()). False when they were lent: they
  // must stay where they are, and nothing else be written, until `on_taken` was called, once, by
  // the thread that read the last of them or cancelled.
  bool write(std::span<const char> bytes, std::function<void()> on_taken);
  // No more bytes will come: ok for the proper end, or why the stream broke. What waits can still
  // be read. The first call counts. Bytes that are still lent are dropped, and `end` is then not
  // taken for a proper end.
  void finish(base::Status end);

  // Waits for bytes and returns how many were stored; 0 at the proper end. Errors: that of
  // finish(), kCancelled.
  base::Result<std::size_t> read(std::span<char> buffer);
  // Drops what waits; every read() from now on returns kCancelled.
  void cancel();

  // Bytes that wait here, without those lent.
  std::size_t size() const;

 private:
  // Both with mutex_ held. The second moves the lent bytes in when they fit and returns what has to
  // be called then, without the lock.
  std::size_t copy_out(std::span<char> buffer);
  std::function<void()> settle_loan();

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable readable_;
  std::string waiting_;   // from head_ on
  std::size_t head_ = 0;  // read already
  std::span<const char> lent_;
  std::function<void()> on_taken_;
  std::optional<base::Status> end_;
  bool cancelled_ = false;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_BYTE_QUEUE_H_
