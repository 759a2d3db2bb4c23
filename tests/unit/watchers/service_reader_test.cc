#include "watchers/service_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/watchers/decoding.h"

namespace watchers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

DecodedObject decode_service(const std::string& spec, const std::string& rest = "",
                             const std::string& metadata = "") {
  return decode_item(Resource::kServices,
                     R"({"metadata":{"name":"web","namespace":"default","uid":"u1",)"
                     R"("resourceVersion":"42")" +
                         metadata + R"(},"spec":{)" + spec + "}" + rest + "}");
}

const char* const kPlain = R"("clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"],)"
                           R"("ipFamilies":["IPv4"],"ports":[{"port":80}])";

TEST(ServiceReader, ReadsAFullService) {
  auto service = object_of<Service>(decode_service(
      R"("type":"LoadBalancer","clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10","fd00::10"],
         "ipFamilies":["IPv4","IPv6"],"ipFamilyPolicy":"RequireDualStack",
         "ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":"web","nodePort":30080},
                  {"name":"dns","protocol":"UDP","port":53,"targetPort":5353},
                  {"name":"sig","protocol":"SCTP","port":80}],
         "externalIPs":["192.0.2.1","2001:db8::1"],
         "loadBalancerSourceRanges":[" 203.0.113.7/24 ","2001:db8::/32"],
         "internalTrafficPolicy":"Local","externalTrafficPolicy":"Local",
         "healthCheckNodePort":32000,"sessionAffinity":"ClientIP",
         "sessionAffinityConfig":{"clientIP":{"timeoutSeconds":600}},"selector":{"app":"web"})",
      R"(,"status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.1"},
         {"ip":"198.51.100.2","ipMode":"Proxy"},{"hostname":"lb.example.org"},
         {"ip":"2001:db8::5","ipMode":"VIP","ports":[]}]}})",
      R"(,"annotations":{"ipvs-agent.io/scheduler":"lc","other":"x","ipvs-agent.io/a":"b"},)"
      R"("labels":{"tier":"","app":"web"})"));
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->labels, "app=web,tier=");
  EXPECT_EQ(service->key, (ObjectKey{"default", "web"}));
  EXPECT_EQ(service->uid, "u1");
  EXPECT_EQ(service->resource_version, "42");
  EXPECT_EQ(service->type, ServiceType::kLoadBalancer);
  EXPECT_FALSE(service->headless);
  EXPECT_THAT(service->cluster_ips, ElementsAre(ip("10.96.0.10"), ip("fd00::10")));
  EXPECT_THAT(service->ports, ElementsAre(ServicePort{"http", base::Protocol::kTcp, 80, 30080},
                                          ServicePort{"dns", base::Protocol::kUdp, 53, 0},
                                          ServicePort{"sig", base::Protocol::kSctp, 80, 0}));
  EXPECT_THAT(service->external_ips, ElementsAre(ip("192.0.2.1"), ip("2001:db8::1")));
  EXPECT_THAT(service->ingress, ElementsAre(LoadBalancerIngress{ip("198.51.100.1"), false},
                                            LoadBalancerIngress{ip("198.51.100.2"), true},
                                            LoadBalancerIngress{ip("2001:db8::5"), false}));
  EXPECT_THAT(service->source_ranges, ElementsAre(*base::IpPrefix::parse("203.0.113.0/24"),
                                                  *base::IpPrefix::parse("2001:db8::/32")));
  EXPECT_EQ(service->internal_policy, TrafficPolicy::kLocal);
  EXPECT_EQ(service->external_policy, TrafficPolicy::kLocal);
  EXPECT_EQ(service->health_check_node_port, 32000);
  EXPECT_EQ(service->affinity_timeout_s, 600U);
  EXPECT_THAT(service->annotations,
              ElementsAre(std::pair<std::string, std::string>("a", "b"),
                          std::pair<std::string, std::string>("scheduler", "lc")));
  EXPECT_FALSE(service->served_elsewhere);
  EXPECT_THAT(service->problems, IsEmpty());
}

