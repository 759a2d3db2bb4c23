#include "agent/failure.h"

namespace agent {

FailureClass classify(const base::Status& failure) {
  switch (failure.code()) {
    case base::Code::kAlreadyExists:
    case base::Code::kNotFound: return FailureClass::kDrift;
    case base::Code::kInterrupted: return FailureClass::kInterrupted;
    case base::Code::kInvalidArgument:
    case base::Code::kUnsupported: return FailureClass::kRejected;
    case base::Code::kPermissionDenied: return FailureClass::kFatal;
    case base::Code::kOk:
    case base::Code::kResourceExhausted:
    case base::Code::kUnavailable:
    case base::Code::kOutOfDate:
    case base::Code::kCancelled:
    case base::Code::kCorrupt:
    case base::Code::kInternal: return FailureClass::kTransient;
  }
  return FailureClass::kTransient;
}

std::string_view to_string(FailureClass failure_class) {
  switch (failure_class) {
    case FailureClass::kDrift: return "drift";
    case FailureClass::kInterrupted: return "interrupted";
    case FailureClass::kTransient: return "transient";
    case FailureClass::kRejected: return "rejected";
    case FailureClass::kFatal: return "fatal";
  }
  return "unknown";
}

}  // namespace agent
