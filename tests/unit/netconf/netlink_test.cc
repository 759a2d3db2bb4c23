#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "netconf/netlink_route_messages.h"
#include "netconf/netlink_socket.h"

// Any kernel answers these questions, without privileges: the loopback device and the controller of
// generic netlink are always there.
namespace netconf {
namespace {

void put_family_question(nl_msg* message, const std::string& name) {
  genlmsg_put(message, 0, 0, GENL_ID_CTRL, 0, 0, CTRL_CMD_GETFAMILY, 1);
  nla_put_string(message, CTRL_ATTR_FAMILY_NAME, name.c_str());
}

TEST(NetlinkSocket, MapsEachAnswerToItsRequest) {
  base::Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_GENERIC);
  ASSERT_TRUE(socket.ok()) << socket.status().message();
  NetlinkBatch batch;
  std::vector<int> expected;
  for (std::size_t i = 0; i < NetlinkBatch::kMostRequests; ++i) {
    bool known = i % 7 != 3;
    put_family_question(batch.blank(), known ? "nlctrl" : "nobody");
    batch.add();
    expected.push_back(known ? 0 : ENOENT);
  }
  EXPECT_TRUE(batch.full());
  for (int round = 0; round < 3; ++round) {
    std::vector<int> outcomes;
    std::vector<std::size_t> answered;
    base::Status status = socket->run(
        batch, outcomes, [&](std::size_t request, nlmsghdr*) { answered.push_back(request); });
    if (status.error_number() == ENOBUFS) {
      GTEST_SKIP() << "without CAP_NET_ADMIN the receive buffer is too small for 500 answers";
    }
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(outcomes, expected);
    EXPECT_EQ(answered.size(),
              static_cast<std::size_t>(std::count(expected.begin(), expected.end(), 0)));
    EXPECT_TRUE(std::is_sorted(answered.begin(), answered.end()));
  }
}

TEST(NetlinkSocket, AnEmptyBatchIsNoRequest) {
  base::Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_GENERIC);
  ASSERT_TRUE(socket.ok());
  NetlinkBatch batch;
  std::vector<int> outcomes = {1, 2, 3};
  EXPECT_TRUE(socket->run(batch, outcomes).ok());
  EXPECT_TRUE(outcomes.empty());
}

TEST(NetlinkSocket, SaysWhichAnswersWereLost) {
  base::Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_GENERIC);
  ASSERT_TRUE(socket.ok());
  int small = 1;
  ASSERT_EQ(setsockopt(socket->fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
  NetlinkBatch batch;
  for (int i = 0; i < 50; ++i) {
    put_family_question(batch.blank(), "nobody");
    batch.add();
  }
  std::vector<int> outcomes;
  base::Status status = socket->run(batch, outcomes);
  EXPECT_EQ(status.code(), base::Code::kResourceExhausted) << status.message();
  EXPECT_EQ(outcomes.front(), ENOENT);
  EXPECT_EQ(outcomes.back(), NetlinkSocket::kUnanswered);
  // The socket is as good as before.
  batch.clear();
  put_family_question(batch.blank(), "nobody");
  batch.add();
  EXPECT_TRUE(socket->run(batch, outcomes).ok());
  EXPECT_EQ(outcomes, std::vector<int>{ENOENT});
}

TEST(NetlinkSocket, DumpsLinksAndAddresses) {
  base::Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
  ASSERT_TRUE(socket.ok()) << socket.status().message();
  NetlinkBatch batch;
  put_get_links(batch.blank());
  batch.add();
  std::vector<std::string> names;
  base::Status status = socket->dump(batch, [&](nlmsghdr* object) {
    if (auto link = parse_link(object)) names.push_back(link->name);
  });
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_NE(std::find(names.begin(), names.end(), "lo"), names.end());
  batch.clear();
  put_get_addresses(batch.blank());
  batch.add();
  status = socket->dump(batch, [&](nlmsghdr* object) {
    std::optional<LinkAddress> address = parse_address(object);
    ASSERT_TRUE(address.has_value());
    EXPECT_LE(address->prefix_length, address->address.bits());
    EXPECT_GT(address->link, 0);
  });
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(NetlinkSocket, ADumpThatIsRefusedEnds) {
  base::Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_GENERIC);
  ASSERT_TRUE(socket.ok());
  NetlinkBatch batch;
  genlmsg_put(batch.blank(), 0, 0, GENL_ID_CTRL, 0, 0, 250, 1);
  batch.add();
  base::Status status = socket->dump(batch, [](nlmsghdr*) { ADD_FAILURE(); });
  EXPECT_EQ(status.error_number(), EOPNOTSUPP) << status.message();
}

TEST(RouteMessages, OtherTypesAreNothing) {
  NetlinkBatch batch;
  nl_msg* message = batch.blank();
  put_get_links(message);
  EXPECT_FALSE(parse_link(nlmsg_hdr(message)).has_value());
  EXPECT_FALSE(parse_address(nlmsg_hdr(message)).has_value());
}

TEST(RouteMessages, ABindingParsesAsTheAddressItBinds) {
  NetlinkBatch batch;
  for (const char* text : {"10.96.0.1", "fd00:96::1"}) {
    base::IpAddress address = *base::IpAddress::parse(text);
    nl_msg* message = batch.blank();
    put_bind(message, 7, address);
    std::optional<LinkAddress> parsed = parse_address(nlmsg_hdr(message));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->link, 7);
    EXPECT_EQ(parsed->address, address);
    EXPECT_EQ(parsed->prefix_length, address.bits());
  }
}

}  // namespace
}  // namespace netconf
