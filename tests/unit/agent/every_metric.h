#ifndef IPVS_AGENT_TESTS_UNIT_AGENT_EVERY_METRIC_H_
#define IPVS_AGENT_TESTS_UNIT_AGENT_EVERY_METRIC_H_

#include <memory>
#include <utility>

#include "agent/desired_host.h"
#include "agent/metrics.h"
#include "agent/service_traffic.h"
#include "tests/fakes/fake_ipvs_table.h"

namespace agent {

// Uses every metric there is; metrics_reference_test fails when one is missing here.
inline void use_every_metric(Metrics& metrics) {
  using namespace std::chrono_literals;
  metrics.count_operations("ipvs", "add_real_server", "ok", 3);
  metrics.count_operations("ipset", "add \"x\"\n", "not found");
  metrics.count_failure("transient");
  metrics.count_drift_repaired("weight");
  metrics.count_drain_ended("idle");
  metrics.count_object_rejected("services");
  metrics.count_kubernetes_event("sent");
  metrics.observe_event_to_kernel(3ms);
  metrics.observe_round("change", 700us);
  metrics.set_start_duration(1500ms);
  metrics.set_sizes({.services = 7, .real_servers = 42, .foreign_virtual_servers = 1});
  metrics.set_ipset_fill({{"KUBE-CLUSTER-IP", 10, 65536}, {"KUBE-LOOP-BACK", 20, 65536}});
  metrics.set_sources({{.source = "services", .connected = true, .synced = true, .events = 9},
                       {.source = "endpointslices", .failures = 2}});
  metrics.set_upkeep({.problems = 2,
                      .drain_connections = 5,
                      .oldest_drain = 90s,
                      .shadow = std::map<std::string, std::size_t>{{"ipvs", 4}},
                      .other_proxy = true,
                      .held = 1,
                      .configuration = {.taken = 3, .keys_waiting = 2, .in_force = false}});
  const base::WallTime done(1790000000s);
  for (base::Family family : {base::Family::kIpv4, base::Family::kIpv6}) {
    metrics.observe_sync(family, 5ms, &done);
    metrics.observe_sync(family, 20s, nullptr);
    metrics.set_last_queued(family, done);
    metrics.observe_network_programming(family, 90s);
    metrics.set_no_local_endpoints("internal", family, 2);
    metrics.set_no_local_endpoints("external", family, 1);
    metrics.count_iptables_restore_failure(family);
    metrics.observe_conntrack_cleaning(family, 1ms, 4);
  }
  metrics.count_service_changes(2);
  metrics.count_endpoint_changes(5);
  metrics.set_changes_pending(1, 2);
  metrics.count_healthz(200);
  metrics.count_healthz(503);
  metrics.count_livez(200);
  metrics.count_livez(503);
}

// Adds the part of the page that is read from the kernel, with every metric of it.
inline void add_every_part(Metrics& metrics, const base::Clock& clock) {
  const ipvs::RealServer real{.key = {*base::IpAddress::parse("10.244.1.5"), 8080}};
  ServicePlan plan;
  plan.virtual_servers.resize(1);
  ipvs::VirtualServer& server = plan.virtual_servers[0].server;
  server.key = {.address = *base::IpAddress::parse("10.96.0.10"), .port = 80};
  server.scheduler = "rr";
  DesiredHost desired;
  Touched touched = desired.set_plan({"default", "web"}, plan);
  auto table = std::make_unique<fakes::FakeIpvsTable>();
  const ipvs::IpvsOp ops[] = {ipvs::AddVirtualServer{server},
                              ipvs::AddRealServer{server.key, real}};
  (void)table->apply(ops);
  table->add_traffic(server.key, real.key,
                     {.connections = 3, .packets_in = 10, .packets_out = 8, .bytes_in = 600});
  ServiceMetrics options;
  options.endpoints = true;
  auto traffic = std::make_shared<ServiceTraffic>(std::move(table), clock, options);
  traffic->planned(desired, touched);
  metrics.add_part([traffic] { return traffic->page(); });
}

}  // namespace agent

#endif  // IPVS_AGENT_TESTS_UNIT_AGENT_EVERY_METRIC_H_
