#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "agent/metrics.h"
#include "tests/fakes/manual_clock.h"
#include "tests/unit/agent/every_metric.h"

// docs/metrics.md, made of the page that Prometheus gets.
namespace agent {
namespace {

constexpr char kSource[] = IPVS_AGENT_SOURCE_DIR;

struct Described {
  std::string type;
  std::string help;
  std::set<std::string> labels;
};

// By name.
using Description = std::map<std::string, Described>;

// What the values of a label may be; `metrics` is the beginning of the names of those meant.
struct LabelValues {
  const char* label;
  const char* metrics;
  const char* values;
};

constexpr LabelValues kLabels[] = {
    {"address", "ipvs_agent_service_", "that clients use: of a ClusterIP, load balancer, node..."},
    {"address", "ipvs_agent_endpoint_", "the same"},
    {"clients", "ipvs_agent_service_",
     "all; where externalTrafficPolicy Local gives those inside the cluster other endpoints: all "
     "(those outside), pods, masqueraded (those of the node, and pods whose address is not kept)"},
    {"clients", "ipvs_agent_endpoint_", "the same"},
    {"direction", "ipvs_agent_service_", "in (to endpoints), out (answers)"},
    {"direction", "ipvs_agent_endpoint_", "the same"},
    {"endpoint", "ipvs_agent_endpoint_", "its address:port"},
    {"kind", "ipvs_agent_service_",
     "of the address: cluster_ip, load_balancer, external_ip, node_port"},
    {"kind", "ipvs_agent_endpoint_", "the same"},
    {"namespace", "ipvs_agent_service_", "of the Service"},
    {"namespace", "ipvs_agent_endpoint_", "the same"},
    {"port", "ipvs_agent_service_", "that clients use"},
    {"port", "ipvs_agent_endpoint_", "the same"},
    {"protocol", "ipvs_agent_service_", "TCP, UDP, SCTP"},
    {"protocol", "ipvs_agent_endpoint_", "the same"},
    {"service", "ipvs_agent_service_", "name of the Service"},
    {"service", "ipvs_agent_endpoint_", "the same"},
    {"class", "ipvs_agent_failures_total",
     "drift (the kernel was not as believed), interrupted, transient (tried again), rejected (the "
     "same would be refused again), fatal"},
    {"code", "kubeproxy_proxy_", "status codes of HTTP"},
    {"cause", "ipvs_agent_round_duration_seconds",
     "start, change, configuration, retry, drain, audit"},
    {"ip_family", "kubeproxy_", "IPv4, IPv6"},
    {"kind", "ipvs_agent_drift_repaired_total", "virtual_server, address, ipset, iptables"},
    {"operation", "ipvs_agent_operations_total", "as in add_real_server"},
    {"outcome", "ipvs_agent_config_reloads_total", "taken, refused"},
    {"outcome", "ipvs_agent_kubernetes_events_total",
     "sent, known (this or another node has told it within the hour), repeated (minutes ago: not "
     "sent again), dropped (too many at once), failed"},
    {"outcome", "ipvs_agent_operations_total", "ok, or what failed, as in not found"},
    {"reason", "ipvs_agent_drains_ended_total",
     "idle (no connection was left), deadline, returned (wanted again), removed (its virtual "
     "server went)"},
    {"resource", "ipvs_agent_objects_rejected_total", "Service, EndpointSlice, Node"},
    {"set", "ipvs_agent_ipset_", "names of ipsets"},
    {"source", "ipvs_agent_source_", "services, endpointslices (or endpoints), node"},
    {"table", "ipvs_agent_operations_total", "ipvs, address, ipset, iptables, conntrack"},
    {"table", "ipvs_agent_shadow_differences", "address, ipset, iptables, ipvs, sysctl"},
    {"traffic_policy", "kubeproxy_", "internal, external"},
    {"version", "ipvs_agent_build_info", "that of the program"},
};

std::string page_of_everything() {
  fakes::ManualClock clock;
  Metrics metrics(clock);
  add_every_part(metrics, clock);
  use_every_metric(metrics);
  return *metrics.page();
}

Description describe(const std::string& page) {
  Description metrics;
  const std::regex label(R"re([{,](\w+)=")re");
  std::istringstream stream(page);
  std::string name;
  for (std::string line; std::getline(stream, line);) {
    bool is_help = line.starts_with("# HELP ");
    if (is_help || line.starts_with("# TYPE ")) {
      std::size_t blank = line.find(' ', 7);
      name = line.substr(7, blank - 7);
      (is_help ? metrics[name].help : metrics[name].type) = line.substr(blank + 1);
      continue;
    }
    EXPECT_TRUE(line.starts_with(name)) << line;
    for (std::sregex_iterator it(line.begin(), line.end(), label), end; it != end; ++it) {
      if ((*it)[1] != "le") metrics[name].labels.insert((*it)[1]);
    }
  }
  return metrics;
}

std::string unit_of(const std::string& name, const Described& metric) {
  if (name.find("_timestamp_seconds") != std::string::npos ||
      name == "process_start_time_seconds") {
    return "seconds since 1970";
  }
  if (name.find("_seconds") != std::string::npos) return "seconds";
  if (name.find("_bytes") != std::string::npos) return "bytes";
  if (metric.help.starts_with("1 ") || metric.help.starts_with("1,")) return "1 or 0";
  return "number";
}

const LabelValues* values_of(const std::string& label, const std::string& metric) {
  for (const LabelValues& entry : kLabels) {
    if (label == entry.label && metric.starts_with(entry.metrics)) return &entry;
  }
  return nullptr;
}

std::string table_of(const Description& metrics, const std::string& prefix) {
  std::string text = "| metric | type | labels | unit | meaning |\n|---|---|---|---|---|\n";
  for (const auto& [name, metric] : metrics) {
    if (!name.starts_with(prefix)) continue;
    std::string labels;
    for (const std::string& label : metric.labels) {
      labels += (labels.empty() ? "`" : ", `") + label + "`";
    }
    text += "| `" + name + "` | " + metric.type + " | " + labels + " | " + unit_of(name, metric) +
            " | " + metric.help + " |\n";
  }
  return text;
}

std::string labels_table() {
  std::string text = "| label | of | values |\n|---|---|---|\n";
  for (const LabelValues& entry : kLabels) {
    std::string metrics = entry.metrics;
    if (metrics.ends_with('_')) metrics += "*";
    text += "| `" + std::string(entry.label) + "` | `" + metrics + "` | " + entry.values + " |\n";
  }
  return text;
}

std::string reference(const Description& metrics) {
  return R"(# Metrics

<!-- Generated from the page itself, by METRICS_UPDATE=1 build/dev/tests/unit/unit_agent --gtest_filter='MetricsReference*' -->

Everything at `/metrics` of `metricsBindAddress`, in Prometheus' text format. Counters count since the start of the agent. A metric with labels is
there once it has a value. A page is made at most once a second, however many ask. Histograms have their usual `_bucket`,
`_sum` and `_count`.

## The agent's own

)" + table_of(metrics, "ipvs_agent_") +
         R"(
Those of single Services (`ipvs_agent_service_*`, `ipvs_agent_endpoint_*`) are read from the kernel when the page is asked for, at most every 5 s and
for at most a twentieth of one processor's time; the kernel itself adds its counters up every 2 s. `ipvsAgent.serviceMetrics` chooses the Services: by
default the 100 with the most connections on this node, because every node has its own series: 1,000 nodes then keep somewhat more than a million of
them, whatever the number of Services. Endpoints are off by default for the same reason (`ipvsAgent.endpointMetrics`). Each series is one
counter of the kernel's, so it begins at 0 again when its virtual server is made anew, and `rate()` takes care of that; take the rate first, then the sum:

```
sum by (namespace, service) (rate(ipvs_agent_service_connections_total[5m]))
```

## kube-proxy's

Names, types, labels and buckets are those of kube-proxy in IPVS mode; [health.md](health.md) says what differs.

)" + table_of(metrics, "kubeproxy_") +
         R"(
## The process's

)" + table_of(metrics, "process_") +
         R"(
