#include "watchers/endpoint_slice_reader.h"

#include <algorithm>

#include "watchers/quote.h"

namespace watchers {
namespace {

enum EndpointSliceField : Field {
  kAddressType = kFirstSliceField,
  kEndpoints,
  kAddresses,
  kConditions,
  kReady,
  kServing,
  kTerminating,
  kHints,
  kForZones,
  kForZoneName,
  kForNodes,
  kForNodeName,
};

const FieldTable& fields() {
  using enum FieldShape;
  static const FieldTable kTable{kMetaSteps,
                                 kPortSteps,
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
                                 }};
  return kTable;
}

}  // namespace

EndpointSliceReader::EndpointSliceReader()
    : SliceReader(fields(), "EndpointSlice", /*namespaced=*/true) {}

void EndpointSliceReader::clear() {
  SliceReader::clear();
  address_type_.clear();
}

void EndpointSliceReader::on_string(Field field, std::string_view value) {
  switch (field) {
    case kAddressType: address_type_ = value; break;
    case kAddresses:
      // The API allows more, but consumers must not use them.
      if (++addresses_ > 1 || address_type_ == "FQDN") break;
      read_endpoint_address(value);
      break;
    case kForZoneName: place_.hints.zones.emplace_back(value); break;
    case kForNodeName: place_.hints.nodes.emplace_back(value); break;
    default: SliceReader::on_string(field, value); break;
  }
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
  SliceReader::on_member(field, name, value);
}

void EndpointSliceReader::on_begin_array(Field field) {
  switch (field) {
    case kEndpoints: group_.endpoints.clear(); break;
    case kPorts: group_.ports.clear(); break;
    case kAddresses:
      addresses_ = 0;
      forget_endpoint_address();
      break;
    case kForZones: place_.hints.zones.clear(); break;
    case kForNodes: place_.hints.nodes.clear(); break;
    default: break;
  }
}

void EndpointSliceReader::on_begin_object(Field field) {
  SliceReader::on_begin_object(field);
  if (field != kEndpoints) return;
  begin_endpoint();
  addresses_ = 0;
}

void EndpointSliceReader::on_end_object(Field field) {
  SliceReader::on_end_object(field);
  if (field != kEndpoints) return;
  if (addresses_ == 0) problem("no address", "at least one in addresses");
  end_endpoint();
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
  end_group();
  return finish();
}

}  // namespace watchers
