#include "watchers/node_reader.h"

#include <memory>
#include <utility>

#include "watchers/legacy_address.h"
#include "watchers/quote.h"

namespace watchers {
namespace {

enum NodeField : Field {
  kSpec = kFirstOwnField,
  kPodCidr,
  kPodCidrs,
  kTaints,
  kTaintKey,
  kStatus,
  kAddresses,
  kAddressType,
  kAddress,
};

constexpr std::string_view kAutoscalerTaint = "ToBeDeletedByClusterAutoscaler";

const FieldTable& fields() {
  using enum FieldShape;
  static const FieldTable kTable{kMetaSteps,
                                 {
                                     {kRootField, "spec", kSpec, kObject},
                                     {kSpec, "podCIDR", kPodCidr, kString},
                                     {kSpec, "podCIDRs", kPodCidrs, kStrings},
                                     {kSpec, "taints", kTaints, kObjects},
                                     {kTaints, "key", kTaintKey, kString},
                                     {kRootField, "status", kStatus, kObject},
                                     {kStatus, "addresses", kAddresses, kObjects},
                                     {kAddresses, "type", kAddressType, kString},
                                     {kAddresses, "address", kAddress, kString},
                                 }};
  return kTable;
}

}  // namespace

NodeReader::NodeReader() : ObjectReader(fields(), "Node", /*namespaced=*/false) {}

void NodeReader::clear() {
  draft_ = {};
  pod_cidr_.clear();
}

void NodeReader::on_string(Field field, std::string_view value) {
  switch (field) {
    case kPodCidr: pod_cidr_ = value; break;
    case kPodCidrs: read_pod_cidr(value); break;
    case kTaintKey:
      if (value == kAutoscalerTaint) draft_.autoscaler_deletes = true;
      break;
    case kAddressType: address_type_ = value; break;
    case kAddress: address_ = value; break;
    default: ObjectReader::on_string(field, value); break;
  }
}

void NodeReader::on_member(Field field, std::string_view name, std::string_view value) {
  if (field == kLabels && name == "topology.kubernetes.io/zone") draft_.zone = value;
  ObjectReader::on_member(field, name, value);
}

void NodeReader::on_begin_array(Field field) {
  switch (field) {
    case kPodCidrs: draft_.pod_cidrs.clear(); break;
    case kTaints: draft_.autoscaler_deletes = false; break;
    case kAddresses:
      draft_.internal_ips.clear();
      draft_.external_ips.clear();
      break;
    default: break;
  }
}

void NodeReader::on_begin_object(Field field) {
  if (field != kAddresses) return;
  address_type_.clear();
  address_.clear();
}

void NodeReader::on_end_object(Field field) {
  if (field != kAddresses) return;
  bool internal = address_type_ == "InternalIP";
  if (!internal && address_type_ != "ExternalIP") return;
  if (auto address = read_address(address_)) {
    (internal ? draft_.internal_ips : draft_.external_ips).push_back(*address);
  }
}

void NodeReader::read_pod_cidr(std::string_view text) {
  if (auto cidr = parse_legacy_prefix(text); cidr.ok()) {
    draft_.pod_cidrs.push_back(cidr->masked());
  } else {
    problem("spec.podCIDRs: found " + quote(text) + ", allowed: ADDRESS/LENGTH");
  }
}

ObjectNews NodeReader::build() {
  // Servers from before dual stack give only this one.
  if (draft_.pod_cidrs.empty() && !pod_cidr_.empty()) read_pod_cidr(pod_cidr_);
  draft_.key = object_key();
  draft_.resource_version = resource_version();
  draft_.being_deleted = being_deleted();
  draft_.problems = std::move(problems());
  return std::make_shared<const Node>(std::move(draft_));
}

}  // namespace watchers
