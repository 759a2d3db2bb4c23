#ifndef IPVS_AGENT_WATCHERS_ENDPOINT_SLICE_READER_H_
#define IPVS_AGENT_WATCHERS_ENDPOINT_SLICE_READER_H_

#include <string>

#include "watchers/slice_reader.h"

namespace watchers {

// Reads discovery.k8s.io/v1 EndpointSlices.
class EndpointSliceReader final : public SliceReader {
 public:
  EndpointSliceReader();

 private:
  void clear() override;
  ObjectNews build() override;
  void on_string(Field field, std::string_view value) override;
  void on_boolean(Field field, bool value) override;
  void on_member(Field field, std::string_view name, std::string_view value) override;
  void on_begin_array(Field field) override;
  void on_begin_object(Field field) override;
  void on_end_object(Field field) override;

  // Leaves only endpoints of the slice's address type, which can stand behind them.
  void keep_address_type();

  std::string address_type_;
  int addresses_ = 0;  // seen in this endpoint
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_ENDPOINT_SLICE_READER_H_
