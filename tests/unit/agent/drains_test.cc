#include "agent/drains.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "agent/drain_journal.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::FakeAgent;
using fakes::FakeNode;
using fakes::make_service;
using fakes::make_slice;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;

namespace fs = std::filesystem;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

base::TimePoint at(seconds since_boot) { return base::TimePoint(since_boot); }

const ipvs::VirtualServerKey kWeb{*base::IpAddress::parse("10.96.0.10"), 80, base::Protocol::kTcp,
                                  0};
const ipvs::RealServerKey kFirst{*base::IpAddress::parse("10.244.1.1"), 8080};
const ipvs::RealServerKey kSecond{*base::IpAddress::parse("10.244.1.2"), 8080};

TEST(Drains, KeepTheRecordOfThoseThatGoOnAndTellOfTheOthers) {
  Drains drains(minutes(1));
  Drains::Change change = drains.set(kWeb, std::vector{kFirst, kSecond}, at(seconds(10)));
  EXPECT_EQ(change.started.size(), 2u);
  EXPECT_THAT(change.forgotten, IsEmpty());
  change = drains.set(kWeb, std::vector{kSecond}, at(seconds(20)));
  EXPECT_THAT(change.started, IsEmpty());
  ASSERT_EQ(change.forgotten.size(), 1u);
  EXPECT_EQ(change.forgotten[0].server, kFirst);
  EXPECT_EQ(drains.find(kWeb, kSecond)->deadline, at(seconds(70)));
  EXPECT_EQ(drains.size(), 1u);
}

TEST(Drains, CountANewLimitFromTheBeginning) {
  Drains drains(minutes(1));
  (void)drains.set(kWeb, std::vector{kFirst}, at(seconds(10)));
  drains.set_limit(minutes(5));
  EXPECT_EQ(drains.find(kWeb, kFirst)->deadline, at(seconds(310)));
  drains.set_limit(std::nullopt);
  EXPECT_EQ(drains.find(kWeb, kFirst)->deadline, base::TimePoint::max());
}

TEST(Drains, RememberTheBeginningOnlyOnce) {
  Drains drains(minutes(1));
  drains.remember(std::vector<RememberedDrain>{{kWeb, kFirst, at(seconds(5))},
                                               {kWeb, kSecond, at(seconds(900))}});
  EXPECT_EQ(drains.to_remember().size(), 2u);
  Drains::Change change = drains.set(kWeb, std::vector{kFirst, kSecond}, at(seconds(30)));
  ASSERT_EQ(change.started.size(), 2u);
  EXPECT_EQ(change.started[0].deadline, at(seconds(65)));
  // No drain begins later than it is found.
  EXPECT_EQ(change.started[1].started, at(seconds(30)));
  (void)drains.set(kWeb, {}, at(seconds(40)));
  (void)drains.set(kWeb, std::vector{kFirst}, at(seconds(50)));
  EXPECT_EQ(drains.find(kWeb, kFirst)->started, at(seconds(50)));
}

TEST(Drains, ChangeTheirRevisionOnlyWithWhatIsRemembered) {
  Drains drains(minutes(1));
  std::uint64_t revision = drains.revision();
  (void)drains.set(kWeb, {}, at(seconds(1)));
  EXPECT_EQ(drains.revision(), revision);
  (void)drains.set(kWeb, std::vector{kFirst}, at(seconds(1)));
  EXPECT_NE(drains.revision(), revision);
  revision = drains.revision();
  (void)drains.set(kWeb, std::vector{kFirst}, at(seconds(2)));
  EXPECT_EQ(drains.revision(), revision);
  (void)drains.set(kWeb, {}, at(seconds(3)));
  EXPECT_NE(drains.revision(), revision);
}

