#include "watchers/status_reader.h"

#include <algorithm>

#include "watchers/field_reader.h"
#include "watchers/quote.h"

namespace watchers {
namespace {

enum StatusField : Field {
  kKind = 2,
  kMetadata,
  kResourceVersion,
  kContinue,
  kRemaining,
  kMessage,
  kReason,
  kCode,
  kDetails,
  kCauses,
  kCauseReason,
  kRetryAfter,
  kEvent,
};

constexpr std::size_t kMaxMessage = 512;
constexpr std::size_t kMaxCauses = 16;

const FieldTable& fields() {
  static const FieldTable kTable{{
      {kEvent, "object", kRootField, FieldShape::kObject},
      {kRootField, "kind", kKind, FieldShape::kString},
      {kRootField, "metadata", kMetadata, FieldShape::kObject},
      {kMetadata, "resourceVersion", kResourceVersion, FieldShape::kString},
      {kMetadata, "continue", kContinue, FieldShape::kString},
      {kMetadata, "remainingItemCount", kRemaining, FieldShape::kInteger},
      {kRootField, "message", kMessage, FieldShape::kString},
      {kRootField, "reason", kReason, FieldShape::kString},
      {kRootField, "code", kCode, FieldShape::kInteger},
      {kRootField, "details", kDetails, FieldShape::kObject},
      {kDetails, "causes", kCauses, FieldShape::kObjects},
      {kCauses, "reason", kCauseReason, FieldShape::kString},
      {kDetails, "retryAfterSeconds", kRetryAfter, FieldShape::kInteger},
  }};
  return kTable;
}

class StatusReader final : private FieldReader {
 public:
  StatusReader() : FieldReader(fields()) {}

  base::Status read_from(std::string_view json, Field start) { return read(json, start); }
  ListEnvelope take() {
    if (envelope_.kind == "Status") envelope_.status = status_;
    return std::move(envelope_);
  }
  ApiStatus take_status() { return std::move(status_); }

 private:
  void on_string(Field field, std::string_view value) override {
    switch (field) {
      case kKind: envelope_.kind = value; break;
      case kResourceVersion: envelope_.resource_version = value; break;
      case kContinue: envelope_.continue_token = value; break;
      case kMessage: status_.message = printable(value, kMaxMessage); break;
      case kReason: status_.reason = printable(value, 64); break;
      case kCauseReason:
        if (status_.causes.size() < kMaxCauses) status_.causes.push_back(printable(value, 64));
        break;
      default: break;
    }
  }
  void on_integer(Field field, std::int64_t value) override {
    // A day is far beyond any wait that a server may impose.
    auto bounded = [&](std::int64_t high) {
      return static_cast<int>(std::clamp<std::int64_t>(value, 0, high));
    };
    switch (field) {
      case kRemaining: envelope_.remaining_items = value; break;
      case kCode: status_.code = bounded(999); break;
      case kRetryAfter: status_.retry_after_s = bounded(86400); break;
      default: break;
    }
  }

  ListEnvelope envelope_;
  ApiStatus status_;
};

}  // namespace

base::Result<ListEnvelope> read_envelope(std::string_view json) {
  StatusReader reader;
  if (base::Status status = reader.read_from(json, kRootField); !status.ok()) return status;
  return reader.take();
}

ApiStatus read_error_event(std::string_view json) {
  StatusReader reader;
  if (base::Status status = reader.read_from(json, kEvent); !status.ok()) return {};
  return reader.take_status();
}

}  // namespace watchers
