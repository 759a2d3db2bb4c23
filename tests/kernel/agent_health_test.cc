// What load balancers and people ask the agent over HTTP, from outside the node.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr base::Port kCheckPort = 32100;
const std::vector<ServicePort> kPort = {{base::Protocol::kTcp, 80, kServerPort}};

class AgentHealth : public AgentTest {
 protected:
  // A load balancer's Service, of both families, that is asked for at `port`.
  static nlohmann::json balanced(const std::string& name, int number, base::Port port) {
    const std::string last = std::to_string(number);
    nlohmann::json service =
        make_service(name, {ip("10.96.1." + last), ip("fd00:96::1:" + last)}, kPort);
    service["spec"]["type"] = "LoadBalancer";
    service["spec"]["externalTrafficPolicy"] = "Local";
    service["spec"]["healthCheckNodePort"] = port;
    service["spec"]["ports"][0]["nodePort"] = 31000 + number;
    return service;
  }
  static Endpoint local(const std::string& server, base::Family family) {
    Endpoint made = endpoint(server, family);
    made.node = kNodeName;
    return made;
  }
  // Head and body of what the node answers a client outside; the error where it does not answer.
  std::string get(const base::IpAddress& address, base::Port port) const {
    auto output = network().client(0).execute({"curl", "-sSi", "--max-time", "10", "-X", "PUT",
                                               "http://" + at(address, port) + "/any/path"});
    return output.ok() ? output->out + output->err : output.status().message();
  }
  std::string get(base::Family family, base::Port port = kCheckPort) const {
    return get(lab::Topology::node_address(family), port);
  }
  bool answers(base::Family family, const std::string& start, base::Port port = kCheckPort) const {
    return eventually([&] { return get(family, port).starts_with(start); });
  }
};

TEST_F(AgentHealth, TellsALoadBalancerWhetherAServiceHasEndpointsHere) {
  lab().put(balanced("web", 1, kCheckPort));
  lab().put(make_slice("web", "v4", kPort, {endpoint("remote-0")}));
  ASSERT_TRUE(lab().start());
  for (base::Family family : kFamilies) {
    ASSERT_TRUE(answers(family, "HTTP/1.1 503 ")) << get(family);
    EXPECT_THAT(get(family), EndsWith("{\n\t\"service\": {\n\t\t\"namespace\": \"default\",\n"
                                      "\t\t\"name\": \"web\"\n\t},\n\t\"localEndpoints\": 0,\n"
                                      "\t\"serviceProxyHealthy\": true\n}"));
  }
  EXPECT_EQ(lab().metric("kubeproxy_sync_proxy_rules_no_local_endpoints_total",
                         R"(ip_family="IPv4",traffic_policy="external")"),
            1.0);

  lab().put(
      make_slice("web", "v4", kPort, {local("pod-0", base::Family::kIpv4), endpoint("remote-0")}));
  lab().put(make_slice("web", "v6", kPort, {local("pod-0", base::Family::kIpv6)}));
  for (base::Family family : kFamilies) {
    ASSERT_TRUE(answers(family, "HTTP/1.1 200 ")) << get(family);
    EXPECT_THAT(get(family), AllOf(HasSubstr("\r\nContent-Type: application/json\r\n"),
                                   HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
                                   HasSubstr("\r\nX-Load-Balancing-Endpoint-Weight: 1\r\n"),
                                   HasSubstr("\"localEndpoints\": 1,")));
  }
  // The other Service's port has come; this one moves, then goes.
  lab().put(balanced("shop", 2, kCheckPort + 1));
  ASSERT_TRUE(answers(base::Family::kIpv6, "HTTP/1.1 503 ", kCheckPort + 1));
  lab().put(balanced("web", 1, kCheckPort + 2));
  ASSERT_TRUE(answers(base::Family::kIpv4, "HTTP/1.1 200 ", kCheckPort + 2));
  EXPECT_TRUE(answers(base::Family::kIpv4, "curl: (7)"));

  lab().put(make_slice("web", "v4", kPort, {}));
  lab().put(make_slice("web", "v6", kPort, {}));
  for (base::Family family : kFamilies) {
    EXPECT_TRUE(answers(family, "HTTP/1.1 503 ", kCheckPort + 2)) << get(family, kCheckPort + 2);
  }
  lab().erase("Service", "web");
  EXPECT_TRUE(answers(base::Family::kIpv6, "curl: (7)", kCheckPort + 2));
  EXPECT_THAT(get(base::Family::kIpv4, kCheckPort + 1), StartsWith("HTTP/1.1 503 "));
}

// One port is another program's; nodePortAddresses names only one of the node's addresses.
TEST_F(AgentHealth, APortThatIsTakenConcernsOnlyItsService) {
  using base::Family;
  auto holder =
      network().node().start({"busybox", "httpd", "-f", "-p", std::to_string(kCheckPort)});
  ASSERT_TRUE(holder.ok()) << holder.status().message();
  ASSERT_TRUE(eventually([&] {
    return lab().tool({"ss", "-Hltn", "sport = " + std::to_string(kCheckPort)}) != "";
  }));
  lab().configure({"nodePortAddresses: [192.0.2.0/24]"});
  for (int i = 1; i <= 2; ++i) {
    const std::string name = "web-" + std::to_string(i);
    lab().put(balanced(name, i, static_cast<base::Port>(kCheckPort + i - 1)));
    lab().put(make_slice(name, "v4", kPort, {local("pod-0", Family::kIpv4)}));
  }
  ASSERT_TRUE(lab().start());
  ASSERT_TRUE(answers(Family::kIpv4, "HTTP/1.1 200 ", kCheckPort + 1));
  EXPECT_THAT(lab().log(), AllOf(HasSubstr("health check of a Service cannot be served"),
                                 HasSubstr("default/web-1"), HasSubstr("another program uses")));
  EXPECT_EQ(lab().metric("ipvs_agent_health_checks_failing"), 1.0);
  EXPECT_THAT(get(lab::Topology::node_inside_address(Family::kIpv4), kCheckPort + 1),
              StartsWith("curl: (7)"));
  holder->signal(9);
  ASSERT_TRUE(answers(Family::kIpv4, "HTTP/1.1 200 "));
  EXPECT_TRUE(eventually([&] { return lab().metric("ipvs_agent_health_checks_failing") == 0.0; }));
}

}  // namespace
}  // namespace kernel_test