// A folder of its own for each test.
class JournalTest : public testing::Test {
 protected:
  JournalTest()
      : folder_(fs::path(testing::TempDir()) /
                (std::string("drains-") +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
  }
  ~JournalTest() override { fs::remove_all(folder_); }

  DrainJournal journal(const std::string& boot = "boot-1") const { return {folder_, boot}; }
  std::string text() const {
    std::ifstream file(journal().path());
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }
  void write(const std::string& text) const {
    fs::create_directories(folder_);
    std::ofstream(journal().path()) << text;
  }

  fs::path folder_;
};

TEST_F(JournalTest, LoadsWhatWasSaved) {
  EXPECT_THAT(*journal().load(), IsEmpty());
  const ipvs::VirtualServerKey sctp{ip("fd00:96::1"), 9, base::Protocol::kSctp, 0};
  std::vector<RememberedDrain> drains = {{kWeb, kFirst, at(seconds(7))},
                                         {sctp, {ip("fd00::1"), 10}, at(seconds(8))}};
  ASSERT_TRUE(journal().save(drains).ok());
  EXPECT_EQ(text(),
            "ipvs-agent drains, format 1, boot boot-1\n"
            "7000000000 -d -t 10.96.0.10:80 -r 10.244.1.1:8080\n"
            "8000000000 -d --sctp-service [fd00:96::1]:9 -r [fd00::1]:10\n"
            "end\n");
  EXPECT_EQ(*journal().load(), drains);
  EXPECT_THAT(*journal("boot-2").load(), IsEmpty());
  ASSERT_TRUE(journal().save({}).ok());
  EXPECT_THAT(*journal().load(), IsEmpty());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(JournalTest, NamesTheLineThatItDoesNotUnderstand) {
  ASSERT_TRUE(journal().save(std::vector<RememberedDrain>{{kWeb, kFirst, at(seconds(7))}}).ok());
  const std::string good = text();
  for (std::size_t length = 1; length + 1 < good.size(); ++length) {
    write(good.substr(0, length));
    EXPECT_EQ(journal().load().status().code(), base::Code::kCorrupt) << length;
  }
  write(std::string("\0\xff\n", 3));
  EXPECT_THAT(journal().load().status().message(), HasSubstr("drains: line 1 is not understood"));
  for (const char* line :
       {"-5 -d -t 10.96.0.10:80 -r 10.244.1.1:8080", "5 -D -t 10.96.0.10:80", "5", "",
        "99999999999999999999 -d -t 10.96.0.10:80 -r 10.244.1.1:8080", "5 rm -rf"}) {
    write("ipvs-agent drains, format 1, boot boot-1\n" + std::string(line) + "\nend\n");
    EXPECT_THAT(journal().load().status().message(), HasSubstr("line 2 is not understood")) << line;
  }
}

TEST_F(JournalTest, SaysWhyItCannotBeWritten) {
  write("");
  DrainJournal below_a_file(journal().path(), "boot-1");
  EXPECT_THAT(below_a_file.save({}).message(), HasSubstr(journal().path() + "/drains"));
  EXPECT_FALSE(below_a_file.load().ok());
  DrainJournal nowhere("/proc/nowhere", "boot-1");
  EXPECT_THAT(nowhere.save({}).message(), HasSubstr("making the folder /proc/nowhere"));
}

// Agents, one after the other, on a node where default/web loses 10.244.1.2.
class DrainRestart : public JournalTest {
 protected:
  std::unique_ptr<FakeAgent> start(DrainJournal& journal, bool without_second) {
    auto agent = std::make_unique<FakeAgent>(node_);
    agent->host.keep_drains(journal);
    put(*agent, without_second);
    agent->sync();
    agent->run();
    return agent;
  }
  static void put(FakeAgent& agent, bool without_second) {
    agent.put(make_service("web", "10.96.0.10", {{"", kWeb.protocol, 80, 0}}));
    std::vector<std::string> addresses = {"10.244.1.1"};
    if (!without_second) addresses.emplace_back("10.244.1.2");
    agent.put(make_slice("web", "web-1", {{"", kWeb.protocol, 8080}}, addresses));
  }
  // An agent has drained the second real server for 10 of its 15 minutes, and was killed.
  void drain_for_ten_minutes(DrainJournal& journal) {
    auto agent = start(journal, false);
    ASSERT_TRUE(node_.ipvs.set_connections(kWeb, kSecond, 3, 1));
    put(*agent, true);
    agent->run();
    agent->run_for(minutes(10), seconds(5));
    ASSERT_EQ(agent->host.drains().size(), 1u);
  }
  base::Duration left(const FakeAgent& agent) const {
    const Drain* drain = agent.host.drains().find(kWeb, kSecond);
    return drain == nullptr ? base::Duration::zero() : drain->deadline - node_.clock.now();
  }

  FakeNode node_;
};

TEST_F(DrainRestart, ADrainKeepsItsDeadline) {
  DrainJournal file = journal();
  drain_for_ten_minutes(file);
  EXPECT_THAT(text(), HasSubstr("-d -t 10.96.0.10:80 -r 10.244.1.2:8080\n"));
  node_.take_log();
  auto agent = start(file, true);
  EXPECT_EQ(left(*agent), minutes(5));
  ASSERT_EQ(agent->listener.rounds.front().report.started_drains.size(), 1u);
  EXPECT_THAT(node_.take_log(), IsEmpty());
  agent->run_for(minutes(5) + seconds(4));
  EXPECT_THAT(node_.take_log(), ElementsAre("-d -t 10.96.0.10:80 -r 10.244.1.2:8080"));
  EXPECT_EQ(agent->listener.drains.at(0).end, DrainEnd::kDeadline);
  EXPECT_THAT(text(), Not(HasSubstr("-d -t")));
}

TEST_F(DrainRestart, WithoutAFileItStartsAnew) {
  DrainJournal file = journal();
  drain_for_ten_minutes(file);
  fs::remove(file.path());
  auto agent = start(file, true);
  EXPECT_EQ(left(*agent), minutes(15));
  EXPECT_THAT(agent->host.problems(), Not(Contains(Key("drain journal"))));
}

TEST_F(DrainRestart, ABrokenFileIsAProblemUntilTheNextDrainReplacesIt) {
  DrainJournal file = journal();
  drain_for_ten_minutes(file);
  write("what is this?\n");
  FakeAgent agent(node_);
  agent.host.keep_drains(file);
  EXPECT_THAT(agent.host.problems().at("drain journal"), HasSubstr("line 1 is not understood"));
  put(agent, true);
  agent.sync();
  agent.run();
  EXPECT_EQ(left(agent), minutes(15));
  EXPECT_THAT(agent.host.problems(), Not(Contains(Key("drain journal"))));
  EXPECT_TRUE(file.load().ok());
}

TEST_F(DrainRestart, AFolderThatCannotBeWrittenIsAProblemAndNoFailure) {
  write("");
  DrainJournal nowhere(journal().path(), "boot-1");
  auto agent = start(nowhere, false);
  ASSERT_TRUE(node_.ipvs.set_connections(kWeb, kSecond, 3, 1));
  put(*agent, true);
  agent->run();
  EXPECT_EQ(left(*agent), minutes(15));
  EXPECT_THAT(agent->host.problems().at("drain journal"), HasSubstr("ipvsAgent.stateDirectory"));
  // It is tried again, and mended.
  fs::remove(journal().path());
  agent->run_for(seconds(31));
  EXPECT_THAT(agent->host.problems(), Not(Contains(Key("drain journal"))));
  EXPECT_EQ(nowhere.load()->size(), 1u);
}

TEST_F(DrainRestart, TheFileIsWrittenOnlyWhenDrainsChange) {
  DrainJournal file = journal();
  drain_for_ten_minutes(file);
  auto agent = start(file, true);
  agent->run_for(seconds(2));
  struct stat before {};
  ASSERT_EQ(stat(file.path().c_str(), &before), 0);
  agent->put(make_service("other", "10.96.0.11", {{"", kWeb.protocol, 80, 0}}));
  agent->run_for(minutes(2));
  struct stat after {};
  ASSERT_EQ(stat(file.path().c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

TEST_F(DrainRestart, OneThatReturnedMeanwhileAndLeavesAgainGetsItsWholeTime) {
  DrainJournal file = journal();
  drain_for_ten_minutes(file);
  auto agent = start(file, false);
  EXPECT_EQ(agent->host.drains().size(), 0u);
  put(*agent, true);
  agent->run();
  EXPECT_EQ(left(*agent), minutes(15));
}

TEST_F(DrainRestart, AReturningOneIsToldOf) {
  DrainJournal file = journal();
  drain_for_ten_minutes(file);
  auto agent = start(file, true);
  put(*agent, false);
  agent->run();
  const auto& ended = agent->listener.rounds.back().report.ended_drains;
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].end, DrainEnd::kReturned);
}

TEST_F(DrainRestart, ADeletionThatFailsIsNoSecondDrain) {
  DrainJournal file = journal();
  drain_for_ten_minutes(file);
  auto agent = start(file, true);
  node_.ipvs_faults.fail_all_operations({.error_number = ENOMEM});
  agent->run_for(minutes(6), seconds(5));
  node_.ipvs_faults.stop();
  ASSERT_EQ(agent->host.drains().size(), 1u);
  EXPECT_TRUE(agent->host.drains().find(kWeb, kSecond)->finished);
  agent->run_for(minutes(1));
  EXPECT_EQ(agent->host.drains().size(), 0u);
  EXPECT_EQ(node_.ipvs.read()->virtual_servers.at(0).real_servers.size(), 1u);
}

TEST(DrainProtocols, SctpDrainsAndUdpDoesNot) {
  for (base::Protocol protocol :
       {base::Protocol::kTcp, base::Protocol::kSctp, base::Protocol::kUdp}) {
    FakeNode node;
    FakeAgent agent(node);
    agent.put(make_service("web", "10.96.0.10", {{"", protocol, 80, 0}}));
    agent.put(make_slice("web", "web-1", {{"", protocol, 8080}}, {"10.244.1.1", "10.244.1.2"}));
    agent.sync();
    agent.run();
    ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, protocol, 0};
    ASSERT_TRUE(node.ipvs.set_connections(key, kSecond, 1, 0));
    agent.put(make_slice("web", "web-1", {{"", protocol, 8080}}, {"10.244.1.1"}));
    agent.run();
    bool drains = protocol != base::Protocol::kUdp;
    EXPECT_EQ(agent.host.drains().size(), drains ? 1u : 0u) << to_string(protocol);
    agent.run_for(seconds(30));
    EXPECT_EQ(node.ipvs.read()->virtual_servers.at(0).real_servers.size(), drains ? 2u : 1u);
    if (!drains) continue;
    ASSERT_TRUE(node.ipvs.set_connections(key, kSecond, 0, 0));
    agent.run_for(seconds(5));
    EXPECT_EQ(node.ipvs.read()->virtual_servers.at(0).real_servers.size(), 1u);
  }
}

}  // namespace
}  // namespace agent