## Labels

)" + labels_table();
}

TEST(MetricsReference, HasEveryMetricOfTheSources) {
  const Description metrics = describe(page_of_everything());
  const std::regex name(R"re("((?:ipvs_agent|kubeproxy|process)_[a-z0-9_]+)")re");
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(kSource) + "/agent")) {
    if (entry.path().extension() != ".cc") continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const std::string source = text.str();
    for (std::sregex_iterator it(source.begin(), source.end(), name), end; it != end; ++it) {
      ++found;
      EXPECT_TRUE(metrics.contains((*it)[1]))
          << (*it)[1] << " of " << entry.path()
          << " has no value on the page: use_every_metric() must use it";
    }
  }
  EXPECT_EQ(found, metrics.size());
}

TEST(MetricsReference, SaysWhatTheValuesOfEveryLabelAre) {
  std::set<const LabelValues*> used;
  for (const auto& [name, metric] : describe(page_of_everything())) {
    for (const std::string& label : metric.labels) {
      const LabelValues* entry = values_of(label, name);
      EXPECT_NE(entry, nullptr) << "kLabels says nothing of " << label << " of " << name;
      used.insert(entry);
    }
  }
  for (const LabelValues& entry : kLabels) {
    EXPECT_TRUE(used.contains(&entry)) << entry.label << " of " << entry.metrics;
  }
}

TEST(MetricsReference, IsWhatThePageGenerates) {
  const std::string path = std::string(kSource) + "/docs/metrics.md";
  const std::string made = reference(describe(page_of_everything()));
  if (std::getenv("METRICS_UPDATE") != nullptr)
    std::ofstream(path) << made;  // NOLINT(concurrency-mt-unsafe)
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_TRUE(text.str() == made)
      << "docs/metrics.md is not up to date: METRICS_UPDATE=1 build/dev/tests/unit/unit_agent "
         "--gtest_filter='MetricsReference*'";
}

}  // namespace
}  // namespace agent
