#include "tests/fakes/fake_node.h"

#include <algorithm>

#include "ipvs/text.h"

namespace fakes {
namespace {

using agent::HostOptions;
using agent::LoopOptions;

// More rounds than any amount of immediate repair needs.
constexpr int kMostStepsAtOnce = 20;

watchers::ObjectEvent event(watchers::ObjectNews news, base::TimePoint now) {
  return {.news = std::move(news), .received = now};
}

}  // namespace

FakeNode::FakeNode() {
  addresses.set_node_addresses({{*base::IpAddress::parse("127.0.0.1"), 8, "lo"},
                                {*base::IpAddress::parse("192.168.0.10"), 24, "eth0"},
                                {*base::IpAddress::parse("::1"), 128, "lo"},
                                {*base::IpAddress::parse("fd00:1::10"), 64, "eth0"}});
}

std::vector<std::string> FakeNode::take_log() {
  std::vector<std::string> lines;
  for (const auto* log : {&ipvs.log(), &addresses.log(), &ipsets.log(), &iptables.log(),
                          &sysctls.log(), &conntrack.log()}) {
    lines.insert(lines.end(), log->begin(), log->end());
  }
  ipvs.clear_log();
  addresses.clear_log();
  ipsets.clear_log();
  iptables.clear_log();
  sysctls.clear_log();
  conntrack.clear_log();
  return lines;
}

std::string FakeNode::ipvs_and_sets_text() {
  std::string text = ipvs::to_text(*ipvs.read());
  const netconf::AddressState held = *addresses.read();
  for (const base::IpAddress& address : held.bound) {
    text += "addr " + address.to_string() + "\n";
  }
  for (const auto& [name, set] : ipsets.sets()) {
    for (const netconf::IpsetEntry& entry : set.entries) {
      text += "add " + name + " " + netconf::to_text(set.spec.type, entry) + "\n";
    }
  }
  return text;
}

std::string FakeNode::state_text() {
  std::string text = ipvs_and_sets_text();
  for (base::Family family : {base::Family::kIpv4, base::Family::kIpv6}) {
    std::vector<std::string> tables = agent::rule_tables();
    const netconf::IptablesState rules = *iptables.read(family, tables);
    for (const netconf::IptablesChain& chain : rules) {
      for (const std::string& rule : chain.rules) {
        text += std::string(base::to_string(family)) + " " + chain.table + " -A " + chain.name +
                " " + rule + "\n";
      }
    }
  }
  return text;
}

agent::HostTables FakeNode::tables() {
  return {faulty_ipvs_,
          faulty_addresses_,
          faulty_ipsets_,
          faulty_iptables_,
          faulty_sysctls_,
          faulty_conntrack_,
          nft};
}

LoopOptions FakeAgent::default_loop_options() {
  LoopOptions options;
  options.node_name = "node-1";
  return options;
}

HostOptions FakeAgent::default_host_options() {
  HostOptions options;
  options.drain_limit = std::chrono::minutes(15);
  return options;
}

FakeAgent::FakeAgent(FakeNode& on, LoopOptions options, HostOptions host_options)
    : node(on),
      host(on.tables(), std::move(host_options)),
      loop(host, mailbox, on.clock, listener, std::move(options)),
      prepared(host.prepare(on.clock.now())) {}

void FakeAgent::put(watchers::Service service) {
  watchers::EventKey key{watchers::Kind::kService, service.key};
  watchers::deliver(
      mailbox, key,
      event(std::make_shared<const watchers::Service>(std::move(service)), node.clock.now()));
}

void FakeAgent::put(watchers::EndpointSlice slice) {
  watchers::EventKey key{watchers::Kind::kEndpointSlice, slice.key};
  watchers::deliver(
      mailbox, key,
      event(std::make_shared<const watchers::EndpointSlice>(std::move(slice)), node.clock.now()));
}

void FakeAgent::put(watchers::Node object) {
  watchers::EventKey key{watchers::Kind::kNode, object.key};
  watchers::deliver(
      mailbox, key,
      event(std::make_shared<const watchers::Node>(std::move(object)), node.clock.now()));
}

void FakeAgent::remove(watchers::Kind kind, const watchers::ObjectKey& key) {
  watchers::deliver(mailbox, {kind, key}, event(watchers::Deleted(), node.clock.now()));
}

void FakeAgent::reject(watchers::Kind kind, const watchers::ObjectKey& key, std::string reason) {
  watchers::deliver(mailbox, {kind, key},
                    event(watchers::Rejected{std::move(reason)}, node.clock.now()));
}

void FakeAgent::sync(std::initializer_list<watchers::Kind> kinds) {
  for (watchers::Kind kind : kinds) {
    watchers::deliver(mailbox, {kind, {}}, event(watchers::Synced(), node.clock.now()));
  }
}

void FakeAgent::run() {
  for (int i = 0; i < kMostStepsAtOnce; ++i) {
    if (loop.step(node.clock.now()) > node.clock.now()) return;
  }
}

void FakeAgent::run_for(base::Duration duration, base::Duration stride) {
  for (base::Duration passed{}; passed < duration; passed += stride) {
    node.clock.advance(stride);
    run();
  }
}

watchers::Service make_service(const std::string& name, const std::string& cluster_ip,
                               std::vector<watchers::ServicePort> ports) {
  watchers::Service service;
  service.key = {"default", name};
  service.cluster_ips = {*base::IpAddress::parse(cluster_ip)};
  service.ports = std::move(ports);
  return service;
}

watchers::Endpoint make_endpoint(const std::string& address, const std::string& node_name) {
  watchers::Endpoint endpoint;
  endpoint.address = *base::IpAddress::parse(address);
  if (!node_name.empty()) {
    endpoint.place =
        std::make_shared<const watchers::EndpointPlace>(watchers::EndpointPlace{node_name, {}});
  }
  return endpoint;
}

watchers::EndpointSlice make_slice(const std::string& service, const std::string& name,
                                   std::vector<watchers::EndpointPort> ports,
                                   const std::vector<std::string>& addresses) {
  watchers::EndpointSlice slice;
  slice.key = {"default", name};
  slice.service = service;
  slice.groups.emplace_back();
  slice.groups.front().ports = std::move(ports);
  for (const std::string& address : addresses) {
    slice.groups.front().endpoints.push_back(make_endpoint(address));
  }
  return slice;
}

}  // namespace fakes
