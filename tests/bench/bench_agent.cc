#include "tests/bench/bench_agent.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "agent/configuration.h"
#include "agent/host_settings.h"

namespace bench {
namespace {

using watchers::Kind;

agent::Machine machine() {
  agent::Machine machine;
  machine.kernel_major = 6;
  machine.kernel_minor = 1;
  return machine;
}

}  // namespace

BenchAgent::BenchAgent(agent::HostTables tables)
    : host_(tables, agent::host_options(agent::Configuration(), machine())),
      loop_(host_, mailbox_, clock_, listener,
            agent::loop_options(agent::Configuration(), machine(), own_node())) {}

void BenchAgent::prepare() {
  base::Status status = host_.prepare(clock_.now());
  if (status.ok()) return;
  std::fprintf(stderr, "cannot prepare the host: %s\n", status.message().c_str());
  std::exit(1);  // NOLINT(concurrency-mt-unsafe): a bench has nothing to save
}

void BenchAgent::put(Kind kind, const watchers::ObjectKey& key, watchers::ObjectNews news) {
  watchers::deliver(mailbox_, {kind, key}, {.news = std::move(news), .received = clock_.now()});
}

void BenchAgent::deliver(const Cluster& cluster) {
  for (const auto& service : cluster.services) put(Kind::kService, service->key, service);
  for (const auto& slice : cluster.slices) put(Kind::kEndpointSlice, slice->key, slice);
  put(Kind::kService, {}, watchers::Synced());
  put(Kind::kEndpointSlice, {}, watchers::Synced());
  put(Kind::kNode, {}, watchers::Synced());
}

void BenchAgent::deliver(std::shared_ptr<const watchers::EndpointSlice> slice) {
  watchers::ObjectKey key = slice->key;
  put(Kind::kEndpointSlice, key, std::move(slice));
}

base::Duration BenchAgent::step() {
  auto began = std::chrono::steady_clock::now();
  loop_.step(clock_.now());
  return std::chrono::steady_clock::now() - began;
}

}  // namespace bench
