#include "watchers/endpoints_reader.h"

namespace watchers {
namespace {

enum EndpointsField : Field {
  kSubsets = kFirstSliceField,
  kReadyAddresses,
  kNotReadyAddresses,
  kIp,
};

const FieldTable& fields() {
  using enum FieldShape;
  static const FieldTable kTable{kMetaSteps,
                                 kPortSteps,
                                 {
                                     {kRootField, "subsets", kSubsets, kObjects},
                                     {kSubsets, "addresses", kReadyAddresses, kObjects},
                                     {kReadyAddresses, "ip", kIp, kString},
                                     {kReadyAddresses, "nodeName", kNodeName, kString},
                                     {kSubsets, "notReadyAddresses", kNotReadyAddresses, kObjects},
                                     {kNotReadyAddresses, "ip", kIp, kString},
                                     {kNotReadyAddresses, "nodeName", kNodeName, kString},
                                     {kSubsets, "ports", kPorts, kObjects},
                                 }};
  return kTable;
}

}  // namespace

EndpointsReader::EndpointsReader() : SliceReader(fields(), "Endpoints", /*namespaced=*/true) {}

void EndpointsReader::on_string(Field field, std::string_view value) {
  if (field == kIp) {
    address_given_ = true;
    read_endpoint_address(value);
  } else {
    SliceReader::on_string(field, value);
  }
}

void EndpointsReader::on_begin_array(Field field) {
  if (field == kSubsets) draft_.groups.clear();
}

void EndpointsReader::on_begin_object(Field field) {
  switch (field) {
    case kSubsets: group_ = {}; break;
    case kReadyAddresses:
    case kNotReadyAddresses:
      begin_endpoint();
      address_given_ = false;
      break;
    default: SliceReader::on_begin_object(field); break;
  }
}

void EndpointsReader::on_end_object(Field field) {
  switch (field) {
    case kSubsets: end_group(); break;
    case kReadyAddresses: end_address(/*ready=*/true); break;
    case kNotReadyAddresses: end_address(/*ready=*/false); break;
    default: SliceReader::on_end_object(field); break;
  }
}

void EndpointsReader::end_address(bool ready) {
  if (!address_given_) problem("no address", "ip");
  endpoint_.ready = ready;
  endpoint_.serving = ready;
  end_endpoint();
}

ObjectNews EndpointsReader::build() {
  draft_.service = object_key().name;
  return finish();
}

}  // namespace watchers
