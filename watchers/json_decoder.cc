#include "watchers/json_decoder.h"

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

#include "watchers/endpoint_slice_reader.h"
#include "watchers/endpoints_reader.h"
#include "watchers/node_reader.h"
#include "watchers/service_reader.h"
#include "watchers/status_reader.h"

namespace watchers {
namespace {

std::unique_ptr<ObjectReader> make_reader(Resource resource) {
  switch (resource) {
    case Resource::kServices: return std::make_unique<ServiceReader>();
    case Resource::kEndpointSlices: return std::make_unique<EndpointSliceReader>();
    case Resource::kEndpoints: return std::make_unique<EndpointsReader>();
    case Resource::kNodes: return std::make_unique<NodeReader>();
  }
  return nullptr;
}

// An object whose name cannot be read is told by where it stood.
DecodedObject placed(DecodedObject object, const char* before, std::size_t number,
                     const char* behind) {
  auto* rejected = std::get_if<Rejected>(&object.news);
  if (rejected != nullptr && object.key.name.empty()) {
    rejected->reason = before + std::to_string(number) + behind + ": " + rejected->reason;
  }
  return object;
}

class JsonListDecoder final : public BodyDecoder {
 public:
  JsonListDecoder(ObjectReader& reader, const Splitter::Limits& limits, DecodedSink& sink)
      : splitter_(Splitter::Shape::kList, limits, [&reader, &sink, this](const auto& piece) {
          if (!piece.is_envelope) {
            sink.on_item(placed(reader.read_object(piece.bytes, piece.defect), "item ", ++items_,
                                " of the list"));
            return;
          }
          base::Result<ListEnvelope> envelope = read_envelope(piece.bytes);
          if (envelope.ok() && piece.defect.empty()) {
            sink.on_envelope(*std::move(envelope));
          } else {
            envelope_failure_ = envelope.ok()
                                    ? base::Status(base::Code::kCorrupt, std::string(piece.defect))
                                    : envelope.status();
          }
        }) {}

  base::Status feed(std::string_view bytes) override {
    base::Status status = splitter_.feed(bytes);
    return envelope_failure_.ok() ? status : envelope_failure_;
  }
  base::Status finish() override { return splitter_.finish(); }

 private:
  std::size_t items_ = 0;
  base::Status envelope_failure_;
  Splitter splitter_;
};

class JsonWatchDecoder final : public BodyDecoder {
 public:
  JsonWatchDecoder(ObjectReader& reader, const Splitter::Limits& limits, DecodedSink& sink)
      : splitter_(Splitter::Shape::kStream, limits, [&reader, &sink, this](const auto& piece) {
          WatchEvent event = reader.read_event(piece.bytes, piece.defect);
          event.object = placed(std::move(event.object), "event ", ++events_, " of the watch");
          sink.on_event(std::move(event));
        }) {}

  base::Status feed(std::string_view bytes) override { return splitter_.feed(bytes); }
  base::Status finish() override { return splitter_.finish(); }

 private:
  std::size_t events_ = 0;
  Splitter splitter_;
};

}  // namespace

JsonDecoder::JsonDecoder(Resource resource, Splitter::Limits limits)
    : reader_(make_reader(resource)), limits_(limits) {}

std::unique_ptr<BodyDecoder> JsonDecoder::list(DecodedSink& sink) {
  return std::make_unique<JsonListDecoder>(*reader_, limits_, sink);
}

std::unique_ptr<BodyDecoder> JsonDecoder::watch(DecodedSink& sink) {
  return std::make_unique<JsonWatchDecoder>(*reader_, limits_, sink);
}

}  // namespace watchers
