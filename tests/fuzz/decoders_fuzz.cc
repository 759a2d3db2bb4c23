// Any bytes as the body of an answer: every resource, as list and as watch, whole and in parts. The
// first byte chooses; the rest is the body.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "watchers/json_decoder.h"
#include "watchers/status_reader.h"

namespace {

// Small enough that the limits are met, too.
constexpr watchers::Splitter::Limits kLimits{.object_bytes = 4096, .depth = 64};

// Writes down what a decoder gives, so that two runs can be compared.
struct Transcript final : watchers::DecodedSink {
  void on_item(watchers::DecodedObject item) override { write("item", item); }
  void on_envelope(watchers::ListEnvelope envelope) override {
    text += "list " + envelope.kind + '@' + envelope.resource_version + '\n';
  }
  void on_event(watchers::WatchEvent event) override {
    // An error event carries a Status in the place of an object.
    if (event.type != watchers::WatchEvent::Type::kError) write(event.type_text, event.object);
    text += std::to_string(event.status.code) + '\n';
  }
  void write(std::string_view what, const watchers::DecodedObject& object) {
    text.append(what).append(" ").append(watchers::to_string(object.key));
    text.append("@").append(object.resource_version).append(" ");
    text += std::to_string(object.news.index());
    if (const auto* rejected = std::get_if<watchers::Rejected>(&object.news)) {
      if (rejected->reason.empty()) std::abort();
      text += rejected->reason;
    } else if (object.key.name.empty() && object.news.index() < 3) {
      std::abort();  // an object without a name must never come out
    }
    text += '\n';
  }

  std::string text;
};

std::string decode(watchers::Resource resource, bool list, std::string_view body,
                   std::size_t part) {
  watchers::JsonDecoder decoder(resource, kLimits);
  Transcript sink;
  auto reader = list ? decoder.list(sink) : decoder.watch(sink);
  while (!body.empty()) {
    // A copy of its own, so that a sanitizer sees reads beyond it.
    std::string bytes(body.substr(0, part));
    if (!reader->feed(bytes).ok()) return sink.text + "corrupt";
    body.remove_prefix(bytes.size());
  }
  return sink.text + (reader->finish().ok() ? "end" : "corrupt");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto resource = static_cast<watchers::Resource>(data[0] & 3U);
  bool list = (data[0] & 4U) != 0;
  std::size_t part = 1 + (data[0] >> 3U);
  std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  // How the body is cut must not matter.
  if (decode(resource, list, body, part) != decode(resource, list, body, size)) std::abort();
  (void)watchers::read_envelope(body);
  (void)watchers::read_error_event(body);
  return 0;
}
