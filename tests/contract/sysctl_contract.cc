#include <gtest/gtest.h>

#include "tests/contract/netconf_host.h"

namespace contract {
namespace {

using base::Code;
using netconf::Sysctl;

TEST(SysctlContract, WritesAndReadsBack) {
  std::unique_ptr<NetconfHost> host = make_netconf_host();
  const std::vector<Sysctl> settings = {{"net/ipv4/ip_forward", "1"},
                                        {"net/ipv4/conf/all/arp_ignore", "1"}};
  for (const base::Status& status : host->sysctls().apply(settings)) {
    EXPECT_TRUE(status.ok()) << status.message();
  }
  EXPECT_EQ(host->sysctls().read("net/ipv4/ip_forward").value(), "1");
  EXPECT_EQ(host->sysctls().read("net/ipv4/conf/all/arp_ignore").value(), "1");
}

TEST(SysctlContract, AMissingOneHoldsUpNoOther) {
  std::unique_ptr<NetconfHost> host = make_netconf_host();
  const std::vector<Sysctl> settings = {{"net/ipv4/no_such_setting", "1"},
                                        {"net/ipv4/ip_forward", "1"}};
  std::vector<base::Status> outcomes = host->sysctls().apply(settings);
  EXPECT_EQ(outcomes.at(0).code(), Code::kNotFound);
  EXPECT_EQ(outcomes.at(0).error_number(), ENOENT);
  EXPECT_TRUE(outcomes.at(1).ok()) << outcomes.at(1).message();
  EXPECT_EQ(host->sysctls().read("net/ipv4/no_such_setting").status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace contract
