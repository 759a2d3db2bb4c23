#ifndef IPVS_AGENT_WATCHERS_SLICE_READER_H_
#define IPVS_AGENT_WATCHERS_SLICE_READER_H_

#include "watchers/endpoint_pool.h"
#include "watchers/object_reader.h"

namespace watchers {

// Fields that EndpointSlices and Endpoints share, wherever they stand in the object; those of a
// reader's own start at kFirstSliceField.
enum SliceField : Field {
  kNodeName = kFirstOwnField,
  kPorts,
  kPortName,
  kPortNumber,
  kPortProtocol,
  kFirstSliceField,
};

// The steps below kPorts.
extern const std::initializer_list<FieldStep> kPortSteps;

// Reads what EndpointSlices and Endpoints have in common: ports, the address and node of an
// endpoint, and when the endpoints last changed.
//
// Threading: one owner.
class SliceReader : public ObjectReader {
 protected:
  using ObjectReader::ObjectReader;

  void clear() override;
  // To be called by those of a subclass for fields that are not its own.
  void on_string(Field field, std::string_view value) override;
  void on_integer(Field field, std::int64_t value) override;
  void on_member(Field field, std::string_view name, std::string_view value) override;
  void on_begin_object(Field field) override;
  void on_end_object(Field field) override;

  void begin_endpoint();
  void read_endpoint_address(std::string_view text);
  // The addresses come again: those before do not count.
  void forget_endpoint_address() { address_usable_ = false; }
  // The endpoint of the fields read since begin_endpoint(), unless its address cannot be used.
  void end_endpoint();
  // Closes the group that ports and endpoints were put into.
  void end_group();
  // The slice with its metadata; draft_ is spent.
  ObjectNews finish();

  EndpointPool pool_;
  EndpointSlice draft_;
  EndpointGroup group_;
  Endpoint endpoint_;
  EndpointPlace place_;  // of endpoint_; kept for its memory

 private:
  void end_port();

  bool address_usable_ = false;
  EndpointPort port_;
  bool port_usable_ = false;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_SLICE_READER_H_
