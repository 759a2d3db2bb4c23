#include "agent/node_port_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "ipvs/text.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

namespace fs = std::filesystem;
using fakes::FakeAgent;
using fakes::FakeNode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr base::Protocol kTcp = base::Protocol::kTcp;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

class NodePortJournalTest : public testing::Test {
 protected:
  NodePortJournalTest()
      : folder_(fs::path(testing::TempDir()) /
                (std::string("node-ports-") +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    have({"192.168.0.10"});
  }
  ~NodePortJournalTest() override { fs::remove_all(folder_); }

  NodePortJournal journal(const std::string& boot = "boot-1") const { return {folder_, boot}; }
  void have(const std::vector<const char*>& addresses) {
    std::vector<netconf::NodeAddress> held;
    for (const char* address : addresses) held.push_back({ip(address), 24, "eth0"});
    node_.addresses.set_node_addresses(held);
  }
  // Somebody else's virtual server.
  void add_foreign(const char* address, base::Port port) {
    ipvs::VirtualServer server;
    server.key = {.address = ip(address), .port = port, .protocol = kTcp};
    server.scheduler = "rr";
    std::vector<ipvs::IpvsOp> ops = {ipvs::AddVirtualServer{server}};
    ASSERT_TRUE(node_.ipvs.apply(ops).front().ok());
  }
  // An agent for a Service with node port 30080, or for none.
  void run(const NodePortJournal* journal, bool with_service = true) {
    agent_ = std::make_unique<FakeAgent>(node_);
    if (journal != nullptr) {
      own_journal_ = std::make_unique<NodePortJournal>(*journal);
      agent_->host.keep_node_ports(*own_journal_);
    }
    if (with_service)
      agent_->put(fakes::make_service("web", "10.96.0.10", {{"", kTcp, 80, 30080}}));
    agent_->sync();
    agent_->run();
    ASSERT_EQ(agent_->listener.starts, 1);
  }
  std::vector<std::string> served() {
    std::vector<std::string> keys;
    const ipvs::IpvsState held = *node_.ipvs.read();
    for (const auto& state : held.virtual_servers) {
      if (state.server.key.port != 80) keys.push_back(state.server.key.address.to_string());
    }
    return keys;
  }

  fs::path folder_;
  FakeNode node_;
  std::unique_ptr<NodePortJournal> own_journal_;
  std::unique_ptr<FakeAgent> agent_;
};

TEST_F(NodePortJournalTest, LoadsWhatWasSaved) {
  EXPECT_THAT(*journal().load(), IsEmpty());
  ASSERT_TRUE(journal().save({ip("fd00::1"), ip("192.0.2.1")}).ok());
  EXPECT_THAT(*journal().load(), ElementsAre(ip("192.0.2.1"), ip("fd00::1")));
  EXPECT_THAT(*journal("boot-2").load(), IsEmpty());
  std::ofstream(folder_ / "node-port-addresses")
      << "ipvs-agent node-port-addresses, format 1, boot boot-1\n192.0.2.1\nhere\nend\n";
  EXPECT_THAT(journal().load().status().message(), HasSubstr("line 3 is not understood"));
}

TEST_F(NodePortJournalTest, AnAddressThatLeftWhileNoAgentRanIsCleanedUp) {
  const NodePortJournal file = journal();
  run(&file);
  ASSERT_THAT(served(), ElementsAre("192.168.0.10"));
  // An address that was never the node's, and a port that is no node port.
  add_foreign("192.168.0.99", 30080);
  add_foreign("192.168.0.10", 31000);
  have({"192.168.0.11"});
  run(&file);
  EXPECT_THAT(served(), ElementsAre("192.168.0.10", "192.168.0.11", "192.168.0.99"));
  EXPECT_THAT(ipvs::to_text(*node_.ipvs.read()), Not(HasSubstr("192.168.0.10:30080")));
  EXPECT_THAT(*file.load(), ElementsAre(ip("192.168.0.11")));
  EXPECT_EQ(agent_->host.foreign_virtual_servers(), 2u);
}

TEST_F(NodePortJournalTest, SoIsOneWhoseServiceLeftTooOrWhoseAgentDoesNotStart) {
  const NodePortJournal file = journal();
  run(&file);
  have({});
  run(&file, false);
  EXPECT_THAT(served(), IsEmpty());
  have({"192.168.0.10"});
  run(&file);
  have({});
  Host leaving(node_.tables(), FakeAgent::default_host_options());
  NodePortJournal left = file;
  leaving.keep_node_ports(left);
  EXPECT_THAT(leaving.clean_up(), IsEmpty());
  EXPECT_THAT(served(), IsEmpty());
}

TEST_F(NodePortJournalTest, WithoutItOrAfterAnotherBootNobodyKnowsThem) {
  const NodePortJournal file = journal();
  run(&file);
  have({"192.168.0.11"});
  const NodePortJournal later = journal("boot-2");
  run(&later);
  EXPECT_THAT(served(), ElementsAre("192.168.0.10", "192.168.0.11"));
  EXPECT_THAT(agent_->host.problems(), IsEmpty());
  EXPECT_THAT(*later.load(), ElementsAre(ip("192.168.0.11")));
}

TEST_F(NodePortJournalTest, AFileThatCannotBeWrittenIsAProblemAndNoFailure) {
  const NodePortJournal nowhere("/proc/nowhere", "boot-1");
  run(&nowhere);
  EXPECT_THAT(served(), ElementsAre("192.168.0.10"));
  ASSERT_TRUE(agent_->host.problems().contains("node port journal"));
  EXPECT_THAT(agent_->host.problems().at("node port journal"), HasSubstr("stateDirectory"));
}

}  // namespace
}  // namespace agent