TEST(ServiceReader, DefaultsAreThoseOfTheApi) {
  auto service = object_of<Service>(decode_service(kPlain));
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->type, ServiceType::kClusterIp);
  EXPECT_EQ(service->ports.at(0).protocol, base::Protocol::kTcp);
  EXPECT_EQ(service->internal_policy, TrafficPolicy::kCluster);
  EXPECT_EQ(service->external_policy, TrafficPolicy::kCluster);
  EXPECT_EQ(service->affinity_timeout_s, 0U);
  auto affine =
      object_of<Service>(decode_service(kPlain + std::string(R"(,"sessionAffinity":"ClientIP")")));
  ASSERT_NE(affine, nullptr);
  EXPECT_EQ(affine->affinity_timeout_s, 10800U);
}

TEST(ServiceReader, ChoosesClusterIpsByFamily) {
  auto ips = [](const char* spec) {
    auto service =
        object_of<Service>(decode_service(spec + std::string(R"("ports":[{"port":1}])")));
    return service ? service->cluster_ips : std::vector<base::IpAddress>{};
  };
  EXPECT_THAT(ips(R"("clusterIP":"10.0.0.1",)"), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(ips(R"("clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1","fd00::1"],)"),
              ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(ips(R"("clusterIPs":["10.0.0.1","fd00::1"],"ipFamilies":["IPv4"],)"),
              ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(ips(R"("clusterIPs":["fd00::1","10.0.0.1"],"ipFamilies":["IPv6","IPv4"],)"),
              ElementsAre(ip("fd00::1"), ip("10.0.0.1")));
  EXPECT_THAT(ips(R"("clusterIPs":["10.0.0.1","10.0.0.2"],"ipFamilies":["IPv4","IPv4"],)"),
              ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(ips(R"("clusterIPs":["10.0.0.1","10.0.0.2"],"ipFamilies":["IPv4","IPv6"],)"),
              ElementsAre(ip("10.0.0.1")));
}

TEST(ServiceReader, KnowsHeadlessAndExternalName) {
  for (const char* spec : {R"("clusterIP":"None","clusterIPs":["None"],"ipFamilies":["IPv4"])",
                           R"("clusterIP":"")", R"("ports":[{"port":80}])"}) {
    auto service = object_of<Service>(decode_service(spec));
    ASSERT_NE(service, nullptr) << spec;
    EXPECT_TRUE(service->headless) << spec;
    EXPECT_THAT(service->cluster_ips, IsEmpty());
    EXPECT_THAT(service->problems, IsEmpty()) << spec;
  }
  auto external = object_of<Service>(
      decode_service(R"("type":"ExternalName","externalName":"a.b","clusterIP":"10.0.0.1")"));
  ASSERT_NE(external, nullptr);
  EXPECT_EQ(external->type, ServiceType::kExternalName);
  EXPECT_THAT(external->cluster_ips, IsEmpty());
}

TEST(ServiceReader, ALabelCanSayThatSomebodyElseServesIt) {
  auto with_label = [](const std::string& label) {
    return object_of<Service>(decode_service(
        kPlain, "", R"(,"labels":{"app":"web","service.kubernetes.io/)" + label + R"(":""})"));
  };
  auto elsewhere = with_label("service-proxy-name");
  ASSERT_NE(elsewhere, nullptr);
  EXPECT_TRUE(elsewhere->served_elsewhere);
  // On slices it says that nobody needs them; a Service is headless by its spec alone.
  auto labelled = with_label("headless");
  ASSERT_NE(labelled, nullptr);
  EXPECT_FALSE(labelled->served_elsewhere);
  EXPECT_FALSE(labelled->headless);
}

TEST(ServiceReader, HealthCheckPortCountsOnlyForLocalLoadBalancers) {
  auto port_of = [](const std::string& spec) {
    auto service = object_of<Service>(decode_service(kPlain + spec));
    return std::pair(service->health_check_node_port, service->problems.size());
  };
  EXPECT_EQ(port_of(R"(,"healthCheckNodePort":32000)"), (std::pair<base::Port, std::size_t>(0, 0)));
  EXPECT_EQ(port_of(R"(,"type":"LoadBalancer","healthCheckNodePort":32000)").first, 0);
  EXPECT_EQ(port_of(R"(,"type":"LoadBalancer","externalTrafficPolicy":"Local",
                       "healthCheckNodePort":32000)"),
            (std::pair<base::Port, std::size_t>(32000, 0)));
  EXPECT_EQ(port_of(R"(,"type":"LoadBalancer","externalTrafficPolicy":"Local")"),
            (std::pair<base::Port, std::size_t>(0, 1)));
}

TEST(ServiceReader, OneBadFieldLeavesTheRestUsable) {
  struct Case {
    const char* spec;
    const char* problem;
  };
  for (
      const Case& c : std::initializer_list<Case>{
          {R"(,"type":"Magic")",
           R"(spec.type: found "Magic", allowed: ClusterIP, NodePort, LoadBalancer, ExternalName)"},
          {R"(,"type":7)", "spec.type: found 7, allowed: a string"},
          {R"(,"externalIPs":["1.2.3","192.0.2.1"])",
           R"(spec.externalIPs[0]: found "1.2.3", allowed: an IPv4 or IPv6 address)"},
          {R"(,"externalIPs":["127.0.0.1"])", R"(spec.externalIPs[0]: found "127.0.0.1")"},
          {R"(,"externalIPs":"x")", R"(spec.externalIPs: found "x", allowed: an array)"},
          {R"(,"externalIPs":[["10.0.0.1"]])",
           "spec.externalIPs[0]: found an array, allowed: a string"},
          {R"(,"sessionAffinity":"Cookie")", R"(spec.sessionAffinity: found "Cookie")"},
          {R"(,"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":86401}})",
           "spec.sessionAffinityConfig.clientIP.timeoutSeconds: found 86401, allowed: 1-86400"},
          {R"(,"internalTrafficPolicy":"Near")",
           R"(spec.internalTrafficPolicy: found "Near", allowed: Cluster, Local)"},
          {R"(,"loadBalancerSourceRanges":["10.0.0.0/8","10.0.0.0/33"])",
           R"(spec.loadBalancerSourceRanges[1]: found "10.0.0.0/33", allowed: ADDRESS/LENGTH)"},
          {R"(,"ports":[{"port":80},{"port":70000}])",
           "spec.ports[1].port: found 70000, allowed: 1-65535"},
          {R"(,"ports":[{"port":80},{"port":"81"}])",
           R"(spec.ports[1].port: found "81", allowed: an integer)"},
          {R"(,"ports":[{"port":80},{"port":81.5}])",
           "spec.ports[1].port: found 81.5, allowed: an integer"},
          {R"(,"ports":[{"port":80},{"port":99999999999999999999}])",
           "spec.ports[1].port: found 99999999999999999999, allowed: an integer"},
          {R"(,"ports":[{"port":80},{"protocol":"ICMP","port":81}])",
           R"(spec.ports[1].protocol: found "ICMP", allowed: TCP, UDP, SCTP)"},
          {R"(,"ports":[{"port":80},{"name":"b","port":80}])",
           "spec.ports[1]: found the protocol and port of an earlier entry, allowed: each once"},
          {R"(,"ports":[{"port":80},5])", "spec.ports[1]: found 5, allowed: an object"},
      }) {
    DecodedObject decoded = decode_service(kPlain + std::string(c.spec));
    auto service = object_of<Service>(decoded);
    ASSERT_NE(service, nullptr) << c.spec << ": " << rejection(decoded);
    ASSERT_FALSE(service->problems.empty()) << c.spec;
    EXPECT_THAT(service->problems.at(0), HasSubstr(c.problem)) << c.spec;
    EXPECT_EQ(service->ports.size(), 1U) << c.spec;
    EXPECT_EQ(service->cluster_ips.size(), 1U) << c.spec;
  }
}

TEST(ServiceReader, BadIngressIsLeftOut) {
  auto service = object_of<Service>(decode_service(
      kPlain, R"(,"status":{"loadBalancer":{"ingress":[{"ip":"nowhere"},{"ip":"127.0.0.1"},
                 {"ip":"192.0.2.9","ipMode":"Odd"}]}})"));
  ASSERT_NE(service, nullptr);
  EXPECT_THAT(service->ingress, ElementsAre(LoadBalancerIngress{ip("192.0.2.9"), true}));
  EXPECT_THAT(service->problems,
              ElementsAre(HasSubstr(R"(status.loadBalancer.ingress[0]: found "nowhere")"),
                          HasSubstr(R"(status.loadBalancer.ingress[1]: found "127.0.0.1")"),
                          HasSubstr(R"(ingress[2]: found ipMode "Odd", allowed: VIP, Proxy)")));
}

TEST(ServiceReader, WithoutAnythingUsableItIsRejected) {
  EXPECT_THAT(rejection(decode_service(R"("clusterIP":"banana","ports":[{"port":80}])")),
              HasSubstr(R"(no usable cluster IP; spec.clusterIP: found "banana")"));
  EXPECT_THAT(rejection(decode_service(R"("clusterIP":"10.0.0.1","ports":[{"port":0}])")),
              HasSubstr("no usable port; spec.ports[0].port: found 0, allowed: 1-65535"));
}

TEST(ServiceReader, SourceRangesThatNobodyCanReadStillRestrict) {
  auto decode = [](const char* ranges) {
    return object_of<Service>(
        decode_service(kPlain + std::string(R"(,"loadBalancerSourceRanges":)") + ranges));
  };
  auto closed = decode(R"(["x"])");
  ASSERT_NE(closed, nullptr);
  EXPECT_TRUE(closed->sources_restricted);
  EXPECT_THAT(closed->source_ranges, IsEmpty());
  EXPECT_THAT(closed->problems,
              ElementsAre(HasSubstr(R"(loadBalancerSourceRanges[0]: found "x")")));
  EXPECT_FALSE(decode("[]")->sources_restricted);
  EXPECT_FALSE(decode(R"(["", " "])")->sources_restricted);
}

TEST(ServiceReader, AServiceWithoutPortsIsKeptWithAProblem) {
  auto service = object_of<Service>(decode_service(R"("clusterIP":"10.0.0.1")"));
  ASSERT_NE(service, nullptr);
  EXPECT_THAT(service->ports, IsEmpty());
  EXPECT_THAT(service->problems, ElementsAre(HasSubstr("spec.ports: found none")));
}

TEST(ServiceReader, AMemberThatComesTwiceCountsAsItCameLast) {
  auto service = object_of<Service>(decode_service(
      R"("clusterIP":"10.0.0.1","clusterIP":"10.0.0.2","ports":[{"port":1},{"port":2}],)"
      R"("ports":[{"port":3}])"));
  ASSERT_NE(service, nullptr);
  EXPECT_THAT(service->cluster_ips, ElementsAre(ip("10.0.0.2")));
  ASSERT_EQ(service->ports.size(), 1U);
  EXPECT_EQ(service->ports[0].port, 3);
}

TEST(ServiceReader, NullCountsAsNotGiven) {
  auto service = object_of<Service>(decode_service(
      kPlain + std::string(R"(,"externalIPs":null,"sessionAffinityConfig":null,"type":null)"),
      R"(,"status":null)", R"(,"labels":null)"));
  ASSERT_NE(service, nullptr);
  EXPECT_THAT(service->problems, IsEmpty());
}

}  // namespace
}  // namespace watchers
