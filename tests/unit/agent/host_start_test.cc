// Which hosts the agent starts on, and what it takes over as it finds it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "ipvs/text.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::FakeAgent;
using fakes::FakeNode;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const ipvs::VirtualServerKey kProbe{*base::IpAddress::parse("198.51.100.0"), 20000,
                                    base::Protocol::kTcp, 0};

class HostStart : public testing::Test {
 protected:
  // Carries out what others do to the IPVS table.
  void others(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      std::vector<ipvs::IpvsOp> ops = {*ipvs::parse_op(line)};
      ASSERT_TRUE(node_.ipvs.apply(ops).front().ok()) << line;
    }
    node_.take_log();
  }
  base::Status prepare() { return FakeAgent(node_).prepared; }

  FakeNode node_;
};

TEST_F(HostStart, TheSchedulerIsTriedAndNothingIsLeft) {
  EXPECT_TRUE(prepare().ok());
  EXPECT_THAT(node_.ipvs.log(),
              ElementsAre("-A -t 198.51.100.0:20000 -s rr", "-D -t 198.51.100.0:20000"));
}

TEST_F(HostStart, AVirtualServerThatUsesTheSchedulerProvesIt) {
  others({"-A -t 203.0.113.9:443 -s rr"});
  EXPECT_TRUE(prepare().ok());
  EXPECT_THAT(node_.ipvs.log(), IsEmpty());
}

TEST_F(HostStart, AProbeThatACrashLeftIsRemoved) {
  others({"-A -t 198.51.100.0:20000 -s wlc"});
  EXPECT_TRUE(prepare().ok());
  EXPECT_THAT(node_.ipvs.log(), Contains("-D -t 198.51.100.0:20000"));
}

TEST_F(HostStart, ATableThatCannotBeReadIsAFailure) {
  node_.ipvs_faults.fail_reads(1, base::Status::from_errno(EPERM, "dump"));
  base::Status status = prepare();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("reading the IPVS table"));
}

TEST_F(HostStart, ATrialThatFailsIsAFailure) {
  node_.ipvs_faults.fail_next_operation({.error_number = ENOMEM});
  EXPECT_THAT(prepare().message(), HasSubstr("trying IPVS scheduler \"rr\""));
}

TEST_F(HostStart, ATrialThatCannotBeTakenBackIsAFailure) {
  node_.ipvs_faults.fail_next_operation({.error_number = ENOMEM}, 1);
  EXPECT_THAT(prepare().message(), HasSubstr("removing the scheduler probe"));
}

TEST_F(HostStart, ASetThatCannotBeMadeDegradesTheHostAndStopsNothing) {
  node_.ipset_faults.fail_next_operation({.error_number = ENOMEM});
  FakeAgent agent(node_);
  EXPECT_TRUE(agent.prepared.ok());
  EXPECT_EQ(agent.host.problems().size(), 1u);
}

TEST_F(HostStart, AddressesThatOthersBoundAreReservedAtTheStartAndByTheAudit) {
  const base::IpAddress address = *base::IpAddress::parse("fd00:96::1");
  const std::string line = "addr change fd00:96::1/128 dev kube-ipvs0 preferred_lft 0";
  node_.addresses.make_device("dummy");
  node_.addresses.bind_and_lend(address);
  FakeAgent agent(node_);
  EXPECT_THAT(node_.addresses.log(), ElementsAre(line));
  agent.put(fakes::make_service("web", "fd00:96::1", {{"", base::Protocol::kTcp, 80, 0}}));
  agent.sync();
  agent.run();
  node_.addresses.clear_log();
  agent.run_for(std::chrono::seconds(90));
  EXPECT_THAT(node_.addresses.log(), IsEmpty());
  node_.addresses.bind_and_lend(address);
  agent.run_for(std::chrono::seconds(90));
  EXPECT_THAT(node_.addresses.log(), ElementsAre(line));
}

// As kube-proxy's syncService: what is right stays untouched, what differs is edited in place.
TEST_F(HostStart, WhatIsThereIsTakenOverAndOnlyDifferencesAreWritten) {
  for (const char* service : {"-t", "-u", "--sctp-service"}) {
    std::string flag = std::string(service) + " 10.96.0.";
    others({"-A " + flag + "1:80 -s rr", "-A " + flag + "2:80 -s wlc",
            "-A " + flag + "3:80 -s rr -p 60"});
  }
  std::vector<netconf::AddressOp> device = {
      netconf::CreateDevice{}, netconf::BindAddress{*base::IpAddress::parse("10.96.0.1")}};
  for (const base::Status& status : node_.addresses.apply(device)) ASSERT_TRUE(status.ok());
  FakeAgent agent(node_);
  node_.take_log();
  std::vector<watchers::ServicePort> ports = {{"t", base::Protocol::kTcp, 80, 0},
                                              {"u", base::Protocol::kUdp, 80, 0},
                                              {"s", base::Protocol::kSctp, 80, 0}};
  for (int i = 1; i <= 4; ++i) {
    std::string number = std::to_string(i);
    agent.put(fakes::make_service("s" + number, "10.96.0." + number, ports));
  }
  agent.sync();
  agent.run();
  EXPECT_THAT(node_.ipvs.log(),
              testing::UnorderedElementsAre("-E -t 10.96.0.2:80 -s rr", "-E -u 10.96.0.2:80 -s rr",
                                            "-E --sctp-service 10.96.0.2:80 -s rr",
                                            "-E -t 10.96.0.3:80 -s rr", "-E -u 10.96.0.3:80 -s rr",
                                            "-E --sctp-service 10.96.0.3:80 -s rr",
                                            "-A -t 10.96.0.4:80 -s rr", "-A -u 10.96.0.4:80 -s rr",
                                            "-A --sctp-service 10.96.0.4:80 -s rr"));
  EXPECT_THAT(node_.addresses.log(),
              testing::UnorderedElementsAre(HasSubstr("addr add 10.96.0.2/32"),
                                            HasSubstr("addr add 10.96.0.3/32"),
                                            HasSubstr("addr add 10.96.0.4/32")));
}

}  // namespace
}  // namespace agent
