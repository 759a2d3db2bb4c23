#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace base {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kOk: return "ok";
    case Code::kNotFound: return "not found";
    case Code::kAlreadyExists: return "already exists";
    case Code::kInvalidArgument: return "invalid argument";
    case Code::kPermissionDenied: return "permission denied";
    case Code::kUnsupported: return "unsupported";
    case Code::kInterrupted: return "interrupted";
    case Code::kResourceExhausted: return "resource exhausted";
    case Code::kUnavailable: return "unavailable";
    case Code::kOutOfDate: return "out of date";
    case Code::kCancelled: return "cancelled";
    case Code::kCorrupt: return "corrupt";
    case Code::kInternal: return "internal";
  }
  return "unknown";
}

Code code_of_errno(int error_number) {
  switch (error_number) {
    case 0: return Code::kOk;
    case ENOENT:
    case ESRCH:
    case ENXIO:
    case ENODEV:
    case EADDRNOTAVAIL: return Code::kNotFound;
    case EEXIST: return Code::kAlreadyExists;
    case EINVAL:
    case EDOM:
    case ERANGE:
    case EMSGSIZE: return Code::kInvalidArgument;
    case EPERM:
    case EACCES: return Code::kPermissionDenied;
    case EOPNOTSUPP:
    case ENOSYS:
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT:
    case ENOPROTOOPT: return Code::kUnsupported;
    case EINTR: return Code::kInterrupted;
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:
    case EMFILE:
    case ENFILE: return Code::kResourceExhausted;
    case EAGAIN:
    case EBUSY:
    case ETIMEDOUT:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE: return Code::kUnavailable;
    case ECANCELED: return Code::kCancelled;
    case EBADMSG:
    case EPROTO: return Code::kCorrupt;
    default: return Code::kInternal;
  }
}

Status Status::from_errno(int error_number, std::string_view context) {
  std::string message(context);
  message += ": ";
  // The GNU functions below return static strings: no buffer, no locale, safe from any thread.
  const char* description = strerrordesc_np(error_number);
  const char* name = strerrorname_np(error_number);
  message += description != nullptr ? description : "unknown error";
  message += " (";
  message += name != nullptr ? name : std::to_string(error_number);
  message += ")";
  Code code = code_of_errno(error_number);
  return Status(code == Code::kOk ? Code::kInternal : code, std::move(message), error_number);
}

Status Status::in(std::string_view context) const {
  if (ok()) return *this;
  std::string message(context);
  message += ": ";
  message += message_;
  return Status(code_, std::move(message), errno_);
}

}  // namespace base
