#include "watchers/endpoints_reader.h"

#include <memory>
#include <utility>

#include "watchers/api_time.h"

namespace watchers {
namespace {

enum EndpointsField : Field {
  kSubsets = kFirstOwnField,
  kReadyAddresses,
  kNotReadyAddresses,
  kIp,
  kNodeName,
  kPorts,
  kPortName,
  kPortNumber,
  kPortProtocol,
};

const FieldTable& fields() {
  using enum FieldShape;
  static const FieldTable kTable{kMetaSteps,
                                 {
                                     {kRootField, "subsets", kSubsets, kObjects},
                                     {kSubsets, "addresses", kReadyAddresses, kObjects},
                                     {kReadyAddresses, "ip", kIp, kString},
                                     {kReadyAddresses, "nodeName", kNodeName, kString},
                                     {kSubsets, "notReadyAddresses", kNotReadyAddresses, kObjects},
                                     {kNotReadyAddresses, "ip", kIp, kString},
                                     {kNotReadyAddresses, "nodeName", kNodeName, kString},
                                     {kSubsets, "ports", kPorts, kObjects},
                                     {kPorts, "name", kPortName, kString},
                                     {kPorts, "port", kPortNumber, kInteger},
                                     {kPorts, "protocol", kPortProtocol, kString},
                                 }};
  return kTable;
}

}  // namespace

EndpointsReader::EndpointsReader() : ObjectReader(fields(), "Endpoints", /*namespaced=*/true) {}

void EndpointsReader::clear() { draft_ = {}; }

void EndpointsReader::on_string(Field field, std::string_view value) {
  switch (field) {
    case kIp:
      address_given_ = true;
      if (auto address = read_unicast(value, /*link_local=*/false)) {
        endpoint_.address = *address;
        address_usable_ = true;
      }
      break;
    case kNodeName: endpoint_.node = value.empty() ? nullptr : pool_.node(value); break;
    case kPortName: port_.name = value; break;
    case kPortProtocol:
      if (auto protocol = read_protocol(value)) {
        port_.protocol = *protocol;
      } else {
        port_usable_ = false;
      }
      break;
    default: ObjectReader::on_string(field, value); break;
  }
}

void EndpointsReader::on_integer(Field field, std::int64_t value) {
  if (field == kPortNumber) port_.port = read_port(value, 1).value_or(0);
}

void EndpointsReader::on_member(Field field, std::string_view name, std::string_view value) {
  if (field == kAnnotations && name == "endpoints.kubernetes.io/last-change-trigger-time") {
    draft_.trigger_time = parse_api_time(value);
  }
  ObjectReader::on_member(field, name, value);
}

void EndpointsReader::on_begin_array(Field field) {
  if (field == kSubsets) draft_.groups.clear();
}

void EndpointsReader::on_begin_object(Field field) {
  switch (field) {
    case kSubsets: group_ = {}; break;
    case kReadyAddresses:
    case kNotReadyAddresses:
      endpoint_ = {};
      address_given_ = false;
      address_usable_ = false;
      break;
    case kPorts:
      port_ = {};
      port_usable_ = true;
      break;
    default: break;
  }
}

void EndpointsReader::on_end_object(Field field) {
  switch (field) {
    case kSubsets:
      group_.endpoints.shrink_to_fit();
      draft_.groups.push_back(std::move(group_));
      break;
    case kReadyAddresses: end_address(/*ready=*/true); break;
    case kNotReadyAddresses: end_address(/*ready=*/false); break;
    case kPorts: end_port(); break;
    default: break;
  }
}

void EndpointsReader::end_address(bool ready) {
  if (!address_given_) problem("no address", "ip");
  if (!address_usable_) return;
  endpoint_.ready = ready;
  endpoint_.serving = ready;
  group_.endpoints.push_back(std::move(endpoint_));
}

void EndpointsReader::end_port() {
  if (!port_usable_) return;
  if (port_.port == 0) {
    problem("no usable port number", "port 1-65535");
    return;
  }
  group_.ports.push_back(std::move(port_));
}

ObjectNews EndpointsReader::build() {
  draft_.key = object_key();
  draft_.service = object_key().name;
  draft_.resource_version = resource_version();
  draft_.problems = std::move(problems());
  return std::make_shared<const EndpointSlice>(std::move(draft_));
}

}  // namespace watchers
