#include "agent/real_server_list.h"

#include <gmock/gmock.h>

#include <vector>

namespace agent {
namespace {

using ::testing::ElementsAre;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

ipvs::RealServer real_server(const char* address, std::uint32_t weight = 1) {
  ipvs::RealServer server;
  server.key = {.address = ip(address), .port = 80};
  server.weight = weight;
  return server;
}

std::vector<ipvs::RealServer> all(const RealServerList& list) { return {list.begin(), list.end()}; }

class RealServerLists : public ::testing::Test {
 protected:
  RealServerList list_ = {real_server("10.0.0.1"), real_server("10.0.0.3")};
  RealServerList copy_ = list_;
};

TEST_F(RealServerLists, ShareTheirMemoryUntilOneIsChanged) {
  EXPECT_TRUE(copy_.shares_memory_with(list_));
  EXPECT_TRUE(copy_.put(real_server("10.0.0.2")));
  EXPECT_FALSE(copy_.shares_memory_with(list_));
  EXPECT_THAT(all(copy_), ElementsAre(real_server("10.0.0.1"), real_server("10.0.0.2"),
                                      real_server("10.0.0.3")));
  EXPECT_THAT(all(list_), ElementsAre(real_server("10.0.0.1"), real_server("10.0.0.3")));
}

TEST_F(RealServerLists, AreNotCopiedForWhatChangesNothing) {
  EXPECT_FALSE(copy_.put(real_server("10.0.0.3")));
  EXPECT_FALSE(copy_.erase(real_server("10.0.0.9").key));
  copy_.set_weight(1, [](const auto&) { return true; });
  copy_.set_weight(0, [](const auto&) { return false; });
  EXPECT_TRUE(copy_.shares_memory_with(list_));
}

TEST_F(RealServerLists, ReplaceEraseAndWeighAlone) {
  EXPECT_FALSE(copy_.put(real_server("10.0.0.3", 7)));
  EXPECT_TRUE(copy_.erase(real_server("10.0.0.1").key));
  EXPECT_THAT(all(copy_), ElementsAre(real_server("10.0.0.3", 7)));
  list_.set_weight(0, [](const auto& key) { return key.address == ip("10.0.0.1"); });
  EXPECT_THAT(all(list_), ElementsAre(real_server("10.0.0.1", 0), real_server("10.0.0.3")));
}

TEST_F(RealServerLists, ShareAgainOnlyWhatIsTheSame) {
  copy_.put(real_server("10.0.0.2"));
  copy_.share(list_);
  EXPECT_EQ(copy_.size(), 3u);
  copy_.erase(real_server("10.0.0.2").key);
  EXPECT_EQ(copy_, list_);
  EXPECT_FALSE(copy_.shares_memory_with(list_));
  copy_.share(list_);
  EXPECT_TRUE(copy_.shares_memory_with(list_));
}

TEST_F(RealServerLists, CanBeEmpty) {
  RealServerList none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none, RealServerList(RealServerList::Servers()));
  EXPECT_NE(none, list_);
  EXPECT_TRUE(none.put(real_server("10.0.0.1")));
  EXPECT_EQ(none.size(), 1u);
}

}  // namespace
}  // namespace agent
