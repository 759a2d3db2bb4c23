#include "agent/host_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/node_facts.h"

namespace agent {
namespace {

using netconf::Sysctl;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

Machine machine(const char* release) { return with_kernel_release({.processors = 4}, release); }

TEST(HostSettings, ConnReuseModeBelongsToOldKernelsOnly) {
  Sysctl reuse{"net/ipv4/vs/conn_reuse_mode", "0"};
  EXPECT_THAT(needed_sysctls({}, machine("4.19.0")), Contains(reuse));
  EXPECT_THAT(needed_sysctls({}, machine("5.8.18")), Contains(reuse));
  EXPECT_THAT(needed_sysctls({}, machine("5.9.0")), Not(Contains(reuse)));
  EXPECT_THAT(needed_sysctls({}, machine("3.10.0")), Not(Contains(reuse)));
}

TEST(HostSettings, StrictArpAndConntrackFollowTheConfiguration) {
  Configuration configuration;
  configuration.ipvs.strict_arp = true;
  configuration.conntrack.max_per_core = 100000;
  std::vector<Sysctl> settings = needed_sysctls(configuration, machine("6.1"));
  EXPECT_THAT(settings, Contains(Sysctl{"net/ipv4/conf/all/arp_ignore", "1"}));
  EXPECT_THAT(settings, Contains(Sysctl{"net/ipv4/conf/all/arp_announce", "2"}));
  EXPECT_THAT(settings, Contains(Sysctl{"net/netfilter/nf_conntrack_max", "400000"}));
  configuration.conntrack.max_per_core = 1;
  EXPECT_THAT(needed_sysctls(configuration, machine("6.1")),
              Contains(Sysctl{"net/netfilter/nf_conntrack_max", "131072"}));
  configuration.conntrack.max_per_core = 1000000;
  EXPECT_THAT(needed_sysctls(configuration, machine("6.1")),
              Contains(Sysctl{"net/netfilter/nf_conntrack_max", "1048576"}));
}

// kube-proxy's: a bucket for four entries, by the setting that newer kernels have for it.
TEST(HostSettings, ConntrackBucketsFollowTheLimit) {
  Sysctl buckets{"net/netfilter/nf_conntrack_buckets", "32768", /*at_least=*/true};
  EXPECT_THAT(needed_sysctls({}, machine("6.1")), Contains(buckets));
  EXPECT_THAT(needed_sysctls({}, machine("4.7")), Contains(buckets));
  EXPECT_THAT(needed_sysctls({}, machine("4.6")), Not(Contains(buckets)));
  Configuration untouched;
  untouched.conntrack.max_per_core = 0;
  for (const Sysctl& setting : needed_sysctls(untouched, machine("6.1"))) {
    EXPECT_NE(setting.name, "net/netfilter/nf_conntrack_max");
    EXPECT_NE(setting.name, buckets.name);
  }
}

// Every setting of a configuration with all of them, on a kernel of each kind.
TEST(HostSettings, TheWholeListByKernelVersion) {
  Configuration configuration;
  configuration.ipvs.strict_arp = true;
  configuration.conntrack.tcp_be_liberal = true;
  configuration.conntrack.udp_timeout = std::chrono::seconds(40);
  configuration.conntrack.udp_stream_timeout = std::chrono::seconds(400);
  auto list = [&](const char* release) {
    std::string text;
    for (const Sysctl& setting : needed_sysctls(configuration, machine(release))) {
      text += setting.name + (setting.at_least ? ">=" : "=") + setting.value + "\n";
    }
    return text;
  };
  const std::string always =
      "net/ipv4/vs/conntrack=1\n"
      "net/ipv4/vs/expire_nodest_conn=1\n"
      "net/ipv4/vs/expire_quiescent_template=1\n"
      "net/ipv4/ip_forward=1\n";
  const std::string then =
      "net/ipv4/conf/all/arp_ignore=1\n"
      "net/ipv4/conf/all/arp_announce=2\n"
      "net/netfilter/nf_conntrack_max=131072\n";
  const std::string last =
      "net/netfilter/nf_conntrack_tcp_timeout_established=86400\n"
      "net/netfilter/nf_conntrack_tcp_timeout_close_wait=3600\n"
      "net/netfilter/nf_conntrack_udp_timeout=40\n"
      "net/netfilter/nf_conntrack_udp_timeout_stream=400\n"
      "net/netfilter/nf_conntrack_tcp_be_liberal=1\n";
  const std::string buckets = "net/netfilter/nf_conntrack_buckets>=32768\n";
  const std::string reuse = "net/ipv4/vs/conn_reuse_mode=0\n";
  EXPECT_EQ(list("3.10.0-1160.el7"), always + then + last);
  EXPECT_EQ(list("4.1.0"), always + reuse + then + last);
  EXPECT_EQ(list("5.8.18"), always + reuse + then + buckets + last);
  EXPECT_EQ(list("6.12.0"), always + then + buckets + last);
}

TEST(HostSettings, TurnsTheConfigurationIntoOptions) {
  Configuration configuration;
  configuration.ipvs.scheduler = "mh";
  configuration.ipvs.udp_timeout = std::chrono::seconds(250);
  configuration.ipvs_agent.drain_timeout = base::Duration::zero();
  configuration.detect_local_mode = DetectLocalMode::kNodeCidr;
  HostOptions host = host_options(configuration, machine("6.1"));
  EXPECT_EQ(host.timeouts.udp_s, 250u);
  EXPECT_EQ(host.drain_limit, std::nullopt) << "0 means without limit";
  EXPECT_EQ(host.rules.local_detector.kind, LocalDetector::Kind::kPodCidr);
  LoopOptions loop = loop_options(configuration, machine("6.1"), "n");
  EXPECT_EQ(loop.policy.scheduler_flags, ipvs::kFlagScheduler1 | ipvs::kFlagScheduler2);
  EXPECT_TRUE(loop.follow_pod_cidrs);
}

TEST(NodeFacts, NodePortsAreServedWhereTheConfigurationSays) {
  watchers::Node node;
  node.internal_ips = {*base::IpAddress::parse("192.168.0.10")};
  node.external_ips = {*base::IpAddress::parse("203.0.113.1"),
                       *base::IpAddress::parse("2001:db8::1")};
  std::vector<netconf::NodeAddress> held;
  for (const char* text : {"127.0.0.1", "192.168.0.10", "10.1.0.1", "fe80::1", "2001:db8::1"}) {
    held.push_back({*base::IpAddress::parse(text), 24, "eth0"});
  }
  auto served = [&](const NodePortAddresses& config) {
    std::vector<std::string> texts;
    for (const auto& address : make_node_facts("n", &node, held, config).node_port_addresses) {
      texts.push_back(address.to_string());
    }
    return texts;
  };
  EXPECT_THAT(served({}), ElementsAre("10.1.0.1", "192.168.0.10", "2001:db8::1"));
  EXPECT_THAT(served({.primary = true, .cidrs = {}}), ElementsAre("192.168.0.10", "2001:db8::1"));
  NodePortAddresses cidr;
  cidr.cidrs = {*base::IpPrefix::parse("10.0.0.0/8")};
  EXPECT_THAT(served(cidr), ElementsAre("10.1.0.1", "2001:db8::1"))
      << "a family without a prefix is served on all addresses";
  cidr.cidrs.push_back(*base::IpPrefix::parse("fd00::/8"));
  EXPECT_THAT(served(cidr), ElementsAre("10.1.0.1"));
  EXPECT_THAT(make_node_facts("n", nullptr, held, {}).primary_addresses, IsEmpty());
}

}  // namespace
}  // namespace agent
