#include "tests/kernel/packet_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace kernel_test {
namespace {

using base::Family;
using base::Protocol;

constexpr char kPage[] = IPVS_AGENT_SOURCE_DIR "/docs/packets.md";

TEST(PacketCells, AreEveryCombinationOnce) {
  std::set<Cell> cells;
  std::size_t count = 0;
  for (From from : kClients) {
    for (const Cell& cell : cells_from(from)) {
      cells.insert(cell);
      ++count;
    }
  }
  // Four kinds of client for each of 4 x 2 x 3 Services, and endpoints where there are some; each
  // over 3 protocols and 2 families.
  EXPECT_EQ(count, (4u * 24 + 8) * 6);
  EXPECT_EQ(cells.size(), count);
}

TEST(PacketRules, RefuseExactlyWhereNobodyMayBeAsked) {
  const Outcome refused{.fate = Fate::kRefused};
  for (From from : kClients) {
    for (const Cell& cell : cells_from(from)) {
      const ServiceCase& service = cell.service;
      bool nobody = service.endpoints == Endpoints::kNone ||
                    (service.vip == Vip::kClusterIp && service.policy == Policy::kLocal &&
                     service.endpoints == Endpoints::kOnlyRemote);
      EXPECT_EQ(expected(cell).contains(refused), nobody) << to_string(cell);
      EXPECT_EQ(expected(cell) == std::set<Outcome>{refused}, nobody) << to_string(cell);
    }
  }
}

TEST(PacketRules, KeepTheSourceForPolicyLocal) {
  ServiceCase service{Vip::kLoadBalancer, Policy::kLocal, Endpoints::kLocalAndRemote};
  EXPECT_EQ(in_words(expected({service, From::kOutside})), "local: kept");
  service.policy = Policy::kCluster;
  EXPECT_EQ(in_words(expected({service, From::kOutside})), "both: node");
}

TEST(PacketPage, IsWhatTheRulesGenerate) {
  if (std::getenv("PACKETS_UPDATE") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    std::ofstream(kPage) << packets_page();
  }
  std::ifstream file(kPage);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == packets_page())
      << "docs/packets.md is not up to date: PACKETS_UPDATE=1 build/dev/tests/unit/unit_packets";
}

}  // namespace
}  // namespace kernel_test
