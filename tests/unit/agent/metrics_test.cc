#include "agent/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "agent/process_stats.h"
#include "base/clock.h"
#include "tests/unit/agent/every_metric.h"

namespace agent {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class ManualClock final : public base::Clock {
 public:
  base::TimePoint now() const override { return time; }
  base::WallTime wall_now() const override { return base::WallTime(time.time_since_epoch()); }
  base::TimePoint time{1000s};
};

TEST(Metrics, ShowsWhatWasCounted) {
  ManualClock clock;
  Metrics metrics(clock);
  use_every_metric(metrics);
  const std::string page = *metrics.page();
  for (const char* line :
       {"ipvs_agent_operations_total{operation=\"add_real_server\",outcome=\"ok\",table=\"ipvs\"} "
        "3\n",
        "ipvs_agent_event_to_kernel_seconds_bucket{le=\"0.002\"} 0\n",
        "ipvs_agent_event_to_kernel_seconds_bucket{le=\"0.004\"} 1\n",
        "ipvs_agent_start_duration_seconds 1.5\n",
        "ipvs_agent_real_servers 42\n",
        "ipvs_agent_source_connected{source=\"services\"} 1\n",
        "ipvs_agent_source_failures_total{source=\"endpointslices\"} 2\n",
        "ipvs_agent_ipset_entries{set=\"KUBE-LOOP-BACK\"} 20\n",
        "ipvs_agent_problems 2\n",
        "ipvs_agent_config_reloads_total{outcome=\"taken\"} 3\n",
        "ipvs_agent_config_in_force 0\n",
        "ipvs_agent_config_keys_waiting 2\n",
        "ipvs_agent_drain_connections 5\n",
        "ipvs_agent_oldest_drain_seconds 90\n",
        "ipvs_agent_build_info{version=\"",
        "kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family=\"IPv4\",le=\"16.384\"} 1\n",
        "kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family=\"IPv6\"} 2\n",
        "kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family=\"IPv4\"} 1790000000\n",
        "kubeproxy_network_programming_duration_seconds_bucket{ip_family=\"IPv4\",le=\"85\"} 0\n",
        "kubeproxy_network_programming_duration_seconds_bucket{ip_family=\"IPv4\",le=\"300\"} 1\n",
        "kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family=\"IPv4\",traffic_policy="
        "\"internal\"} 2\n",
        "kubeproxy_sync_proxy_rules_endpoint_changes_total 5\n",
        "kubeproxy_sync_proxy_rules_service_changes_pending 1\n",
        "kubeproxy_proxy_healthz_total{code=\"503\"} 1\n",
        "kubeproxy_conntrack_reconciler_deleted_entries_total{ip_family=\"IPv6\"} 4\n",
        "process_open_fds ",
        "process_resident_memory_bytes "}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

// The kube-proxy metrics of a page, one line each: name, type, label sets, bounds of the buckets.
std::string kube_proxy_metrics(const std::string& page) {
  std::map<std::string, std::set<std::string>> labels;
  std::map<std::string, std::string> types;
  std::map<std::string, std::vector<std::string>> bounds;
  const std::regex sample(R"re((kubeproxy_\w+)(?:\{(.*)\})? \S+)re");
  const std::regex bound(R"re(,?le="([^"]*)")re");
  std::istringstream stream(page);
  for (std::string line; std::getline(stream, line);) {
    std::smatch match;
    if (line.starts_with("# TYPE kubeproxy_")) {
      std::string rest = line.substr(7);
      types[rest.substr(0, rest.find(' '))] = rest.substr(rest.find(' ') + 1);
    }
    if (!std::regex_match(line, match, sample)) continue;
    std::string name = match[1];
    std::string set = match[2];
    for (const char* suffix : {"_bucket", "_sum", "_count"}) {
      if (name.ends_with(suffix)) name.resize(name.size() - std::string(suffix).size());
    }
    std::smatch le;
    if (std::regex_search(set, le, bound)) {
      std::string value = le[1];
      set = std::regex_replace(set, bound, "");
      if (labels[name].empty() || labels[name] == std::set<std::string>{set}) {
        bounds[name].push_back(value);
      }
    }
    labels[name].insert(set);
  }
  std::string text;
  for (const auto& [name, type] : types) {
    text += name.substr(10) + " " + type;
    for (const std::string& set : labels[name]) text += set.empty() ? "" : " {" + set + "}";
    if (!bounds[name].empty()) text += " le";
    for (const std::string& le : bounds[name]) text += " " + le;
    text += "\n";
  }
  return text;
}

// Every metric of kube-proxy's that means something in IPVS mode, under its name, type and labels.
TEST(Metrics, KubeProxysHaveItsNamesLabelsAndBuckets) {
  ManualClock clock;
  Metrics metrics(clock);
  use_every_metric(metrics);
  const std::string families = R"( {ip_family="IPv4"} {ip_family="IPv6"})";
  const std::string codes = R"( {code="200"} {code="503"})";
  const std::string sync =
      " le 0.001 0.002 0.004 0.008 0.016 0.032 0.064 0.128 0.256 0.512 1.024 2.048 4.096 8.192 "
      "16.384 +Inf";
  std::string programming = " le 0 0.25 0.5";
  for (int s = 1; s <= 60; ++s) programming += " " + std::to_string(s);
  programming += " 65 70 75 80 85 90 95 100 105 110 115 120 150 180 210 240 270 300 +Inf";
  EXPECT_EQ(kube_proxy_metrics(*metrics.page()),
            "conntrack_reconciler_deleted_entries_total counter" + families +
                "\nconntrack_reconciler_sync_duration_seconds histogram" + families + sync +
                "\nnetwork_programming_duration_seconds histogram" + families + programming +
                "\nproxy_healthz_total counter" + codes + "\nproxy_livez_total counter" + codes +
                "\nsync_proxy_rules_duration_seconds histogram" + families + sync +
                "\nsync_proxy_rules_endpoint_changes_pending gauge"
                "\nsync_proxy_rules_endpoint_changes_total counter"
                "\nsync_proxy_rules_iptables_restore_failures_total counter" +
                families + "\nsync_proxy_rules_last_queued_timestamp_seconds gauge" + families +
                "\nsync_proxy_rules_last_timestamp_seconds gauge" + families +
                "\nsync_proxy_rules_no_local_endpoints_total gauge"
                R"( {ip_family="IPv4",traffic_policy="external"})"
                R"( {ip_family="IPv4",traffic_policy="internal"})"
                R"( {ip_family="IPv6",traffic_policy="external"})"
                R"( {ip_family="IPv6",traffic_policy="internal"})"
                "\nsync_proxy_rules_service_changes_pending gauge"
                "\nsync_proxy_rules_service_changes_total counter\n");
}

TEST(Metrics, UnusedFamiliesAreNotShown) {
  ManualClock clock;
  Metrics metrics(clock);
  EXPECT_THAT(*metrics.page(), Not(HasSubstr("kubeproxy_network_programming")));
  EXPECT_THAT(*metrics.page(), HasSubstr("ipvs_agent_services 0\n"));
  EXPECT_THAT(*metrics.page(), HasSubstr("ipvs_agent_failures_total{class=\"transient\"} 0\n"));
}

TEST(Metrics, OnePageServesASecond) {
  ManualClock clock;
  Metrics metrics(clock);
  std::shared_ptr<const std::string> page = metrics.page();
  metrics.count_livez(200);
  clock.time += 999ms;
  EXPECT_EQ(metrics.page(), page);
  clock.time += 1ms;
  EXPECT_NE(metrics.page(), page);
  EXPECT_THAT(*metrics.page(), HasSubstr("kubeproxy_proxy_livez_total{code=\"200\"} 1\n"));
  EXPECT_THAT(*page, Not(HasSubstr("livez")));
}

TEST(Metrics, ManyThreadsMayCountAndRead) {
  base::SystemClock clock;
  Metrics metrics(clock);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 200; ++n) use_every_metric(metrics);
      });
    }
    for (int n = 0; n < 20; ++n) metrics.page();
  }
  ManualClock later;
  Metrics single(later);
  for (int n = 0; n < 800; ++n) use_every_metric(single);
  EXPECT_THAT(*single.page(), HasSubstr("kubeproxy_proxy_livez_total{code=\"200\"} 800\n"));
}

