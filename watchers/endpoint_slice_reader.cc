#include "watchers/endpoint_slice_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "watchers/api_time.h"
#include "watchers/quote.h"

namespace watchers {
namespace {

enum SliceField : Field {
  kAddressType = kFirstOwnField,
  kEndpoints,
  kAddresses,
  kConditions,
  kReady,
  kServing,
  kTerminating,
  kNodeName,
  kHints,
  kForZones,
  kForZoneName,
  kForNodes,
  kForNodeName,
  kPorts,
  kPortName,
  kPortNumber,
  kPortProtocol,
};

const FieldTable& fields() {
  using enum FieldShape;
  static const FieldTable kTable{kMetaSteps,
                                 {
                                     {kRootField, "addressType", kAddressType, kString},
                                     {kRootField, "endpoints", kEndpoints, kObjects},
                                     {kEndpoints, "addresses", kAddresses, kStrings},
                                     {kEndpoints, "conditions", kConditions, kObject},
                                     {kConditions, "ready", kReady, kBoolean},
                                     {kConditions, "serving", kServing, kBoolean},
                                     {kConditions, "terminating", kTerminating, kBoolean},
                                     {kEndpoints, "nodeName", kNodeName, kString},
                                     {kEndpoints, "hints", kHints, kObject},
                                     {kHints, "forZones", kForZones, kObjects},
                                     {kForZones, "name", kForZoneName, kString},
                                     {kHints, "forNodes", kForNodes, kObjects},
                                     {kForNodes, "name", kForNodeName, kString},
                                     {kRootField, "ports", kPorts, kObjects},
                                     {kPorts, "name", kPortName, kString},
                                     {kPorts, "port", kPortNumber, kInteger},
                                     {kPorts, "protocol", kPortProtocol, kString},
                                 }};
  return kTable;
}

}  // namespace

EndpointSliceReader::EndpointSliceReader()
    : ObjectReader(fields(), "EndpointSlice", /*namespaced=*/true) {}

void EndpointSliceReader::clear() {
  draft_ = {};
  group_ = {};
  address_type_.clear();
}

void EndpointSliceReader::on_string(Field field, std::string_view value) {
  switch (field) {
    case kAddressType: address_type_ = value; break;
    case kAddresses:
      // The API allows more, but consumers must not use them.
      if (++addresses_ > 1 || address_type_ == "FQDN") break;
      if (auto address = read_unicast(value, /*link_local=*/false)) {
        endpoint_.address = *address;
        address_usable_ = true;
      }
      break;
    case kNodeName: endpoint_.node = value.empty() ? nullptr : pool_.node(value); break;
    case kForZoneName: hints_.zones.emplace_back(value); break;
    case kForNodeName: hints_.nodes.emplace_back(value); break;
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

void EndpointSliceReader::on_integer(Field field, std::int64_t value) {
  if (field == kPortNumber) port_.port = read_port(value, 1).value_or(0);
}

void EndpointSliceReader::on_boolean(Field field, bool value) {
  switch (field) {
    case kReady: endpoint_.ready = value; break;
    case kServing: endpoint_.serving = value; break;
    case kTerminating: endpoint_.terminating = value; break;
    default: break;
  }
}

void EndpointSliceReader::on_member(Field field, std::string_view name, std::string_view value) {
  if (field == kLabels && name == "kubernetes.io/service-name") draft_.service = value;
  if (field == kAnnotations && name == "endpoints.kubernetes.io/last-change-trigger-time") {
    draft_.trigger_time = parse_api_time(value);
    if (!draft_.trigger_time) problem(quote(value), "a time such as 2026-07-01T12:00:00Z");
  }
  ObjectReader::on_member(field, name, value);
}

void EndpointSliceReader::on_begin_array(Field field) {
  switch (field) {
    case kEndpoints: group_.endpoints.clear(); break;
    case kPorts: group_.ports.clear(); break;
    case kAddresses:
      addresses_ = 0;
      address_usable_ = false;
      break;
    case kForZones: hints_.zones.clear(); break;
    case kForNodes: hints_.nodes.clear(); break;
    default: break;
  }
}

void EndpointSliceReader::on_begin_object(Field field) {
  if (field == kEndpoints) {
    endpoint_ = {};
    hints_.zones.clear();
    hints_.nodes.clear();
    addresses_ = 0;
    address_usable_ = false;
  } else if (field == kPorts) {
    port_ = {};
    port_usable_ = true;
  }
}

void EndpointSliceReader::on_end_object(Field field) {
  if (field == kEndpoints) end_endpoint();
  if (field == kPorts) end_port();
}

void EndpointSliceReader::end_endpoint() {
  if (addresses_ == 0) problem("no address", "at least one in addresses");
  if (!address_usable_) return;
  endpoint_.hints = pool_.hints(hints_);
  group_.endpoints.push_back(std::move(endpoint_));
}

void EndpointSliceReader::end_port() {
  if (!port_usable_) return;
  if (port_.port == 0) {
    problem("no usable port number", "port 1-65535");
    return;
  }
  group_.ports.push_back(std::move(port_));
}

void EndpointSliceReader::keep_address_type() {
  if (address_type_ == "FQDN") {
    group_.endpoints.clear();
    return;
  }
  if (address_type_ != "IPv4" && address_type_ != "IPv6") {
    problem("addressType: found " + quote(address_type_) + ", allowed: IPv4, IPv6, FQDN");
    return;
  }
  for (const Endpoint& endpoint : group_.endpoints) {
    if (base::to_string(endpoint.address.family()) == address_type_) continue;
    problem("endpoints: found address " + quote(endpoint.address.to_string()) +
            ", allowed: addresses of addressType " + address_type_);
  }
  std::erase_if(group_.endpoints, [&](const Endpoint& endpoint) {
    return base::to_string(endpoint.address.family()) != address_type_;
  });
}

ObjectNews EndpointSliceReader::build() {
  keep_address_type();
  if (draft_.service.empty()) {
    problem("metadata.labels: found no kubernetes.io/service-name, allowed: the Service's name");
  }
  group_.endpoints.shrink_to_fit();
  group_.ports.shrink_to_fit();
  draft_.groups.push_back(std::move(group_));
  draft_.key = object_key();
  draft_.resource_version = resource_version();
  draft_.problems = std::move(problems());
  return std::make_shared<const EndpointSlice>(std::move(draft_));
}

}  // namespace watchers
