#ifndef IPVS_AGENT_WATCHERS_ENDPOINT_SLICE_READER_H_
#define IPVS_AGENT_WATCHERS_ENDPOINT_SLICE_READER_H_

#include <optional>
#include <string>

#include "watchers/endpoint_pool.h"
#include "watchers/object_reader.h"

namespace watchers {

// Reads discovery.k8s.io/v1 EndpointSlices.
class EndpointSliceReader final : public ObjectReader {
 public:
  EndpointSliceReader();

 private:
  void clear() override;
  ObjectNews build() override;
  void on_string(Field field, std::string_view value) override;
  void on_integer(Field field, std::int64_t value) override;
  void on_boolean(Field field, bool value) override;
  void on_member(Field field, std::string_view name, std::string_view value) override;
  void on_begin_array(Field field) override;
  void on_begin_object(Field field) override;
  void on_end_object(Field field) override;

  void end_endpoint();
  void end_port();
  // Leaves only endpoints of the slice's address type, which can stand behind them.
  void keep_address_type();

  EndpointPool pool_;
  EndpointSlice draft_;
  EndpointGroup group_;
  std::string address_type_;
  Endpoint endpoint_;
  EndpointHints hints_;
  int addresses_ = 0;  // seen in this endpoint
  bool address_usable_ = false;
  EndpointPort port_;
  bool port_usable_ = false;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_ENDPOINT_SLICE_READER_H_
