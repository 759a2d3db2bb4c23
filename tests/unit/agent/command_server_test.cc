#include "agent/command_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "agent/config_answer.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::make_endpoint;
using fakes::make_service;
using fakes::make_slice;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Parameters = std::vector<std::pair<std::string, std::string>>;

constexpr base::Protocol kTcp = base::Protocol::kTcp;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

// An agent with what its command line is answered from; the test's thread is the loop's.
class CommandServerTest : public testing::Test {
 protected:
  void start() {
    agent_.sync();
    agent_.run();
    ASSERT_TRUE(agent_.loop.started());
  }
  void serve_web() {
    agent_.put(make_service("web", "10.96.0.10", {{"http", kTcp, 80, 0}}));
    agent_.put(make_slice("web", "web-1", {{"http", kTcp, 8080}}, {"10.244.1.1", "10.244.1.2"}));
  }

  HttpResponse ask(const std::string& path, Parameters parameters = {},
                   const std::string& method = "GET") {
    std::future<HttpResponse> answer = std::async(std::launch::async, [&] {
      return server_.answer(
          {.method = method, .path = path, .port = 0, .parameters = std::move(parameters)});
    });
    while (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      pollfd entry{.fd = questions_.readable_fd(), .events = POLLIN, .revents = 0};
      if (poll(&entry, 1, 1) == 1) questions_.answer(agent_.loop, node_.clock.now());
    }
    return answer.get();
  }
  json ask_json(const std::string& path, Parameters parameters = {}) {
    HttpResponse answer = ask(path, std::move(parameters));
    EXPECT_EQ(answer.status, 200) << *answer.body;
    EXPECT_EQ(answer.content_type, "application/json");
    return json::parse(*answer.body);
  }
  // The status, and the error's words.
  std::pair<int, std::string> error(const std::string& path, Parameters parameters = {}) {
    HttpResponse answer = ask(path, std::move(parameters));
    return {answer.status, json::parse(*answer.body).value("error", "")};
  }
  static std::vector<std::string> names(const json& status) {
    std::vector<std::string> found;
    for (const json& service : status["services"]) found.push_back(service["name"]);
    return found;
  }
  // Why the endpoint is used, or is not, at the Service's first address: "yes: ready".
  std::string why(const std::string& service, const std::string& address) {
    json answer = ask_json("/v1/explain", {{"service", "default/" + service}});
    for (const json& endpoint : answer["virtualServers"][0]["endpoints"]) {
      if (endpoint["address"] != address) continue;
      return (endpoint["used"] ? "yes: " : "no: ") + endpoint["why"].get<std::string>();
    }
    for (const json& endpoint : answer["unusedEndpoints"]) {
      if (endpoint["address"] == address) return "none: " + endpoint["why"].get<std::string>();
    }
    return answer.dump(2);
  }

  fakes::FakeNode node_;
  fakes::FakeAgent agent_{node_};
  LoopQuestions questions_{std::chrono::minutes(1)};
  Published<HealthState> health_{HealthState{.published = node_.clock.now(),
                                             .timeout = std::chrono::hours(1),
                                             .families = {},
                                             .node_eligible = true,
                                             .faults = {},
                                             .warnings = {}}};
  struct Folder {
    Folder() : path(testing::TempDir() + "commandsXXXXXX") { path = mkdtemp(path.data()); }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path;
  } folder_;
  DrainOrderFile orders_{folder_.path};
  int template_searches_ = 0;  // while nobody asks: the server's thread counts
  Published<std::string> configuration_{
      configuration_json({}, {{"ipvs.scheduler", Origin::kFlag}})};
  CommandServer server_{{.questions = questions_,
                         .health = health_,
                         .clock = node_.clock,
                         .drain_orders = orders_,
                         .configuration = configuration_,
                         .templates = [this](std::span<const ipvs::VirtualServer> servers,
                                             const base::IpAddress& client) {
                           ++template_searches_;
                           ipvs::FoundTemplates found;
                           if (client != ip("192.0.2.7")) return found;
                           for (const ipvs::VirtualServer& server : servers) {
                             found.by_virtual_server[server.key] = {
                                 .server = {ip("10.244.1.2"), 8080},
                                 .left = std::chrono::seconds(99)};
                           }
                           return found;
                         }}};
};

