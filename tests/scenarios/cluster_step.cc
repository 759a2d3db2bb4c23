#include "tests/scenarios/cluster_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/config_file.h"
#include "ipvs/text.h"
#include "tests/apiserver/manifests.h"
#include "watchers/json_decoder.h"

namespace scenarios {
namespace {

using nlohmann::json;
using watchers::DecodedObject;
using watchers::Kind;
using watchers::Resource;

namespace fs = std::filesystem;

class Collector final : public watchers::DecodedSink {
 public:
  explicit Collector(std::vector<DecodedObject>& items) : items_(items) {}
  void on_item(DecodedObject item) override { items_.push_back(std::move(item)); }
  void on_envelope(watchers::ListEnvelope) override {}
  void on_event(watchers::WatchEvent) override {}

 private:
  std::vector<DecodedObject>& items_;
};

std::vector<DecodedObject> decode(Resource resource, const std::vector<json>& objects) {
  json list = {{"kind", "List"}, {"metadata", {{"resourceVersion", "1"}}}, {"items", objects}};
  std::vector<DecodedObject> items;
  watchers::JsonDecoder decoder(resource);
  Collector collector(items);
  auto body = decoder.list(collector);
  EXPECT_TRUE(body->feed(list.dump()).ok());
  EXPECT_TRUE(body->finish().ok());
  return items;
}

HostStep host_step(const json& document) {
  HostStep step;
  if (document.contains("addresses")) step.addresses = document["addresses"];
  step.ipvs = document.value("ipvs", step.ipvs);
  step.bind = document.value("bind", step.bind);
  return step;
}

ClusterStep read_step(const fs::path& file) {
  std::vector<json> services;
  std::vector<json> slices;
  std::vector<json> nodes;
  ClusterStep step;
  for (json& object : apiserver::read_manifest(file.string())) {
    std::string kind = object.at("kind");
    if (kind == "Service") services.push_back(std::move(object));
    if (kind == "EndpointSlice") slices.push_back(std::move(object));
    if (kind == "Node") nodes.push_back(std::move(object));
    if (kind == "Host") step.host = host_step(object);
    if (kind == "KubeProxyConfiguration") {
      auto loaded = agent::parse_config(object.dump(), file.string());
      EXPECT_TRUE(loaded.ok()) << loaded.status().message();
      if (loaded.ok()) step.configuration = loaded->configuration;
    }
  }
  step.services = decode(Resource::kServices, services);
  step.slices = decode(Resource::kEndpointSlices, slices);
  step.nodes = decode(Resource::kNodes, nodes);
  return step;
}

netconf::NodeAddress node_address(const std::string& text) {
  std::size_t space = text.find(' ');
  base::Result<base::IpPrefix> prefix = base::IpPrefix::parse(text.substr(0, space));
  EXPECT_TRUE(prefix.ok()) << text;
  if (!prefix.ok() || space == text.npos) return {};
  return {prefix->address(), prefix->length(), text.substr(space + 1)};
}

}  // namespace

std::vector<ClusterStep> read_steps(const fs::path& folder) {
  std::vector<ClusterStep> steps;
  for (int i = 1; fs::exists(folder / (std::to_string(i) + ".yaml")); ++i) {
    steps.push_back(read_step(folder / (std::to_string(i) + ".yaml")));
  }
  return steps;
}

void play_host(fakes::FakeNode& node, const HostStep& step) {
  if (step.addresses) {
    std::vector<netconf::NodeAddress> addresses;
    for (const std::string& text : *step.addresses) addresses.push_back(node_address(text));
    node.addresses.set_node_addresses(std::move(addresses));
  }
  for (const std::string& line : step.ipvs) {
    auto op = ipvs::parse_op(line);
    ASSERT_TRUE(op.ok()) << op.status().message();
    std::vector<ipvs::IpvsOp> ops = {*op};
    base::Status status = node.ipvs.apply(ops).front();
    ASSERT_TRUE(status.ok()) << line << ": " << status.message();
  }
  for (const std::string& text : step.bind) {
    std::vector<netconf::AddressOp> ops;
    if (!node.addresses.read()->device_exists) ops.emplace_back(netconf::CreateDevice{});
    ops.emplace_back(netconf::BindAddress{*base::IpAddress::parse(text)});
    base::Status status = node.addresses.apply(ops).back();
    ASSERT_TRUE(status.ok()) << text << ": " << status.message();
  }
}

void deliver(fakes::FakeAgent& agent, const ClusterStep* before, const ClusterStep& now) {
  auto deliver_kind = [&](Kind kind, const std::vector<DecodedObject>* old,
                          const std::vector<DecodedObject>& objects) {
    for (const DecodedObject& object : objects) {
      watchers::deliver(agent.mailbox, {kind, object.key},
                        {.news = object.news, .received = agent.node.clock.now()});
    }
    if (old == nullptr) return;
    for (const DecodedObject& object : *old) {
      bool stays = std::any_of(objects.begin(), objects.end(),
                               [&](const auto& other) { return other.key == object.key; });
      if (!stays) agent.remove(kind, object.key);
    }
  };
  deliver_kind(Kind::kService, before ? &before->services : nullptr, now.services);
  deliver_kind(Kind::kEndpointSlice, before ? &before->slices : nullptr, now.slices);
  deliver_kind(Kind::kNode, before ? &before->nodes : nullptr, now.nodes);
}

}  // namespace scenarios
