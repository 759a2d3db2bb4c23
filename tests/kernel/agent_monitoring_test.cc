// The dashboard and the alerts of the chart, asked of a real Prometheus that scrapes the agent.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/apiserver/resource_types.h"
#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Protocol;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kFiles[] = IPVS_AGENT_SOURCE_DIR "/charts/ipvs-agent/files";
constexpr char kPrometheus[] = IPVS_AGENT_SOURCE_DIR "/build/prometheus/usr/bin/prometheus";
constexpr char kAt[] = "127.0.0.1:19090";
// A big program in what may be an emulated processor.
constexpr base::Duration kPromPatience = 4 * kPatience;
const std::vector<ServicePort> kPort = {{Protocol::kTcp, 80, kServerPort}};

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

// What the panels ask, as Grafana would send it for all nodes.
std::vector<std::string> dashboard_queries() {
  std::vector<std::string> queries;
  const nlohmann::json dashboard =
      nlohmann::json::parse(text_of(std::string(kFiles) + "/dashboard.json"));
  for (const auto& panel : dashboard.at("panels")) {
    EXPECT_GT(panel.at("description").get<std::string>().size(), 20u) << panel.at("title");
    for (const auto& target : panel.at("targets")) {
      std::string query = target.at("expr");
      replace_all(query, "$instance", ".+");
      replace_all(query, "$__rate_interval", "1m");
      queries.push_back(std::move(query));
    }
  }
  return queries;
}