TEST_F(CommandServerTest, StatusTellsServicesWithConnectionsFromTheKernel) {
  serve_web();
  start();
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  ASSERT_TRUE(node_.ipvs.set_connections(key, {ip("10.244.1.2"), 8080}, 3, 4));
  HttpResponse answer = ask("/v1/status");
  EXPECT_EQ(*answer.body, R"({
  "agent": {
    "version": ")" IPVS_AGENT_VERSION R"(",
    "node": "node-1",
    "state": "in step",
    "lastSync": null,
    "services": 1,
    "virtualServers": 1,
    "realServers": 2,
    "drains": 0,
    "foreignVirtualServers": 0,
    "servicesWaiting": 0,
    "retries": 0,
    "problems": []
  },
  "services": [
    {
      "namespace": "default",
      "name": "web",
      "type": "ClusterIP",
      "problems": [],
      "virtualServers": [
        {
          "address": "10.96.0.10",
          "port": 80,
          "protocol": "TCP",
          "kind": "ClusterIP",
          "scheduler": "rr",
          "state": "ok",
          "realServers": [
            {
              "address": "10.244.1.1",
              "port": 8080,
              "weight": 1,
              "activeConnections": 0,
              "inactiveConnections": 0,
              "state": "ok"
            },
            {
              "address": "10.244.1.2",
              "port": 8080,
              "weight": 1,
              "activeConnections": 3,
              "inactiveConnections": 4,
              "state": "ok"
            }
          ]
        }
      ]
    }
  ]
}
)");
}

TEST_F(CommandServerTest, StatusTellsOfDrains) {
  serve_web();
  start();
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  ASSERT_TRUE(node_.ipvs.set_connections(key, {ip("10.244.1.2"), 8080}, 1, 0));
  agent_.put(make_slice("web", "web-1", {{"http", kTcp, 8080}}, {"10.244.1.1"}));
  agent_.run();
  node_.clock.advance(std::chrono::seconds(2));
  json real = ask_json("/v1/status")["services"][0]["virtualServers"][0]["realServers"][1];
  EXPECT_EQ(real["state"], "draining");
  EXPECT_EQ(real["weight"], 0);
  EXPECT_EQ(real["drainSeconds"], 2);
}

TEST_F(CommandServerTest, StatusComesInPagesInOrder) {
  for (int i = 0; i < 7; ++i) {
    agent_.put(make_service("web-" + std::to_string(6 - i), "10.96.0." + std::to_string(10 + i),
                            {{"", kTcp, 80, 0}}));
  }
  start();
  json page = ask_json("/v1/status", {{"limit", "3"}});
  EXPECT_THAT(names(page), ElementsAre("web-0", "web-1", "web-2"));
  EXPECT_EQ(page["next"], "default/web-2");
  page = ask_json("/v1/status", {{"limit", "3"}, {"after", page["next"]}});
  EXPECT_THAT(names(page), ElementsAre("web-3", "web-4", "web-5"));
  page = ask_json("/v1/status", {{"limit", "3"}, {"after", page["next"]}});
  EXPECT_THAT(names(page), ElementsAre("web-6"));
  EXPECT_FALSE(page.contains("next"));
}

