#ifndef IPVS_AGENT_WATCHERS_ENDPOINTS_READER_H_
#define IPVS_AGENT_WATCHERS_ENDPOINTS_READER_H_

#include "watchers/slice_reader.h"

namespace watchers {

// Reads v1 Endpoints, for clusters without discovery.k8s.io/v1, as EndpointSlices of one group a
// subset. They carry the name of their Service and belong to it.
class EndpointsReader final : public SliceReader {
 public:
  EndpointsReader();

 private:
  ObjectNews build() override;
  void on_string(Field field, std::string_view value) override;
  void on_begin_array(Field field) override;
  void on_begin_object(Field field) override;
  void on_end_object(Field field) override;

  void end_address(bool ready);

  bool address_given_ = false;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_ENDPOINTS_READER_H_
