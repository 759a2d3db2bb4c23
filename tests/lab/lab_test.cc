// The lab's own test: requests of every protocol and family through virtual servers made by hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/lab/client.h"
#include "tests/lab/echo_server.h"
#include "tests/lab/node_state.h"
#include "tests/lab/topology.h"

namespace lab {
namespace {

using base::Family;
using base::IpAddress;
using base::Protocol;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr base::Port kServerPort = 8080;
constexpr Protocol kProtocols[] = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp};
constexpr Family kFamilies[] = {Family::kIpv4, Family::kIpv6};

IpAddress service_address(Family family) {
  return IpAddress::parse(family == Family::kIpv4 ? "10.96.0.10" : "fd00:96::10").value();
}

std::string bracketed(const IpAddress& address) {
  return address.is_ipv4() ? address.to_string() : "[" + address.to_string() + "]";
}

class LabTest : public ::testing::Test {
 protected:
  void SetUp() override {
    base::Result<Topology> made = Topology::create({.name = "lt", .clients = 2});
    ASSERT_TRUE(made.ok()) << made.status().message();
    topology_ = std::make_unique<Topology>(std::move(*made));
  }

  void serve(const Namespace& where, const std::string& name,
             const std::function<IpAddress(Family)>& address) {
    std::vector<Target> targets;
    for (Family family : kFamilies) {
      for (Protocol protocol : kProtocols) {
        targets.push_back({protocol, address(family), kServerPort});
      }
    }
    base::Result<std::unique_ptr<EchoServer>> server = EchoServer::start(where, name, targets);
    ASSERT_TRUE(server.ok()) << server.status().message();
    servers_.push_back(std::move(*server));
  }

  void serve_everywhere() {
    for (std::size_t i : {0u, 1u}) {
      serve(topology_->pod(i), "pod-" + std::to_string(i),
            [=](Family family) { return Topology::pod_address(i, family); });
    }
    serve(topology_->remote(0), "remote-0",
          [](Family family) { return Topology::remote_address(0, family); });
  }

  void balance_by_hand() {
    std::string addresses;
    std::string rules;
    for (Family family : kFamilies) {
      IpAddress vip = service_address(family);
      addresses += "addr add " + vip.to_string() + "/" + std::to_string(vip.bits()) + " dev svc\n";
      for (Protocol protocol : kProtocols) {
        std::string flag = protocol == Protocol::kTcp ? "-t " : "-u ";
        if (protocol == Protocol::kSctp) flag = "--sctp-service ";
        std::string service = flag + bracketed(vip) + ":80";
        rules += "-A " + service + " -s rr\n";
        for (const IpAddress& server :
             {Topology::pod_address(0, family), Topology::pod_address(1, family),
              Topology::remote_address(0, family)}) {
          rules += "-a " + service + " -r " + bracketed(server) + ":8080 -m\n";
        }
      }
    }
    ASSERT_TRUE(check({"ip", "-batch", "-"}, "link add svc type dummy\n" + addresses));
    ASSERT_TRUE(check({"ipvsadm", "-R"}, rules));
  }

  testing::AssertionResult check(const std::vector<std::string>& argv, const std::string& input) {
    base::Result<std::string> done = topology_->node().check(argv, input);
    if (done.ok()) return testing::AssertionSuccess();
    return testing::AssertionFailure() << done.status().message();
  }