// No page looks at more than a part, however many there are: the loop is never held up for long.
TEST_F(CommandServerTest, StatusOfTenThousandServicesComesInSmallPages) {
  for (int i = 0; i < 10'000; ++i) {
    std::string address = "10.96." + std::to_string(i / 200) + "." + std::to_string(i % 200 + 1);
    agent_.put(make_service("s" + std::to_string(i), address, {{"", kTcp, 80, 0}}));
  }
  start();
  StatusQuestion question;
  std::set<std::string> seen;
  for (bool more = true; more;) {
    auto page = status_page(agent_.loop, question, node_.clock.now());
    ASSERT_TRUE(page.ok());
    ASSERT_LE(page->services.size(), question.limit);
    for (const ServiceStatus& service : page->services) {
      EXPECT_TRUE(seen.insert(service.key.name).second);
      EXPECT_TRUE(service.virtual_servers.at(0).in_kernel);
    }
    more = page->next.has_value();
    if (more) question.after = *page->next;
  }
  EXPECT_EQ(seen.size(), 10'000u);
}

TEST_F(CommandServerTest, APageOfManyVirtualServersHasFewerServices) {
  for (int i = 0; i < 3; ++i) {
    watchers::Service service =
        make_service("s" + std::to_string(i), "10.96.0." + std::to_string(i + 1), {});
    for (int port = 1; port <= 150; ++port) {
      service.ports.push_back({"p" + std::to_string(port), kTcp, static_cast<base::Port>(port), 0});
    }
    agent_.put(service);
  }
  start();
  EXPECT_THAT(names(ask_json("/v1/status")), ElementsAre("s0"));
}

TEST_F(CommandServerTest, StatusOfNamespaceNameAndLabels) {
  watchers::Service service = make_service("a", "10.96.0.1", {{"", kTcp, 80, 0}});
  service.labels = "app=web,tier=front";
  agent_.put(service);
  service = make_service("b", "10.96.0.2", {{"", kTcp, 80, 0}});
  service.key.space = "other";
  service.labels = "app=web";
  agent_.put(service);
  start();
  EXPECT_THAT(names(ask_json("/v1/status")), ElementsAre("a", "b"));
  EXPECT_THAT(names(ask_json("/v1/status", {{"namespace", "other"}})), ElementsAre("b"));
  EXPECT_THAT(names(ask_json("/v1/status", {{"name", "a"}})), ElementsAre("a"));
  EXPECT_THAT(names(ask_json("/v1/status", {{"selector", "app=web,!tier"}})), ElementsAre("b"));
  EXPECT_THAT(names(ask_json("/v1/status", {{"selector", "app=none"}})), IsEmpty());
}

TEST_F(CommandServerTest, BeforeTheStartThereIsNothingToTell) {
  EXPECT_EQ(ask_json("/v1/status")["agent"]["state"], "starting");
  EXPECT_EQ(ask_json("/v1/plan")["started"], false);
  EXPECT_THAT(ask_json("/v1/plan")["commands"], IsEmpty());
}

TEST_F(CommandServerTest, WrongQuestionsAreAnsweredWithWhatIsAllowed) {
  EXPECT_THAT(error("/v1/nothing").second, HasSubstr("/v1/status"));
  EXPECT_EQ(error("/v1/nothing").first, 404);
  EXPECT_EQ(error("/v1/status", {{"limit", "0"}}).first, 400);
  EXPECT_THAT(error("/v1/status", {{"limit", "9x"}}).second, HasSubstr("1 to 500"));
  EXPECT_THAT(error("/v1/status", {{"after", "web"}}).second, HasSubstr("NAMESPACE/NAME"));
  EXPECT_THAT(error("/v1/status", {{"selector", "a=b=c"}}).second, HasSubstr("KEY in"));
  EXPECT_THAT(error("/v1/explain").second, HasSubstr("IP:PORT"));
  EXPECT_THAT(error("/v1/explain", {{"address", "fd00::1:80"}}).second, HasSubstr("[fd00::1]:80"));
  EXPECT_THAT(error("/v1/explain", {{"address", "10.0.0.1:80"}, {"protocol", "icmp"}}).second,
              HasSubstr("SCTP"));
  EXPECT_EQ(ask("/v1/status", {}, "DELETE").status, 400);
}

TEST_F(CommandServerTest, ExplainSaysWhereEverythingComesFrom) {
  watchers::Service service = make_service("web", "10.96.0.10", {{"http", kTcp, 80, 0}});
  service.resource_version = "17";
  agent_.put(service);
  watchers::EndpointSlice slice =
      make_slice("web", "web-1", {{"http", kTcp, 8080}}, {"10.244.1.1"});
  slice.resource_version = "18";
  slice.groups[0].endpoints[0].place =
      std::make_shared<const watchers::EndpointPlace>(watchers::EndpointPlace{"node-b", {}});
  agent_.put(slice);
  start();
  for (const Parameters& question :
       {Parameters{{"service", "default/web"}}, Parameters{{"address", "10.96.0.10:80"}},
        Parameters{{"address", "10.96.0.10:80"}, {"protocol", "tcp"}}}) {
    json answer = ask_json("/v1/explain", question);
    EXPECT_EQ(answer["name"], "web");
    EXPECT_EQ(answer["resourceVersion"], "17");
    EXPECT_EQ(answer["slices"][0]["resourceVersion"], "18");
    EXPECT_EQ(answer["virtualServers"][0]["endpoints"][0]["node"], "node-b");
    EXPECT_TRUE(answer["inKernelSince"].is_string());
  }
  EXPECT_EQ(why("web", "10.244.1.1"), "yes: ready");
}

TEST_F(CommandServerTest, ExplainTellsWhenAChangeReachedTheKernel) {
  serve_web();
  start();
  json first = ask_json("/v1/explain", {{"service", "default/web"}});
  node_.clock.advance(std::chrono::minutes(5));
  agent_.put(make_slice("web", "web-1", {{"http", kTcp, 8080}}, {"10.244.1.1"}));
  agent_.run();
  json second = ask_json("/v1/explain", {{"service", "default/web"}});
  EXPECT_GT(second["inKernelSince"], first["inKernelSince"]);
}

TEST_F(CommandServerTest, ExplainNamesTheReasonOfEachEndpoint) {
  agent_.put(make_service("web", "10.96.0.10", {{"http", kTcp, 80, 0}}));
  watchers::EndpointSlice slice = make_slice("web", "a", {{"http", kTcp, 8080}}, {});
  slice.groups[0].endpoints = {make_endpoint("10.244.1.1"), make_endpoint("10.244.1.2"),
                               make_endpoint("10.244.1.3"), make_endpoint("10.244.1.4")};
  slice.groups[0].endpoints[1].ready = false;
  slice.groups[0].endpoints[1].serving = false;
  slice.groups[0].endpoints[2].ready = false;
  slice.groups[0].endpoints[2].terminating = true;
  slice.groups[0].endpoints[3].ready = false;
  slice.groups[0].endpoints[3].serving = false;
  slice.groups[0].endpoints[3].terminating = true;
  agent_.put(slice);
  agent_.put(make_slice("web", "b", {{"other", kTcp, 9090}}, {"10.244.1.5"}));
  agent_.put(make_slice("web", "c", {{"http", kTcp, 8080}}, {"fd00::5"}));
  start();
  EXPECT_EQ(why("web", "10.244.1.1"), "yes: ready");
  EXPECT_EQ(why("web", "10.244.1.2"), "no: not ready");
  EXPECT_EQ(why("web", "10.244.1.3"), "no: terminating, and others are ready");
  EXPECT_EQ(why("web", "10.244.1.4"), "no: terminating and not serving any more");
  EXPECT_THAT(why("web", "10.244.1.5"), HasSubstr("no port named \"other\""));
  EXPECT_THAT(why("web", "fd00::5"), HasSubstr("wrong family"));
}

TEST_F(CommandServerTest, ExplainTellsDuplicates) {
  agent_.put(make_service("web", "10.96.0.10", {{"http", kTcp, 80, 0}}));
  watchers::EndpointSlice old = make_slice("web", "a", {{"http", kTcp, 8080}}, {"10.244.1.1"});
  old.groups[0].endpoints[0].ready = false;
  agent_.put(old);
  agent_.put(make_slice("web", "b", {{"http", kTcp, 8080}}, {"10.244.1.1"}));
  start();
  json answer = ask_json("/v1/explain", {{"service", "default/web"}});
  const json& endpoints = answer["virtualServers"][0]["endpoints"];
  ASSERT_EQ(endpoints.size(), 2u);
  EXPECT_EQ(endpoints[0]["slice"], "b");
  EXPECT_EQ(endpoints[0]["used"], true);
  EXPECT_EQ(endpoints[1]["used"], false);
  EXPECT_THAT(endpoints[1]["why"].get<std::string>(), HasSubstr("duplicate: slice b"));
}

TEST_F(CommandServerTest, ExplainTellsThePolicy) {
  watchers::Service service = make_service("web", "10.96.0.10", {{"http", kTcp, 80, 0}});
  service.internal_policy = watchers::TrafficPolicy::kLocal;
  agent_.put(service);
  watchers::EndpointSlice slice = make_slice("web", "a", {{"http", kTcp, 8080}}, {});
  slice.groups[0].endpoints = {make_endpoint("10.244.1.1", "elsewhere")};
  agent_.put(slice);
  start();
  EXPECT_THAT(why("web", "10.244.1.1"), HasSubstr("no: on another node"));
  json answer = ask_json("/v1/explain", {{"service", "default/web"}});
  EXPECT_THAT(answer["virtualServers"][0]["notes"].dump(),
              HasSubstr("internalTrafficPolicy is Local, and no usable endpoint"));
}

TEST_F(CommandServerTest, ExplainTellsWhoHasTheAddress) {
  watchers::Service thief = make_service("thief", "10.96.0.11", {{"http", kTcp, 80, 0}});
  thief.external_ips = {ip("10.96.0.10")};
  serve_web();
  agent_.put(thief);
  start();
  json answer = ask_json("/v1/explain", {{"service", "default/thief"}});
  EXPECT_EQ(answer["virtualServers"][0]["state"], "taken");
  EXPECT_EQ(answer["virtualServers"][0]["takenBy"], "default/web");
}

TEST_F(CommandServerTest, ExplainTellsWhatIsNotServed) {
  watchers::Service headless = make_service("headless", "10.96.0.10", {{"http", kTcp, 80, 0}});
  headless.headless = true;
  headless.cluster_ips.clear();
  agent_.put(headless);
  serve_web();
  start();
  EXPECT_THAT(ask_json("/v1/explain", {{"service", "default/headless"}})["notServed"],
              "a headless Service has no address to serve: DNS names its pods");
  EXPECT_EQ(error("/v1/explain", {{"service", "default/none"}}).first, 404);
  EXPECT_THAT(error("/v1/explain", {{"address", "10.96.0.10:81"}}).second,
              AllOf(HasSubstr("TCP 10.96.0.10:81"), HasSubstr("the address is served")));
  EXPECT_THAT(error("/v1/explain", {{"address", "192.0.2.1:81"}}).second,
              HasSubstr("nor its address"));
}

// What explain says is used is what was planned, whatever the endpoints are like.
TEST_F(CommandServerTest, ExplainSaysWhatThePlanDoes) {
  agent_.put(make_service("web", "10.96.0.10", {{"", kTcp, 80, 0}}));
  start();
  for (unsigned state = 0; state < 512; ++state) {
    watchers::EndpointSlice slice = make_slice("web", "a", {{"", kTcp, 8080}}, {});
    for (unsigned i = 0; i < 3; ++i) {
      watchers::Endpoint endpoint = make_endpoint("10.244.1." + std::to_string(i + 1));
      endpoint.ready = (state >> (3 * i) & 1U) != 0;
      endpoint.serving = (state >> (3 * i + 1) & 1U) != 0;
      endpoint.terminating = (state >> (3 * i + 2) & 1U) != 0;
      slice.groups[0].endpoints.push_back(endpoint);
    }
    agent_.put(slice);
    agent_.run();
    auto from = planned_from(agent_.loop, {"default", "web"}, node_.clock.now());
    ASSERT_TRUE(from.ok());
    Explanation explanation = explain_service(*from);
    std::vector<ipvs::RealServerKey> used;
    for (const ExplainedEndpoint& endpoint : explanation.virtual_servers.at(0).endpoints) {
      if (endpoint.used) used.push_back({endpoint.address, endpoint.port});
    }
    std::vector<ipvs::RealServerKey> planned;
    for (const ipvs::RealServer& real :
         explanation.virtual_servers.at(0).status.planned.real_servers) {
      planned.push_back(real.key);
    }
    EXPECT_EQ(used, planned) << state;
  }
}

TEST_F(CommandServerTest, AnnotationsThatNobodyKnowsAreRefusedByName) {
  auto service = make_service("web", "10.96.0.10", {{"http", kTcp, 80, 0}});
  service.annotations = {{"schedular", "lc"}};
  agent_.put(service);
  start();
  const json found = ask_json("/v1/status")["services"][0];
  ASSERT_EQ(found["problems"].size(), 1u);
  EXPECT_THAT(found["problems"][0].get<std::string>(),
              AllOf(HasSubstr("ipvs-agent.io/schedular"), HasSubstr("refused")));
  EXPECT_EQ(found["virtualServers"][0]["state"], "ok");  // it is served all the same
}

TEST_F(CommandServerTest, ExplainForetellsWhatAClientGets) {
  serve_web();
  start();
  auto explain = [&](const std::string& client) {
    return ask_json("/v1/explain",
                    {{"service", "default/web"}, {"client", client}})["virtualServers"][0]
        .value("choice", json());
  };
  for (const char* client : {"192.0.2.1", "192.0.2.1:40000"}) {
    EXPECT_TRUE(explain(client)["server"].is_null());
    EXPECT_THAT(explain(client)["why"].get<std::string>(), HasSubstr("cannot be foretold: rr"));
  }
  EXPECT_TRUE(explain("").is_null());
  EXPECT_TRUE(explain("2001:db8::1").is_null());  // no client of an IPv4 address
  EXPECT_TRUE(explain("[2001:db8::1]:40000").is_null());
  // Somebody has given it a scheduler that hashes.
  ipvs::VirtualServer server;
  server.key = {ip("10.96.0.10"), 80, kTcp, 0};
  server.scheduler = "sh";
  ASSERT_TRUE(node_.ipvs.apply(std::vector<ipvs::IpvsOp>{ipvs::EditVirtualServer{server}})[0]);
  std::set<std::string> chosen;
  for (int i = 1; i < 20; ++i) {
    const json choice = explain("192.0.2." + std::to_string(i));
    chosen.insert(choice["server"]["address"]);
    EXPECT_EQ(choice["server"]["port"], 8080);
  }
  EXPECT_THAT(chosen, ElementsAre("10.244.1.1", "10.244.1.2"));
  for (const char* wrong : {"web", "192.0.2.1:0", "192.0.2.1:", "[fd00::1"}) {
    auto [status, message] = error("/v1/explain", {{"service", "default/web"}, {"client", wrong}});
    EXPECT_EQ(status, 400) << wrong;
    EXPECT_THAT(message, HasSubstr("client: found \"" + std::string(wrong) + "\""));
  }
}

TEST_F(CommandServerTest, ExplainTellsASessionOfTheClient) {
  watchers::Service service = make_service("web", "10.96.0.10", {{"http", kTcp, 80, 0}});
  service.affinity_timeout_s = 10800;
  agent_.put(service);
  agent_.put(make_slice("web", "web-1", {{"http", kTcp, 8080}}, {"10.244.1.1", "10.244.1.2"}));
  start();
  auto explain = [&](const std::string& client) {
    return ask_json("/v1/explain",
                    {{"service", "default/web"}, {"client", client}})["virtualServers"][0]
        .value("choice", json());
  };
  const json stuck = explain("192.0.2.7");
  EXPECT_EQ(stuck["server"]["address"], "10.244.1.2");
  EXPECT_EQ(stuck["sessionSeconds"], 99);
  EXPECT_EQ(template_searches_, 1);
  const json unknown = explain("192.0.2.8");
  EXPECT_TRUE(unknown["server"].is_null());
  EXPECT_FALSE(unknown.contains("sessionSeconds"));
  EXPECT_THAT(unknown["why"].get<std::string>(), HasSubstr("has no session of the client"));
  EXPECT_EQ(template_searches_, 2);
  // Nobody asks the kernel for what nobody wants to know.
  (void)explain("");
  (void)explain("2001:db8::1");
  service.affinity_timeout_s = 0;
  agent_.put(service);
  agent_.run();
  EXPECT_THAT(explain("192.0.2.7")["why"].get<std::string>(), HasSubstr("cannot be foretold: rr"));
  EXPECT_EQ(template_searches_, 2);
}

TEST_F(CommandServerTest, PlanIsEmptyInStepAndTellsWhatSomebodyChanged) {
  serve_web();
  start();
  node_.take_log();
  EXPECT_THAT(ask_json("/v1/plan")["commands"], IsEmpty());
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  const std::vector<ipvs::IpvsOp> meddling = {
      ipvs::DeleteRealServer{key, {ip("10.244.1.1"), 8080}}};
  ASSERT_TRUE(node_.ipvs.apply(meddling).front().ok());
  const std::vector<netconf::AddressOp> unbound = {netconf::UnbindAddress{ip("10.96.0.10")}};
  ASSERT_TRUE(node_.addresses.apply(unbound).front().ok());
  const std::vector<netconf::IpsetOp> emptied = {netconf::DeleteIpsetEntry{
      "KUBE-IPVS-IPS", netconf::IpsetType::kHashIp, {.ip = ip("10.96.0.10"), .ip2 = {}}}};
  ASSERT_TRUE(node_.ipsets.apply(emptied).front().ok());
  node_.take_log();
  json plan = ask_json("/v1/plan");
  EXPECT_THAT(plan["commands"].get<std::vector<std::string>>(),
              ElementsAre("ipset add KUBE-IPVS-IPS 10.96.0.10 -exist",
                          "ipvsadm -a -t 10.96.0.10:80 -r 10.244.1.1:8080 -m -w 1",
                          HasSubstr("10.96.0.10")));
  // To look is not to change.
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(CommandServerTest, PlanWritesRulesForIptablesRestore) {
  serve_web();
  start();
  const std::vector<netconf::IptablesOp> emptied = {
      netconf::WriteChain{{"nat", "KUBE-SERVICES", {}}}};
  ASSERT_TRUE(node_.iptables.apply(base::Family::kIpv4, emptied).front().ok());
  json plan = ask_json("/v1/plan");
  ASSERT_EQ(plan["commands"].size(), 1u) << plan.dump(2);
  EXPECT_THAT(plan["commands"][0].get<std::string>(),
              AllOf(testing::StartsWith("iptables-restore --noflush <<'EOF'\n*nat\n"),
                    testing::EndsWith("COMMIT\nEOF")));
}

TEST_F(CommandServerTest, AuditNamesDifferencesAndForeignVirtualServers) {
  serve_web();
  start();
  json audit = ask_json("/v1/audit");
  EXPECT_THAT(audit["differences"], IsEmpty());
  EXPECT_THAT(audit["foreign"], IsEmpty());
  EXPECT_EQ(audit["virtualServers"], 1);
  ipvs::VirtualServer foreign;
  foreign.key = {ip("192.0.2.7"), 443, kTcp, 0};
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  const std::vector<ipvs::IpvsOp> meddling = {ipvs::AddVirtualServer{foreign},
                                              ipvs::DeleteVirtualServer{key}};
  for (const base::Status& status : node_.ipvs.apply(meddling)) ASSERT_TRUE(status.ok());
  audit = ask_json("/v1/audit");
  ASSERT_EQ(audit["differences"].size(), 1u);
  EXPECT_EQ(audit["differences"][0]["what"], "TCP 10.96.0.10:80");
  EXPECT_EQ(audit["differences"][0]["found"], "is gone");
  EXPECT_EQ(audit["differences"][0]["commands"].size(), 3u);
  EXPECT_EQ(audit["foreign"][0]["virtualServer"], "TCP 192.0.2.7:443");
}

TEST_F(CommandServerTest, DrainOrdersAreGivenListedAndTakenBack) {
  serve_web();
  start();
  EXPECT_THAT(ask_json("/v1/drain")["orders"], IsEmpty());
  HttpResponse given = ask("/v1/drain", {{"target", "10.244.1.1"}}, "POST");
  EXPECT_EQ(given.status, 200) << *given.body;
  agent_.run();
  json order = ask_json("/v1/drain")["orders"][0];
  EXPECT_EQ(order["target"], "10.244.1.1");
  EXPECT_EQ(order["realServers"][0]["weight"], 0);
  EXPECT_EQ(order["realServers"][0]["state"], "weight 0");
  EXPECT_EQ(order["realServers"][0]["service"], "default/web");
  EXPECT_EQ(order["realServers"][0]["virtualServer"], "TCP 10.96.0.10:80");
  EXPECT_EQ(orders_.load()->size(), 1u);
  EXPECT_EQ(ask("/v1/drain", {{"target", "10.244.1.1"}}, "DELETE").status, 200);
  EXPECT_EQ(ask("/v1/drain", {{"target", "10.244.1.1"}}, "DELETE").status, 404);
  EXPECT_THAT(*orders_.load(), IsEmpty());
  EXPECT_EQ(ask("/v1/drain", {{"target", "web"}}, "POST").status, 400);
  EXPECT_EQ(ask("/v1/drain", {}, "PUT").status, 400);
}

TEST_F(CommandServerTest, ConfigIsWhatIsInForceWithItsOrigin) {
  std::map<std::string, std::string> origins;
  const json answer = ask_json("/v1/config");
  for (const json& value : answer["values"]) {
    origins[value["key"]] = value["origin"];
  }
  EXPECT_EQ(origins["ipvs.scheduler"], "flag");
  EXPECT_EQ(origins["ipvs.syncPeriod"], "default");
}

TEST_F(CommandServerTest, AuditTellsWhatItCouldNotRead) {
  serve_web();
  start();
  node_.address_faults.fail_reads(1, base::Status::from_errno(EPERM, "read addresses"));
  json audit = ask_json("/v1/audit");
  EXPECT_THAT(audit["unread"].dump(), HasSubstr("kube-ipvs0"));
}

}  // namespace
}  // namespace agent
