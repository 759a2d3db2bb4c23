#ifndef IPVS_AGENT_BASE_RESULT_H_
#define IPVS_AGENT_BASE_RESULT_H_

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace base {

// What a failure means to the code that must react to it. The raw errno stays beside it in Status.
enum class Code {
  kOk,
  kNotFound,           // the object acted on is not there (ENOENT, ESRCH, ENXIO)
  kAlreadyExists,      // the object to be made is there already (EEXIST)
  kInvalidArgument,    // refused as malformed; the same request would be refused again (EINVAL)
  kPermissionDenied,   // EPERM, EACCES
  kUnsupported,        // the kernel, library or server lacks the feature
  kInterrupted,        // a dump changed while it was read (NLM_F_DUMP_INTR, EINTR): read again
  kResourceExhausted,  // ENOBUFS, ENOMEM, a full set: may pass
  kUnavailable,        // the other side did not answer: connection refused, time-out
  kOutOfDate,          // what was asked for is older than what the server keeps (410 Gone)
  kCancelled,
  kCorrupt,  // an answer that cannot be understood
  kInternal,
};

std::string_view to_string(Code code);

// The Code that an errno value stands for; kInternal for those without a meaning of their own.
Code code_of_errno(int error_number);

// The outcome of an operation that returns nothing: ok, or a code with the raw errno (0 where there
// is none) and a sentence. The sentence grows outwards: "add 10.0.0.5:80 to TCP 10.96.0.1:80: ...".
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message, int error_number = 0)
      : code_(code), errno_(error_number), message_(std::move(message)) {}

  // A failed system call or netlink answer: "CONTEXT: No such file or directory (ENOENT)".
  static Status from_errno(int error_number, std::string_view context);

  bool ok() const { return code_ == Code::kOk; }
  explicit operator bool() const { return ok(); }
  Code code() const { return code_; }
  int error_number() const { return errno_; }
  const std::string& message() const { return message_; }

  // The same failure seen from one level further out: "CONTEXT: MESSAGE". Ok stays ok.
  Status in(std::string_view context) const;

  friend bool operator==(const Status&, const Status&) = default;

 private:
  Code code_ = Code::kOk;
  int errno_ = 0;
  std::string message_;
};

// A value or the failed Status that stands in its place. Reading value() of a failure is a
// programming error (asserted).
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Status failure) : state_(std::move(failure)) {  // NOLINT(google-explicit-constructor)
    assert(!std::get<Status>(state_).ok());
  }

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }

  const T& value() const& {
    assert(ok());
    return *std::get_if<T>(&state_);
  }
  T& value() & {
    assert(ok());
    return *std::get_if<T>(&state_);
  }
  T&& value() && {
    assert(ok());
    return std::move(*std::get_if<T>(&state_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  // The failure, or an ok Status when there is a value.
  Status status() const { return ok() ? Status() : *std::get_if<Status>(&state_); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace base

#endif  // IPVS_AGENT_BASE_RESULT_H_
