#include "tests/bench/cluster.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "tests/bench/api_bodies.h"
#include "watchers/json_decoder.h"

namespace bench {
namespace {

using watchers::EndpointSlice;
using watchers::Service;

struct KeepSlices final : watchers::DecodedSink {
  void on_item(watchers::DecodedObject) override {}
  void on_envelope(watchers::ListEnvelope) override {}
  void on_event(watchers::WatchEvent event) override {
    slices.push_back(std::get<std::shared_ptr<const EndpointSlice>>(std::move(event.object.news)));
  }

  std::vector<std::shared_ptr<const EndpointSlice>> slices;
};

base::IpAddress ipv4(std::uint32_t number) {
  return *base::IpAddress::parse(
      std::to_string(number >> 24) + '.' + std::to_string(number >> 16 & 255) + '.' +
      std::to_string(number >> 8 & 255) + '.' + std::to_string(number & 255));
}

std::shared_ptr<const Service> service_of(const EndpointSlice& slice, int number) {
  auto service = std::make_shared<Service>();
  service->key = {slice.key.space, slice.service};
  service->uid = "6f1f6fd8-3a0c-4d0e-8c39-" + std::to_string(100'000'000'000 + number);
  service->resource_version = std::to_string(1'000'000 + number);
  service->cluster_ips = {ipv4((10U << 24 | 96U << 16) + 256 + static_cast<std::uint32_t>(number))};
  service->ports = {{"http", base::Protocol::kTcp, 80, 0}};
  return service;
}

}  // namespace

Cluster make_cluster(ClusterSize size) {
  watchers::JsonDecoder decoder(watchers::Resource::kEndpointSlices);
  KeepSlices kept;
  auto reader = decoder.watch(kept);
  for (int i = 0; i < size.services; ++i) {
    std::string event =
        R"({"type":"ADDED","object":)" + endpoint_slice(i, size.endpoints, 1000 + i) + "}\n";
    if (!reader->feed(event).ok()) std::abort();
  }
  if (!reader->finish().ok()) std::abort();
  Cluster cluster;
  cluster.slices = std::move(kept.slices);
  for (int i = 0; i < size.services; ++i) {
    cluster.services.push_back(service_of(*cluster.slices[static_cast<std::size_t>(i)], i));
  }
  return cluster;
}

const char* own_node() { return "ip-10-0-0-100.eu-central-1.compute.internal"; }

std::shared_ptr<const EndpointSlice> with_endpoint(const EndpointSlice& slice, int number) {
  auto changed = std::make_shared<EndpointSlice>(slice);
  watchers::Endpoint endpoint;
  endpoint.address = ipv4((10U << 24 | 200U << 16) + 1 + static_cast<std::uint32_t>(number));
  changed->groups.front().endpoints.push_back(std::move(endpoint));
  return changed;
}

std::shared_ptr<const EndpointSlice> without_endpoint(const EndpointSlice& slice) {
  auto changed = std::make_shared<EndpointSlice>(slice);
  changed->groups.front().endpoints.pop_back();
  return changed;
}

}  // namespace bench