  std::unique_ptr<Topology> topology_;
  std::vector<std::unique_ptr<EchoServer>> servers_;
};

TEST_F(LabTest, EveryProtocolReachesEveryServerWithoutAnyService) {
  serve_everywhere();
  for (Family family : kFamilies) {
    for (Protocol protocol : kProtocols) {
      Target target{protocol, Topology::remote_address(0, family), kServerPort};
      base::Result<Reply> reply = request(topology_->client(), target);
      ASSERT_TRUE(reply.ok()) << to_string(target) << ": " << reply.status().message();
      EXPECT_EQ(reply->server, "remote-0");
      EXPECT_EQ(reply->peer, Topology::client_address(0, family));
      EXPECT_EQ(reply->text, "hello");
    }
    base::Result<Reply> reply =
        request(topology_->pod(0), {Protocol::kTcp, Topology::pod_address(1, family), kServerPort});
    ASSERT_TRUE(reply.ok()) << reply.status().message();
    EXPECT_EQ(reply->peer, Topology::pod_address(0, family));
  }
}

TEST_F(LabTest, AVirtualServerMadeByHandSpreadsEveryProtocolAndFamily) {
  serve_everywhere();
  ASSERT_NO_FATAL_FAILURE(balance_by_hand());
  for (Family family : kFamilies) {
    for (Protocol protocol : kProtocols) {
      Target vip{protocol, service_address(family), 80};
      base::Result<std::map<std::string, int>> counts = spread(topology_->client(1), vip, 6);
      ASSERT_TRUE(counts.ok()) << to_string(vip) << ": " << counts.status().message();
      EXPECT_THAT(*counts,
                  UnorderedElementsAre(Pair("pod-0", 2), Pair("pod-1", 2), Pair("remote-0", 2)))
          << to_string(vip);
      base::Result<Reply> reply = request(topology_->client(1), vip);
      ASSERT_TRUE(reply.ok()) << reply.status().message();
      EXPECT_EQ(reply->peer, Topology::client_address(1, family));
    }
  }
  // The kernel adds its processors' counters up every two seconds.
  std::string stats;
  EXPECT_TRUE(eventually(
      [&] {
        base::Result<std::string> shown = topology_->node().check(
            {"ipvsadm", "-Ln", "--stats", "--exact", "-t", "10.96.0.10:80"});
        stats = shown.ok() ? *shown : shown.status().message();
        return stats.find("TCP  10.96.0.10:80                       7 ") != std::string::npos;
      },
      std::chrono::seconds(20)))
      << stats;
}

TEST_F(LabTest, AConnectionOutlivesItsListenerAndNewClientsAreRefused) {
  serve_everywhere();
  Target target{Protocol::kTcp, Topology::pod_address(0, Family::kIpv4), kServerPort};
  base::Result<Connection> connection = Connection::open(topology_->client(), target);
  ASSERT_TRUE(connection.ok()) << connection.status().message();
  base::Result<Reply> reply = connection->ask("one");
  ASSERT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_EQ(reply->peer_port, connection->local().port());
  servers_[0]->stop_listening();
  reply = connection->ask("two");
  ASSERT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_EQ(reply->text, "two");
  for (Protocol protocol : kProtocols) {
    target.protocol = protocol;
    EXPECT_EQ(request(topology_->client(), target).status().error_number(), ECONNREFUSED)
        << to_string(target);
  }
  servers_[0]->stop();
  EXPECT_EQ(connection->ask("three").status().error_number(), ECONNRESET);
}

TEST_F(LabTest, SilenceIsATimeOut) {
  ASSERT_TRUE(check({"iptables", "-I", "FORWARD", "-j", "DROP"}, ""));
  for (Protocol protocol : kProtocols) {
    Target target{protocol, Topology::pod_address(0, Family::kIpv4), kServerPort};
    ClientOptions options;
    options.timeout = std::chrono::milliseconds(200);
    base::Result<Reply> reply = request(topology_->client(), target, options);
    EXPECT_EQ(reply.status().error_number(), ETIMEDOUT) << to_string(target);
  }
}

TEST(NamespaceTest, RunsProgramsInside) {
  base::Result<Namespace> made = Namespace::create("lt-alone");
  ASSERT_TRUE(made.ok()) << made.status().message();
  base::Result<Output> links = made->execute({"ip", "-o", "link"});
  ASSERT_TRUE(links.ok()) << links.status().message();
  EXPECT_EQ(links->status, 0);
  EXPECT_THAT(links->out, HasSubstr("1: lo: <LOOPBACK,UP"));
  base::Result<Output> failed = made->execute({"sh", "-c", "cat; echo wrong >&2; exit 3"}, "in");
  ASSERT_TRUE(failed.ok()) << failed.status().message();
  EXPECT_EQ(failed->status, 3);
  EXPECT_EQ(failed->out, "in");
  EXPECT_EQ(failed->err, "wrong\n");
  EXPECT_EQ(
      made->execute({"sleep", "100"}, "", std::chrono::milliseconds(50)).status().error_number(),
      ETIMEDOUT);
  EXPECT_FALSE(made->check({"no-such-program"}).ok());
}

}  // namespace
}  // namespace lab
