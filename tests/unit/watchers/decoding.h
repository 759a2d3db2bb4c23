#ifndef IPVS_AGENT_TESTS_UNIT_WATCHERS_DECODING_H_
#define IPVS_AGENT_TESTS_UNIT_WATCHERS_DECODING_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "watchers/json_decoder.h"

namespace watchers {

// Keeps everything that a decoder gives.
struct CollectedBody final : DecodedSink {
  void on_item(DecodedObject item) override { items.push_back(std::move(item)); }
  void on_envelope(ListEnvelope envelope) override { envelopes.push_back(std::move(envelope)); }
  void on_event(WatchEvent event) override { events.push_back(std::move(event)); }

  std::vector<DecodedObject> items;
  std::vector<ListEnvelope> envelopes;
  std::vector<WatchEvent> events;
  base::Status status;  // of the first call that failed
};

// Feeds the body in parts of `part` bytes.
inline CollectedBody decode(BodyDecoder& body, CollectedBody& sink, std::string_view text,
                            std::size_t part) {
  for (std::size_t at = 0; at < text.size() && sink.status.ok(); at += part) {
    // A copy, so that reading beyond the part is seen by the address sanitizer.
    std::string bytes(text.substr(at, part));
    sink.status = body.feed(bytes);
  }
  if (sink.status.ok()) sink.status = body.finish();
  return sink;
}

inline CollectedBody decode_list(Resource resource, std::string_view text,
                                 std::size_t part = 1 << 20, Splitter::Limits limits = {}) {
  JsonDecoder decoder(resource, limits);
  CollectedBody sink;
  return decode(*decoder.list(sink), sink, text, part);
}

inline CollectedBody decode_watch(Resource resource, std::string_view text,
                                  std::size_t part = 1 << 20, Splitter::Limits limits = {}) {
  JsonDecoder decoder(resource, limits);
  CollectedBody sink;
  return decode(*decoder.watch(sink), sink, text, part);
}

// The one object of a list with this item.
inline DecodedObject decode_item(Resource resource, std::string_view item) {
  CollectedBody body = decode_list(resource, "{\"items\":[" + std::string(item) + "]}");
  return body.items.size() == 1 ? body.items.front() : DecodedObject{{}, {}, Synced{}};
}

// The object in the news; null where it is something else.
template <typename T>
std::shared_ptr<const T> object_of(const DecodedObject& decoded) {
  const auto* object = std::get_if<std::shared_ptr<const T>>(&decoded.news);
  return object ? *object : nullptr;
}

// Why it was rejected; "" where it was not.
inline std::string rejection(const DecodedObject& decoded) {
  const auto* rejected = std::get_if<Rejected>(&decoded.news);
  return rejected ? rejected->reason : "";
}

}  // namespace watchers

#endif  // IPVS_AGENT_TESTS_UNIT_WATCHERS_DECODING_H_
