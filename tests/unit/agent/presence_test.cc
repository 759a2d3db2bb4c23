#include "agent/presence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "agent/presence_record.h"

namespace agent {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

// One virtual server is wanted, and was found as it is wanted.
class PresenceTest : public testing::Test {
 protected:
  PresenceTest()
      : folder_(fs::path(testing::TempDir()) /
                (std::string("presence-") +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    ipvs::VirtualServer server;
    server.key = {.address = *base::IpAddress::parse("10.96.0.10"),
                  .port = 80,
                  .protocol = base::Protocol::kTcp};
    server.scheduler = "rr";
    PlannedVirtualServer planned;
    planned.server = server;
    ServicePlan plan;
    plan.virtual_servers = {std::move(planned)};
    (void)desired_.set_plan({"default", "web"}, std::move(plan));
    ipvs::VirtualServerState state;
    state.server = server;
    (void)found_.observe(state, {});
  }
  ~PresenceTest() override { fs::remove_all(folder_); }

  bool recorded(const std::string& boot = "boot-1") const {
    return *PresenceRecord(folder_, boot).load();
  }
  // Of which adopted() tells afterwards.
  std::size_t judged() {
    presence_.judge(found_, desired_);
    return presence_.adopted() ? presence_.adopted()->found : 0;
  }

  fs::path folder_;
  DesiredHost desired_;
  BelievedHost found_;
  PresenceRecord record_{folder_, "boot-1"};
  Presence presence_;
};

TEST_F(PresenceTest, WithoutARecordOnlyWhatOthersWroteIsTheirs) {
  EXPECT_EQ(judged(), 0u);
  presence_.note_others();
  EXPECT_EQ(judged(), 1u);
  EXPECT_TRUE(presence_.save().ok());
}

TEST_F(PresenceTest, WhatIsFoundBeforeTheFirstAgentIsOthers) {
  presence_.keep(record_);
  EXPECT_EQ(judged(), 1u);
  EXPECT_FALSE(recorded());
  ASSERT_TRUE(presence_.save().ok());
  EXPECT_TRUE(recorded());
}

TEST_F(PresenceTest, WhatIsFoundAfterAnAgentIsItsUnlessOthersWroteSince) {
  ASSERT_TRUE(record_.save().ok());
  presence_.keep(record_);
  EXPECT_EQ(judged(), 0u);
  presence_.note_others();
  EXPECT_EQ(judged(), 1u);
}

TEST_F(PresenceTest, WhereNothingIsFoundNothingIsOthers) {
  presence_.keep(record_);
  presence_.judge(BelievedHost(), desired_);
  EXPECT_FALSE(presence_.adopted());
}

TEST_F(PresenceTest, ARecordThatCannotBeReadClaimsNothing) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "in-charge") << "what?\n";
  presence_.keep(record_);
  EXPECT_EQ(judged(), 0u);
  EXPECT_TRUE(presence_.save().ok());
  EXPECT_TRUE(recorded());
}

TEST_F(PresenceTest, TheRecordIsMadeOnce) {
  presence_.keep(record_);
  ASSERT_TRUE(presence_.save().ok());
  fs::remove_all(folder_);
  EXPECT_TRUE(presence_.save().ok());
  EXPECT_FALSE(recorded());
}

TEST_F(PresenceTest, WhatCannotBeWrittenIsTriedAgain) {
  std::ofstream(folder_.string()) << "in the way";
  presence_.keep(record_);
  EXPECT_THAT(presence_.save().message(),
              AllOf(HasSubstr("; the next start may tell of a takeover that was none; give the "
                              "agent a folder"),
                    EndsWith("(ipvsAgent.stateDirectory)")));
  fs::remove(folder_);
  EXPECT_TRUE(presence_.save().ok());
  EXPECT_TRUE(recorded());
}

}  // namespace
}  // namespace agent
