#ifndef IPVS_AGENT_WATCHERS_ENDPOINTS_READER_H_
#define IPVS_AGENT_WATCHERS_ENDPOINTS_READER_H_

#include "watchers/endpoint_pool.h"
#include "watchers/object_reader.h"

namespace watchers {

// Reads v1 Endpoints, for clusters without discovery.k8s.io/v1, as EndpointSlices of one group a
// subset. They carry the name of their Service and belong to it.
class EndpointsReader final : public ObjectReader {
 public:
  EndpointsReader();

 private:
  void clear() override;
  ObjectNews build() override;
  void on_string(Field field, std::string_view value) override;
  void on_integer(Field field, std::int64_t value) override;
  void on_member(Field field, std::string_view name, std::string_view value) override;
  void on_begin_array(Field field) override;
  void on_begin_object(Field field) override;
  void on_end_object(Field field) override;

  void end_address(bool ready);
  void end_port();

  EndpointPool pool_;
  EndpointSlice draft_;
  EndpointGroup group_;
  Endpoint endpoint_;
  bool address_given_ = false;
  bool address_usable_ = false;
  EndpointPort port_;
  bool port_usable_ = false;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_ENDPOINTS_READER_H_
