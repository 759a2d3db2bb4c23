// The agent takes over from kube-proxy's IPVS mode, and gives back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/takeover/takeover_fixture.h"

namespace takeover {
namespace {

using ::testing::IsEmpty;

using Lines = std::vector<std::string>;

// What the agent changes in the kernel state of kube-proxy v1.36, for one Service of each kind: the
// file differences.txt. Each is on the page of differences from kube-proxy; anything else is a
// defect.
class IpvsMode : public TakeoverTest {
 protected:
  static void expect_documented(const Lines& differences) {
    std::multiset<std::string> missing;
    std::ifstream file(DIFFERENCES);
    for (std::string line; std::getline(file, line);) {
      if (!line.empty() && !line.starts_with('#')) missing.insert(line);
    }
    ASSERT_FALSE(missing.empty()) << DIFFERENCES;
    Lines unknown;
    for (const std::string& line : differences) {
      auto known = missing.find(line);
      if (known == missing.end()) {
        unknown.push_back(line);
      } else {
        missing.erase(known);
      }
    }
    EXPECT_THAT(unknown, IsEmpty());
    EXPECT_THAT(missing, IsEmpty());
    if (unknown.empty() && missing.empty()) return;
    if (const char* folder = std::getenv("LAB_RESULTS_DIR")) {  // NOLINT(concurrency-mt-unsafe)
      std::ofstream found(std::string(folder) + "/differences.txt");
      for (const std::string& line : differences) found << line << "\n";
    }
  }
  // The Node's event of the takeover, by which kube-proxy's virtual servers stay as they were.
  void expect_told_of_adoption() {
    std::string note;
    EXPECT_TRUE(kernel_test::eventually([&] {
      const auto* type = apiserver::find_kind("events.k8s.io/v1", "Event");
      for (const auto& object : lab().api().store().list(*type).objects) {
        if (object->json().at("reason") == "TakenOver") note = object->json().at("note");
      }
      return !note.empty();
    })) << lab().log();
    std::smatch counts;
    ASSERT_TRUE(std::regex_search(note, counts, std::regex("([0-9]+) of ([0-9]+) virtual servers")))
        << note;
    EXPECT_EQ(counts[1], counts[2]) << note;
  }
};

TEST_F(IpvsMode, ChangesHandsUnderLoadAndOnlyDocumentedDifferencesAreWritten) {
  put_every_service();
  step("kube-proxy starts");
  ASSERT_TRUE(start_proxy("ipvs"));
  const std::string of_proxy = state();
  open_connections();
  start_load();
  let_load_run();

  step("the agent takes over");
  ASSERT_TRUE(take_over());
  expect_connections("taken over");
  expect_told_of_adoption();
  const std::string of_agent = state();
  expect_documented(difference(of_proxy, of_agent));
  let_load_run();

  step("the agent takes back what kube-proxy does not know");
  ASSERT_EQ(lab().stop(), 0);
  lab().configure({kClusterCidr, "ipvsAgent: {insideTrafficMarkMask: \"0x0\"}"});
  ASSERT_TRUE(lab().start());
  ASSERT_EQ(lab().stop(), 0);
  for (const char* tool : {"iptables", "ip6tables"}) {
    (void)lab().tool({tool, "-t", "mangle", "-D", "OUTPUT", "-m", "comment", "--comment",
                      "ipvs-agent: clients inside the cluster", "-j", "KUBE-INSIDE-NODE"});
    (void)lab().tool({tool, "-t", "mangle", "-F", "KUBE-INSIDE-NODE"});
    (void)lab().tool({tool, "-t", "mangle", "-X", "KUBE-INSIDE-NODE"});
  }

  step("kube-proxy comes back");
  ASSERT_TRUE(start_proxy("ipvs"));
  expect_connections("given back");
  EXPECT_EQ(difference(of_proxy, state()), Lines());
  let_load_run();
  stop_load();

  // And an agent that begins with nothing arrives where one that took over did.
  step("the agent cleans up");
  proxy().stop();
  EXPECT_EQ(lab().clean_up(), 0) << lab().log();
  EXPECT_EQ(lab().ipvs() + lab().addresses() + lab().sets(), "");
  step("the agent starts from nothing");
  lab().configure({kClusterCidr});
  ASSERT_TRUE(lab().start());
  EXPECT_EQ(difference(of_agent, state()), Lines());
  step("end");
}

}  // namespace
}  // namespace takeover