// The text format of Prometheus, checked line by line: every sample belongs to a family that was
// announced with HELP and TYPE just before, no sample comes twice, buckets grow and end with +Inf.
TEST(Metrics, ThePageKeepsToTheGrammar) {
  ManualClock clock;
  Metrics metrics(clock);
  add_every_part(metrics, clock);
  use_every_metric(metrics);
  const std::regex sample(
      R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*",?)*\})? (\S+))re");
  std::istringstream page(*metrics.page());
  std::set<std::string> seen;
  std::set<std::string> names;
  std::string name;
  std::string type;
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (line.starts_with("# HELP ")) {
      name = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(names.insert(name).second) << line;
      EXPECT_TRUE(line.ends_with('.')) << line;
    } else if (line.starts_with("# TYPE ")) {
      ASSERT_EQ(line.substr(7, name.size() + 1), name + " ");
      type = line.substr(8 + name.size());
      EXPECT_TRUE(type == "counter" || type == "gauge" || type == "histogram") << line;
      bool total = name.ends_with("_total");
      // kube-proxy's only misnamed gauge.
      if (name != "kubeproxy_sync_proxy_rules_no_local_endpoints_total") {
        EXPECT_EQ(total, type == "counter") << name;
      }
    } else {
      ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
      std::string base_name = match[1];
      for (const char* suffix : {"_bucket", "_sum", "_count"}) {
        if (type == "histogram" && base_name.ends_with(suffix)) {
          base_name.resize(base_name.size() - std::string(suffix).size());
        }
      }
      EXPECT_EQ(base_name, name) << line;
      EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
      char* end = nullptr;
      std::string value = match[5];
      std::strtod(value.c_str(), &end);
      EXPECT_EQ(*end, '\0') << line;
    }
  }
  EXPECT_GT(names.size(), 40u);
}

