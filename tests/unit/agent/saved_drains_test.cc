#include "agent/saved_drains.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "agent/drain_journal.h"

namespace agent {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const base::TimePoint kNow = base::TimePoint() + std::chrono::hours(1);

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

class SavedDrainsTest : public testing::Test {
 protected:
  SavedDrainsTest()
      : folder_(fs::path(testing::TempDir()) /
                (std::string("saved-drains-") +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
  }
  ~SavedDrainsTest() override { fs::remove_all(folder_); }

  static ipvs::VirtualServerKey web() {
    return {.address = ip("10.96.0.10"), .port = 80, .protocol = base::Protocol::kTcp};
  }
  // As many real servers drain from now on.
  void drain(std::size_t count) {
    std::vector<ipvs::RealServerKey> servers;
    for (std::size_t i = 0; i < count; ++i) {
      servers.push_back({ip("10.244.1.5"), static_cast<base::Port>(8080 + i)});
    }
    (void)drains_.set(web(), servers, kNow);
  }
  std::vector<RememberedDrain> file() const { return *DrainJournal(folder_, "boot-1").load(); }

  fs::path folder_;
  Drains drains_{minutes(15)};
  DrainJournal journal_{folder_, "boot-1"};
  SavedDrains saved_;
};

TEST_F(SavedDrainsTest, WithoutAJournalNothingIsDue) {
  drain(1);
  EXPECT_EQ(saved_.due(drains_), std::nullopt);
  EXPECT_TRUE(saved_.save(drains_, kNow).ok());
}

TEST_F(SavedDrainsTest, NothingIsWrittenWhileTheJournalKnowsAll) {
  ASSERT_TRUE(saved_.keep(journal_, drains_).ok());
  EXPECT_EQ(saved_.due(drains_), std::nullopt);
  ASSERT_TRUE(saved_.save(drains_, kNow).ok());
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(SavedDrainsTest, WhatABurstDrainsIsWrittenTogether) {
  ASSERT_TRUE(saved_.keep(journal_, drains_).ok());
  drain(1);
  ASSERT_TRUE(saved_.due(drains_));
  EXPECT_LE(*saved_.due(drains_), kNow);
  ASSERT_TRUE(saved_.save(drains_, kNow).ok());
  EXPECT_THAT(file(), SizeIs(1));
  EXPECT_EQ(saved_.due(drains_), std::nullopt);
  drain(2);
  ASSERT_TRUE(saved_.save(drains_, kNow + milliseconds(500)).ok());
  drain(3);
  EXPECT_EQ(saved_.due(drains_), kNow + seconds(1));
  EXPECT_THAT(file(), SizeIs(1));
  ASSERT_TRUE(saved_.save(drains_, kNow + seconds(1)).ok());
  EXPECT_THAT(file(), SizeIs(3));
}

TEST_F(SavedDrainsTest, ADrainThatIsKnownKeepsItsBeginning) {
  const RememberedDrain known{web(), {ip("10.244.1.5"), 8080}, kNow - minutes(10)};
  ASSERT_TRUE(journal_.save(std::vector{known}).ok());
  ASSERT_TRUE(saved_.keep(journal_, drains_).ok());
  EXPECT_EQ(saved_.due(drains_), std::nullopt);
  drain(1);
  const Drain* found = drains_.find(known.virtual_server, known.server);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->started, known.started);
}

TEST_F(SavedDrainsTest, AJournalThatIsNotUnderstoodIsReplacedByTheNextDrain) {
  fs::create_directories(folder_);
  std::ofstream(journal_.path()) << "what?\n";
  EXPECT_THAT(saved_.keep(journal_, drains_).message(),
              AllOf(HasSubstr("drains: line 1 is not understood; drains that an earlier agent"),
                    EndsWith("the next drain replaces the file")));
  EXPECT_FALSE(saved_.save(drains_, kNow).ok());  // nothing to write
  drain(1);
  EXPECT_TRUE(saved_.save(drains_, kNow).ok());
  EXPECT_THAT(file(), SizeIs(1));
}

TEST_F(SavedDrainsTest, WhatCannotBeWrittenIsTriedAgainAfterAWhile) {
  std::ofstream(folder_.string()) << "in the way";
  (void)saved_.keep(journal_, drains_);
  drain(1);
  EXPECT_THAT(saved_.save(drains_, kNow).message(),
              AllOf(HasSubstr("; drains get their whole time again when the agent restarts; give "),
                    EndsWith("it a folder that it can write (ipvsAgent.stateDirectory)")));
  EXPECT_EQ(saved_.due(drains_), kNow + seconds(30));
  fs::remove(folder_);
  EXPECT_FALSE(saved_.save(drains_, kNow + seconds(29)).ok());
  EXPECT_THAT(file(), IsEmpty());
  EXPECT_TRUE(saved_.save(drains_, kNow + seconds(30)).ok());
  EXPECT_THAT(file(), SizeIs(1));
  EXPECT_EQ(saved_.due(drains_), std::nullopt);
}

}  // namespace
}  // namespace agent
