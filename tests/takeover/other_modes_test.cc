// The agent takes over from kube-proxy's iptables and nftables modes, and gives back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/takeover/takeover_fixture.h"

namespace takeover {
namespace {

using ::testing::HasSubstr;

// Words before a program that finds no modules of the kernel, as in a container without
// /lib/modules.
const std::vector<std::string> kWithoutModules = {
    "unshare", "--mount", "sh", "-c", "mount -t tmpfs none /lib/modules && exec \"$@\"", "sh"};

class OtherModes : public TakeoverTest, public ::testing::WithParamInterface<const char*> {
 protected:
  // What of kube-proxy's rules is still there.
  std::string what_is_left() {
    const std::string rules = lab().rules(base::Family::kIpv4) + lab().rules(base::Family::kIpv6) +
                              lab().tool({"iptables-save", "-t", "mangle"});
    std::string left;
    for (const char* part : {"KUBE-SVC-", "KUBE-SEP-", "KUBE-EXT-", "KUBE-FW-", "KUBE-SVL-",
                             "KUBE-NODEPORTS", "KUBE-PROXY-CANARY", "KUBE-EXTERNAL-SERVICES"}) {
      if (rules.find(part) != std::string::npos) left += std::string(part) + " ";
    }
    if (lab().tool({"nft", "list", "tables"}).find("kube-proxy") != std::string::npos) {
      left += "a table of nftables";
    }
    return left;
  }
};

TEST_P(OtherModes, GoWhenTheAgentWorksAndComeBackWithoutLosingAConnection) {
  const std::string mode = GetParam();
  put_every_service();
  // As the kubelet and a network plugin have them.
  for (const char* table : {"nat", "filter", "mangle"}) {
    (void)lab().tool({"iptables", "-t", table, "-N", "KUBE-KUBELET-CANARY"});
  }
  (void)lab().tool({"iptables", "-t", "nat", "-N", "CNI-HOSTPORT"});
  (void)lab().tool({"iptables", "-t", "nat", "-A", "PREROUTING", "-j", "CNI-HOSTPORT"});
  step("kube-proxy starts");
  ASSERT_TRUE(start_proxy(mode));
  open_connections();
  start_load();
  let_load_run();

  step("the agent takes over");
  ASSERT_TRUE(take_over());
  expect_connections("taken over");
  // Beside the loop, once our own rules were read back.
  EXPECT_TRUE(kernel_test::eventually([&] { return what_is_left().empty(); })) << what_is_left();
  EXPECT_THAT(lab().rules(base::Family::kIpv4), HasSubstr("-A PREROUTING -j CNI-HOSTPORT"));
  let_load_run();
  open_connections();

  // Back: kube-proxy comes while the agent's IPVS still serves, and the clean-up ends that. In
  // nftables mode kube-proxy flushes IPVS at its start unless it cannot look for its module.
  step("kube-proxy comes back");
  ASSERT_EQ(lab().stop(), 0);
  ASSERT_TRUE(start_proxy(mode, mode == "nftables" ? kWithoutModules : std::vector<std::string>()));
  expect_connections("given back");
  let_load_run();
  close_last_connections();
  step("the agent cleans up");
  EXPECT_EQ(lab().clean_up(), 0) << lab().log();
  expect_connections("cleaned up");
  EXPECT_EQ(lab().ipvs() + lab().addresses() + lab().sets(), "");
  let_load_run();
  stop_load();
  step("end");
}

INSTANTIATE_TEST_SUITE_P(Kernel, OtherModes, ::testing::Values("iptables", "nftables"),
                         [](const auto& mode) { return std::string(mode.param); });

}  // namespace
}  // namespace takeover
