#ifndef IPVS_AGENT_WATCHERS_OBJECT_DECODER_H_
#define IPVS_AGENT_WATCHERS_OBJECT_DECODER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "watchers/object_event.h"
#include "watchers/objects.h"

namespace watchers {

// One object as a body gave it: the object, or Rejected with what is wrong. Key and version are
// there as far as they could be read; an empty name stands for "could not".
struct DecodedObject {
  ObjectKey key;
  std::string resource_version;
  ObjectNews news;
};

// metav1.Status: how the API server says that it did not do what was asked.
struct ApiStatus {
  int code = 0;  // as an HTTP status
  std::string reason;
  std::string message;
  std::vector<std::string> causes;  // details.causes[].reason
  int retry_after_s = 0;            // details.retryAfterSeconds; 0: not given
};

struct WatchEvent {
  enum class Type : std::uint8_t { kAdded, kModified, kDeleted, kBookmark, kError, kUnknown };
  Type type = Type::kUnknown;
  std::string type_text;  // as it came
  // kDeleted: its news is Deleted. kBookmark: only the version counts.
  DecodedObject object;
  // kBookmark: everything that existed at the start of a streaming list has been sent.
  bool initial_events_end = false;
  ApiStatus status;  // kError
};

// What a list says beside its items.
struct ListEnvelope {
  std::string kind;  // "ServiceList"; "Status" when the answer is none
  std::string resource_version;
  std::string continue_token;  // empty: this was the last page
  std::int64_t remaining_items = 0;
  std::optional<ApiStatus> status;
};

// Where a decoder leaves what it reads, in the order of the body.
class DecodedSink {
 public:
  virtual ~DecodedSink() = default;
  virtual void on_item(DecodedObject item) = 0;         // lists
  virtual void on_envelope(ListEnvelope envelope) = 0;  // lists, once, at their end
  virtual void on_event(WatchEvent event) = 0;          // watches
};

// The reading of one body.
//
// Threading: one owner.
class BodyDecoder {
 public:
  virtual ~BodyDecoder() = default;
  // Takes the next bytes, cut anywhere. A broken object is given as Rejected and reading goes on.
  // Errors: kCorrupt when the body as a whole cannot be followed any more.
  virtual base::Status feed(std::string_view bytes) = 0;
  // The body ended properly.
  // Errors: kCorrupt when it ended inside an object, or a list without its end.
  virtual base::Status finish() = 0;
};

// Turns bodies of one resource and one encoding into objects. A second encoding (protobuf) joins by
// implementing this.
//
// Threading: one owner; one body at a time.
class ObjectDecoder {
 public:
  virtual ~ObjectDecoder() = default;
  // What to ask for in the Accept header.
  virtual std::string_view media_type() const = 0;
  // `sink` and the ObjectDecoder outlive what is returned.
  virtual std::unique_ptr<BodyDecoder> list(DecodedSink& sink) = 0;
  virtual std::unique_ptr<BodyDecoder> watch(DecodedSink& sink) = 0;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_OBJECT_DECODER_H_