class AgentMonitoring : public AgentTest {
 protected:
  // Prometheus on the node, with the chart's rules.
  lab::Process start_prometheus() {
    folder_ =
        std::filesystem::path(testing::TempDir()) / ("prometheus." + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "prometheus.yml")
        << "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
           "rule_files: ["
        << kFiles
        << "/rules.yaml]\n"
           "scrape_configs:\n"
           "  - {job_name: ipvs-agent, static_configs: [{targets: ['127.0.0.1:10249']}]}\n";
    auto started = network().node().start(
        {kPrometheus, "--config.file=" + (folder_ / "prometheus.yml").string(),
         "--storage.tsdb.path=" + (folder_ / "data").string(),
         std::string("--web.listen-address=") + kAt, "--log.level=warn"});
    if (!started.ok()) throw std::runtime_error(started.status().message());
    return *std::move(started);
  }
  ~AgentMonitoring() override {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  // An answer of Prometheus' API; null where there is none.
  nlohmann::json api(const std::string& path, const std::string& query = "") const {
    std::vector<std::string> argv = {
        "curl", "-s", "--max-time", "30", "-G", std::string("http://") + kAt + "/api/v1/" + path};
    if (!query.empty()) argv.insert(argv.end(), {"--data-urlencode", "query=" + query});
    auto output = network().node().execute(argv);
    if (!output.ok()) return nullptr;
    nlohmann::json answer = nlohmann::json::parse(output->out, nullptr, false);
    if (answer.is_discarded() || answer.value("status", "") != "success") return nullptr;
    return answer.at("data");
  }
  // Whether a query has an answer in which there is a number.
  bool has_data(const std::string& query) const {
    const nlohmann::json data = api("query", query);
    if (data.is_null()) return false;
    for (const auto& series : data.at("result")) {
      if (series.at("value").at(1) != "NaN") return true;
    }
    return false;
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(AgentMonitoring, EveryQueryOfDashboardAndAlertsFindsData) {
  if (access(kPrometheus, X_OK) != 0) {
    GTEST_SKIP() << "prometheus is not there: tests/prometheus/get fetches it";
  }
  (void)lab().tool({"ipvsadm", "-A", "-t", "192.0.2.1:7777", "-s", "wlc"});  // somebody else's
  serve("web", {ip("10.96.0.10"), ip("fd00:96::10")}, kPort, {"pod-0", "remote-0"});
  serve("idle", {ip("10.96.0.11")}, kPort, {});
  lab().configure({"clusterCIDR: 10.244.0.0/16,fd00:10:244::/48",
                   "ipvsAgent: {auditPeriod: 1s, endpointMetrics: true}"});
  ASSERT_TRUE(lab().start());
  lab::Process prometheus = start_prometheus();
  const lab::Target web{Protocol::kTcp, ip("10.96.0.10"), 80};
  auto kept = lab::Connection::open(network().client(0), web);
  ASSERT_TRUE(kept.ok()) << kept.status().message();

  std::vector<std::string> missing = dashboard_queries();
  ASSERT_GT(missing.size(), 30u);
  int round = 0;
  // Traffic, a changing endpoint whose connection drains, and somebody who spoils things.
  auto live = [&] {
    ++round;
    (void)lab::spread(network().client(1), web, 4);
    nlohmann::json slice = make_slice(
        "web", "v4", kPort, {endpoint(round % 2 == 0 ? "pod-0" : "pod-1"), endpoint("remote-0")});
    slice["metadata"]["annotations"]["endpoints.kubernetes.io/last-change-trigger-time"] =
        lab().tool({"date", "-u", "+%Y-%m-%dT%H:%M:%SZ"}).substr(0, 20);
    lab().put(slice);
    (void)network().node().execute({"ip", "addr", "del", "10.96.0.11/32", "dev", "kube-ipvs0"});
    std::erase_if(missing, [&](const std::string& query) { return has_data(query); });
    return missing.empty();
  };
  EXPECT_TRUE(eventually(live, kPromPatience)) << prometheus.err();
  EXPECT_THAT(missing, IsEmpty());

  // Prometheus itself has read and evaluated every rule, and knows every metric that they name.
  std::size_t rules = 0;
  std::set<std::string> names;
  auto evaluated = [&] {
    rules = 0;
    const nlohmann::json answer = api("rules");
    if (answer.is_null()) return false;
    for (const auto& group : answer.at("groups")) {
      for (const auto& rule : group.at("rules")) {
        if (rule.at("health") != "ok") return false;
        ++rules;
        const std::string query = rule.at("query");
        const std::regex name("ipvs_agent_[a-z0-9_]+");
        for (std::sregex_iterator it(query.begin(), query.end(), name), end; it != end; ++it) {
          names.insert(it->str());
        }
      }
    }
    return rules > 0;
  };
  EXPECT_TRUE(eventually(evaluated, kPromPatience)) << api("rules");
  const std::string file = text_of(std::string(kFiles) + "/rules.yaml");
  const std::regex alert("- alert: ");
  EXPECT_EQ(rules, static_cast<std::size_t>(
                       std::distance(std::sregex_iterator(file.begin(), file.end(), alert), {})));
  for (const std::string& name : names) {
    EXPECT_TRUE(eventually([&] { return has_data(name); })) << name;
  }
  // The variable of the dashboard: the nodes to choose from.
  EXPECT_THAT(api("query", "ipvs_agent_services").dump(), HasSubstr("127.0.0.1:10249"));
}

// Counters that Prometheus adds up to what was really sent, over a Service that came anew.
TEST_F(AgentMonitoring, TrafficOfAServiceIsThatOfItsClients) {
  serve("web", {ip("10.96.0.10")}, kPort, {"pod-0", "remote-0"});
  lab().configure({"clusterCIDR: 10.244.0.0/16", "ipvsAgent: {endpointMetrics: true}"});
  ASSERT_TRUE(lab().start());
  const lab::Target web{Protocol::kTcp, ip("10.96.0.10"), 80};
  auto answers = lab::spread(network().client(0), web, 10);
  ASSERT_TRUE(answers.ok()) << answers.status().message();
  const std::string labels = R"(namespace="default",service="web",address="10.96.0.10",port="80")";
  // The kernel adds up every 2 s, and a page is up to 5 s old.
  EXPECT_TRUE(eventually([&] {
    return lab().metric("ipvs_agent_service_connections_total", labels) == 10.0;
  })) << lab().metrics();
  EXPECT_EQ(lab().metric("ipvs_agent_endpoint_connections_total", labels), 10.0);
  EXPECT_EQ(lab().metric("ipvs_agent_endpoint_connections_total", R"(endpoint="10.244.1.11:8080")"),
            (*answers)["pod-0"]);
  EXPECT_GT(lab().metric("ipvs_agent_service_bytes_total", R"(direction="out")"), 500.0);
  EXPECT_EQ(lab().metric("ipvs_agent_service_endpoints", labels), 2.0);
  EXPECT_EQ(lab().metric("ipvs_agent_traffic_services"), 1.0);

  // Somebody deletes the virtual server: its counters begin anew, those of others go on.
  (void)lab().tool({"ipvsadm", "-D", "-t", "10.96.0.10:80"});
  EXPECT_TRUE(eventually([&] {
    return lab().metric("ipvs_agent_service_connections_total", labels) == 0.0;
  })) << lab().metrics();
  lab().erase("Service", "web");
  EXPECT_TRUE(eventually([&] {
    return lab().metric("ipvs_agent_service_connections_total", labels) == std::nullopt;
  })) << lab().metrics();
}

// Over the API server of the tests, which keeps what is posted.
TEST_F(AgentMonitoring, EventsReachTheApiBeforeAndAfterItWasAway) {
  lab().configure({"clusterCIDR: 10.244.0.0/16"});
  ASSERT_TRUE(lab().start());
  auto claim = [&](const std::string& name, const std::string& cluster_ip) {
    nlohmann::json service = make_service(name, {ip(cluster_ip)}, kPort);
    service["spec"]["externalIPs"] = {"198.51.100.7"};
    lab().put(service);
  };
  // How many events of addresses that are taken the API server keeps.
  auto told = [&] {
    int count = 0;
    const auto* type = apiserver::find_kind("events.k8s.io/v1", "Event");
    for (const auto& object : lab().api().store().list(*type).objects) {
      count += object->json().at("reason") == "AddressTaken";
    }
    return count;
  };
  claim("first", "10.96.0.10");
  claim("second", "10.96.0.11");
  EXPECT_TRUE(eventually([&] { return told() == 1; })) << lab().log();
  EXPECT_EQ(lab().metric("ipvs_agent_kubernetes_events_total", R"(outcome="failed")"), 0.0);

  // The API server is away for a while.
  lab().api_leaves();
  ASSERT_TRUE(eventually(
      [&] { return lab().metric("ipvs_agent_source_connected", R"(source="services")") == 0.0; }));
  lab().api_returns();
  claim("third", "10.96.0.12");
  EXPECT_TRUE(eventually([&] { return told() == 2; })) << lab().log();
  EXPECT_TRUE(in_kernel("10.96.0.12:80"));
}

}  // namespace
}  // namespace kernel_test
