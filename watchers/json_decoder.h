#ifndef IPVS_AGENT_WATCHERS_JSON_DECODER_H_
#define IPVS_AGENT_WATCHERS_JSON_DECODER_H_

#include <memory>

#include "watchers/object_decoder.h"
#include "watchers/object_reader.h"
#include "watchers/resource.h"
#include "watchers/splitter.h"

namespace watchers {

// Decodes JSON bodies straight into our values: a Splitter cuts the body into objects, an
// ObjectReader reads each one. Never more than one object is in memory beside the values.
class JsonDecoder final : public ObjectDecoder {
 public:
  explicit JsonDecoder(Resource resource, Splitter::Limits limits = {});

  std::string_view media_type() const override { return "application/json"; }
  std::unique_ptr<BodyDecoder> list(DecodedSink& sink) override;
  std::unique_ptr<BodyDecoder> watch(DecodedSink& sink) override;

 private:
  std::unique_ptr<ObjectReader> reader_;
  Splitter::Limits limits_;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_JSON_DECODER_H_
