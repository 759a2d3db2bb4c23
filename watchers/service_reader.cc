#include "watchers/service_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "watchers/legacy_address.h"
#include "watchers/quote.h"

namespace watchers {
namespace {

enum ServiceField : Field {
  kSpec = kFirstOwnField,
  kType,
  kClusterIp,
  kClusterIps,
  kIpFamilies,
  kExternalIps,
  kSourceRanges,
  kInternalPolicy,
  kExternalPolicy,
  kHealthCheckNodePort,
  kAffinity,
  kAffinityConfig,
  kAffinityClientIp,
  kAffinityTimeout,
  kPorts,
  kPortName,
  kPortProtocol,
  kPortNumber,
  kPortNodePort,
  kStatus,
  kLoadBalancer,
  kIngress,
  kIngressIp,
  kIngressMode,
};

constexpr std::string_view kOwnAnnotations = "ipvs-agent.io/";
constexpr std::uint32_t kDefaultAffinityTimeout = 10800;  // as the API defaults it
constexpr std::uint32_t kMaxAffinityTimeout = 86400;

const FieldTable& fields() {
  using enum FieldShape;
  static const FieldTable kTable{
      kMetaSteps,
      {
          {kRootField, "spec", kSpec, kObject},
          {kSpec, "type", kType, kString},
          {kSpec, "clusterIP", kClusterIp, kString},
          {kSpec, "clusterIPs", kClusterIps, kStrings},
          {kSpec, "ipFamilies", kIpFamilies, kStrings},
          {kSpec, "ports", kPorts, kObjects},
          {kPorts, "name", kPortName, kString},
          {kPorts, "protocol", kPortProtocol, kString},
          {kPorts, "port", kPortNumber, kInteger},
          {kPorts, "nodePort", kPortNodePort, kInteger},
          {kSpec, "externalIPs", kExternalIps, kStrings},
          {kSpec, "loadBalancerSourceRanges", kSourceRanges, kStrings},
          {kSpec, "internalTrafficPolicy", kInternalPolicy, kString},
          {kSpec, "externalTrafficPolicy", kExternalPolicy, kString},
          {kSpec, "healthCheckNodePort", kHealthCheckNodePort, kInteger},
          {kSpec, "sessionAffinity", kAffinity, kString},
          {kSpec, "sessionAffinityConfig", kAffinityConfig, kObject},
          {kAffinityConfig, "clientIP", kAffinityClientIp, kObject},
          {kAffinityClientIp, "timeoutSeconds", kAffinityTimeout, kInteger},
          {kRootField, "status", kStatus, kObject},
          {kStatus, "loadBalancer", kLoadBalancer, kObject},
          {kLoadBalancer, "ingress", kIngress, kObjects},
          {kIngress, "ip", kIngressIp, kString},
          {kIngress, "ipMode", kIngressMode, kString},
      }};
  return kTable;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

ServiceReader::ServiceReader() : ObjectReader(fields(), "Service", /*namespaced=*/true) {}

void ServiceReader::clear() {
  draft_ = {};
  labels_.clear();
  cluster_ip_fields_ = {};
  client_ip_affinity_ = false;
  affinity_timeout_s_ = kDefaultAffinityTimeout;
  health_check_node_port_ = 0;
  ports_given_ = false;
}

void ServiceReader::on_string(Field field, std::string_view value) {
  switch (field) {
    case kType: read_type(value); break;
    case kClusterIp: cluster_ip_fields_.cluster_ip = value; break;
    case kClusterIps: cluster_ip_fields_.cluster_ips.emplace_back(value); break;
    case kIpFamilies: cluster_ip_fields_.ip_families.emplace_back(value); break;
    case kExternalIps:
      if (auto address = read_unicast(value, /*link_local=*/false)) {
        draft_.external_ips.push_back(*address);
      }
      break;
    case kSourceRanges: read_source_range(value); break;
    case kInternalPolicy: draft_.internal_policy = read_policy(value); break;
    case kExternalPolicy: draft_.external_policy = read_policy(value); break;
    case kAffinity:
      client_ip_affinity_ = value == "ClientIP";
      if (!client_ip_affinity_ && value != "None") problem(quote(value), "None, ClientIP");
      break;
    case kPortName: port_.name = value; break;
    case kPortProtocol:
      if (auto protocol = read_protocol(value)) {
        port_.protocol = *protocol;
      } else {
        port_usable_ = false;
      }
      break;
    case kIngressIp: ingress_ip_ = value; break;
    case kIngressMode: ingress_mode_ = value; break;
    default: ObjectReader::on_string(field, value); break;
  }
}

void ServiceReader::on_integer(Field field, std::int64_t value) {
  switch (field) {
    case kPortNumber: port_.port = read_port(value, 1).value_or(0); break;
    case kPortNodePort: port_.node_port = read_port(value, 0).value_or(0); break;
    case kHealthCheckNodePort: health_check_node_port_ = read_port(value, 0).value_or(0); break;
    case kAffinityTimeout:
      if (value >= 1 && value <= kMaxAffinityTimeout) {
        affinity_timeout_s_ = static_cast<std::uint32_t>(value);
      } else {
        problem(std::to_string(value), "1-86400");
      }
      break;
    default: break;
  }
}

void ServiceReader::on_member(Field field, std::string_view name, std::string_view value) {
  if (field == kLabels) {
    labels_.emplace_back(name, value);
    // Any value hides the Service, an empty one as well. The label that marks the slices of
    // headless Services says nothing on a Service.
    if (name == "service.kubernetes.io/service-proxy-name") draft_.served_elsewhere = true;
  } else if (field == kAnnotations && name.starts_with(kOwnAnnotations)) {
    draft_.annotations.emplace_back(name.substr(kOwnAnnotations.size()), value);
  }
  ObjectReader::on_member(field, name, value);
}

void ServiceReader::on_begin_array(Field field) {
  // A member that comes twice counts as it came last.
  switch (field) {
    case kClusterIps: cluster_ip_fields_.cluster_ips.clear(); break;
    case kIpFamilies: cluster_ip_fields_.ip_families.clear(); break;
    case kExternalIps: draft_.external_ips.clear(); break;
    case kSourceRanges:
      draft_.source_ranges.clear();
      draft_.sources_restricted = false;
      break;
    case kPorts: draft_.ports.clear(); break;
    case kIngress: draft_.ingress.clear(); break;
    default: break;
  }
}

void ServiceReader::on_begin_object(Field field) {
  if (field == kPorts) {
    port_ = {};
    port_usable_ = true;
    ports_given_ = true;
  } else if (field == kIngress) {
    ingress_ip_.clear();
    ingress_mode_.clear();
  }
}

void ServiceReader::on_end_object(Field field) {
  if (field == kPorts) end_port();
  if (field == kIngress) end_ingress();
}

void ServiceReader::read_type(std::string_view text) {
  if (auto type = parse_service_type(text)) {
    draft_.type = *type;
  } else {
    problem(quote(text), "ClusterIP, NodePort, LoadBalancer, ExternalName");
  }
}

TrafficPolicy ServiceReader::read_policy(std::string_view text) {
  auto policy = parse_traffic_policy(text);
  if (!policy && !text.empty()) problem(quote(text), "Cluster, Local");
  return policy.value_or(TrafficPolicy::kCluster);
}

void ServiceReader::read_source_range(std::string_view text) {
  std::string_view range_text = trimmed(text);
  if (range_text.empty()) return;
  // One that cannot be read must not open the Service to everybody.
  draft_.sources_restricted = true;
  if (auto range = parse_legacy_prefix(range_text); range.ok()) {
    draft_.source_ranges.push_back(range->masked());
  } else {
    problem(quote(text), "ADDRESS/LENGTH");
  }
}

void ServiceReader::end_port() {
  if (!port_usable_) return;
  if (port_.port == 0) {
    problem("no usable port", "port 1-65535");
    return;
  }
  for (const ServicePort& other : draft_.ports) {
    if (other.protocol == port_.protocol && other.port == port_.port) {
      problem("the protocol and port of an earlier entry", "each once");
      return;
    }
  }
  draft_.ports.push_back(std::move(port_));
}

void ServiceReader::end_ingress() {
  if (ingress_ip_.empty()) return;  // told by host name: for DNS, not for us
  std::optional<base::IpAddress> address = read_unicast(ingress_ip_, /*link_local=*/true);
  if (!address) return;
  bool vip = ingress_mode_.empty() || ingress_mode_ == "VIP";
  if (!vip && ingress_mode_ != "Proxy") problem("ipMode " + quote(ingress_mode_), "VIP, Proxy");
  draft_.ingress.push_back({*address, !vip});
}

ObjectNews ServiceReader::build() {
  ClusterIps chosen = choose_cluster_ips(cluster_ip_fields_);
  draft_.headless = chosen.headless;
  if (draft_.type != ServiceType::kExternalName) {
    draft_.cluster_ips = std::move(chosen.addresses);
    for (std::string& text : chosen.problems) problem(std::move(text));
  }
  bool served = !draft_.headless && draft_.type != ServiceType::kExternalName;
  auto reject = [&](std::string text) {
    for (const std::string& problem : problems()) text += "; " + problem;
    return Rejected{std::move(text)};
  };
  if (served && draft_.cluster_ips.empty()) {
    return reject("no usable cluster IP");
  }
  if (served && draft_.ports.empty()) {
    if (ports_given_) return reject("no usable port");
    problem("spec.ports: found none, allowed: at least one");
  }
  if (client_ip_affinity_) draft_.affinity_timeout_s = affinity_timeout_s_;
  if (draft_.type == ServiceType::kLoadBalancer &&
      draft_.external_policy == TrafficPolicy::kLocal) {
    draft_.health_check_node_port = health_check_node_port_;
    if (health_check_node_port_ == 0) {
      problem(
          "spec.healthCheckNodePort: found none, allowed: 1-65535 with externalTrafficPolicy "
          "Local");
    }
  }
  std::sort(draft_.annotations.begin(), draft_.annotations.end());
  std::sort(labels_.begin(), labels_.end());
  for (const auto& [name, value] : labels_) {
    draft_.labels += (draft_.labels.empty() ? "" : ",") + name + "=" + value;
  }
  draft_.labels.shrink_to_fit();
  draft_.key = object_key();
  draft_.uid = uid();
  draft_.resource_version = resource_version();
  draft_.problems = std::move(problems());
  return std::make_shared<const Service>(std::move(draft_));
}

}  // namespace watchers
