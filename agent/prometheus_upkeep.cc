#include <chrono>
#include <utility>

#include "agent/prometheus_registry.h"

namespace agent {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily gauge(const char* name, const char* help, double value) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = MetricType::Gauge;
  family.metric.emplace_back();
  family.metric.back().gauge.value = value;
  return family;
}

MetricFamily reloads(const ConfigStanding& standing) {
  MetricFamily family;
  family.name = "ipvs_agent_config_reloads_total";
  family.help = "New configuration files, by whether they were taken over.";
  family.type = MetricType::Counter;
  for (const auto& [outcome, count] :
       {std::pair("taken", standing.taken), std::pair("refused", standing.refused)}) {
    ClientMetric metric;
    metric.label = {{"outcome", outcome}};
    metric.counter.value = static_cast<double>(count);
    family.metric.push_back(std::move(metric));
  }
  return family;
}

MetricFamily shadow_differences(const std::map<std::string, std::size_t>& differences) {
  MetricFamily family;
  family.name = "ipvs_agent_shadow_differences";
  family.help =
      "Operations that would bring the kernel to what this agent wants, by table, at the newest "
      "comparison of everything. Only in shadow mode.";
  family.type = MetricType::Gauge;
  for (const char* table : {"address", "ipset", "iptables", "ipvs", "sysctl"}) {
    auto found = differences.find(table);
    ClientMetric metric;
    metric.label = {{"table", table}};
    metric.gauge.value = found == differences.end() ? 0 : static_cast<double>(found->second);
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace

std::vector<MetricFamily> upkeep_families(const Upkeep& upkeep) {
  std::vector<MetricFamily> families;
  families.push_back(gauge("ipvs_agent_problems",
                           "Degraded things; the log and /healthz name them.",
                           static_cast<double>(upkeep.problems)));
  families.push_back(gauge("ipvs_agent_drain_connections",
                           "Connections that removed real servers still hold, as last read.",
                           static_cast<double>(upkeep.drain_connections)));
  families.push_back(gauge("ipvs_agent_oldest_drain_seconds",
                           "Seconds since the longest running drain began; 0 where none runs.",
                           std::chrono::duration<double>(upkeep.oldest_drain).count()));
  families.push_back(gauge("ipvs_agent_other_proxy",
                           "1 while another proxy seems to work on this node.",
                           upkeep.other_proxy ? 1 : 0));
  families.push_back(gauge("ipvs_agent_repairs_held",
                           "Things that are not as they should be and whose repair waits, because "
                           "something else keeps rewriting them.",
                           static_cast<double>(upkeep.held)));
  families.push_back(reloads(upkeep.configuration));
  families.push_back(gauge("ipvs_agent_config_in_force",
                           "1 while all of the newest configuration file is in force.",
                           upkeep.configuration.in_force ? 1 : 0));
  families.push_back(gauge("ipvs_agent_config_keys_waiting",
                           "Keys of the configuration file that take a restart to be in force.",
                           static_cast<double>(upkeep.configuration.keys_waiting)));
  if (upkeep.shadow) families.push_back(shadow_differences(*upkeep.shadow));
  return families;
}

}  // namespace agent
