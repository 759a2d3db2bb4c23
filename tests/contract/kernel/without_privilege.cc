#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "netconf/kernel_conntrack.h"
#include "netconf/libipset_table.h"
#include "netconf/proc_sysctls.h"
#include "tests/contract/netconf_host.h"

namespace contract {
namespace {

using base::Code;
using base::Family;
using base::Status;
using testing::HasSubstr;

// Runs the body in a thread of the host's namespace that has no capability, nor have the programs
// that it starts. Capabilities are a thread's own.
void without_capabilities(const std::function<void()>& body) {
  std::thread thread([&] {
    for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; ++capability) {
    }
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2] = {};
    ASSERT_EQ(syscall(SYS_capset, &header, none), 0);
    body();
  });
  thread.join();
}

TEST(WithoutPrivilege, IpsetsNameTheCapability) {
  std::unique_ptr<NetconfHost> host = make_netconf_host();
  without_capabilities([] {
    Status status = netconf::open_libipset_table().status();
    EXPECT_EQ(status.code(), Code::kPermissionDenied) << status.message();
    EXPECT_THAT(status.message(), HasSubstr("CAP_NET_ADMIN"));
  });
}

TEST(WithoutPrivilege, ConntrackNamesTheCapability) {
  std::unique_ptr<NetconfHost> host = make_netconf_host();
  without_capabilities([] {
    auto table = netconf::open_kernel_conntrack();
    ASSERT_TRUE(table.ok()) << table.status().message();
    Status status =
        (*table)->read_udp(Family::kIpv4, [](const netconf::Flow&) { return true; }).status();
    EXPECT_EQ(status.code(), Code::kPermissionDenied) << status.message();
    EXPECT_THAT(status.message(), HasSubstr("CAP_NET_ADMIN"));
  });
}

TEST(WithoutPrivilege, IptablesNamesTheCapability) {
  std::unique_ptr<NetconfHost> host = make_netconf_host();
  netconf::IptablesRules& nft = host->iptables("nft");
  without_capabilities([&] {
    const std::vector<netconf::IptablesOp> ops = {netconf::WriteChain{{"nat", "KUBE-A", {}}}};
    Status status = nft.apply(Family::kIpv4, ops).at(0);
    EXPECT_EQ(status.code(), Code::kPermissionDenied) << status.message();
    EXPECT_THAT(status.message(), HasSubstr("CAP_NET_ADMIN"));
  });
}

TEST(WithoutPrivilege, SysctlsTellWhatTheyNeed) {
  std::unique_ptr<NetconfHost> host = make_netconf_host();
  without_capabilities([] {
    // Its mode lets nobody write, and no capability overrides that here.
    const std::vector<netconf::Sysctl> settings = {{"kernel/ngroups_max", "1"}};
    Status status = netconf::ProcSysctls().apply(settings).at(0);
    EXPECT_EQ(status.code(), Code::kPermissionDenied) << status.message();
    EXPECT_THAT(status.message(), HasSubstr("the kernel lets nobody change it"));
  });
}

// Root, with every capability, but not in the host's own network namespace.
TEST(WithoutPrivilege, SysctlsOfTheWholeMachineTellWhereTheyCanBeSet) {
  std::unique_ptr<NetconfHost> host = make_netconf_host();
  (void)host->conntrack();  // loads the module
  const std::vector<netconf::Sysctl> settings = {
      {"net/netfilter/nf_conntrack_max", "99999"},
      {"net/netfilter/nf_conntrack_buckets", "1", /*at_least=*/true},
      {"net/netfilter/nf_conntrack_tcp_be_liberal", "1"}};
  std::vector<Status> outcomes = host->sysctls().apply(settings);
  EXPECT_EQ(outcomes.at(0).code(), Code::kPermissionDenied) << outcomes.at(0).message();
  EXPECT_THAT(outcomes.at(0).message(),
              HasSubstr("only the host's own network namespace may change it"));
  EXPECT_TRUE(outcomes.at(1)) << outcomes.at(1).message();
  EXPECT_TRUE(outcomes.at(2)) << outcomes.at(2).message();
  EXPECT_EQ(host->sysctls().read("net/netfilter/nf_conntrack_tcp_be_liberal").value(), "1");
}

}  // namespace
}  // namespace contract