TEST(Metrics, PromtoolAcceptsThePage) {
  const std::string promtool = IPVS_AGENT_SOURCE_DIR "/build/prometheus/usr/bin/promtool";
  if (access(promtool.c_str(), X_OK) != 0) {
    GTEST_SKIP() << "promtool is not there: tests/prometheus/get fetches it";
  }
  ManualClock clock;
  Metrics metrics(clock);
  add_every_part(metrics, clock);
  use_every_metric(metrics);
  const std::string path = testing::TempDir() + "metrics_test." + std::to_string(getpid());
  std::ofstream(path) << *metrics.page();
  // Its complaints about names are about kube-proxy's, which are not ours to choose.
  FILE* output = popen((promtool + " check metrics <" + path + " 2>&1").c_str(), "r");
  ASSERT_NE(output, nullptr);
  char line[1024];
  while (std::fgets(line, sizeof(line), output) != nullptr) {
    EXPECT_TRUE(std::string(line).starts_with("kubeproxy_")) << line;
  }
  pclose(output);
  std::remove(path.c_str());
}

TEST(ProcessStats, AreThoseOfThisProcess) {
  base::Result<ProcessStats> stats = read_process_stats();
  ASSERT_TRUE(stats.ok()) << stats.status().message();
  EXPECT_GT(stats->resident_bytes, 1 << 20);
  EXPECT_GE(stats->virtual_bytes, stats->resident_bytes);
  EXPECT_GE(stats->open_files, 3);
  EXPECT_GE(stats->max_files, stats->open_files);
  EXPECT_GE(stats->threads, 1);
  EXPECT_GT(stats->start_time_seconds, 1.6e9);
}

}  // namespace
}  // namespace agent
