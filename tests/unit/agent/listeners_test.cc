#include "agent/listeners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <utility>

#include "agent/listen_socket.h"
#include "tests/fakes/http_probe.h"

namespace agent {
namespace {

using namespace std::chrono_literals;
using fakes::connect_to;
using testing::ElementsAre;
using testing::IsEmpty;

// Whether somebody waits to be taken.
bool readable(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&entry, 1, 0) == 1;
}

class ListenersTest : public testing::Test {
 protected:
  // Every address that the observer was told of, and whether it is served.
  std::vector<std::pair<ListenAddress, bool>> told_;
  Listeners listeners_{
      [this](const ListenAddress& wanted, const base::Result<ListenAddress>& bound) {
        told_.emplace_back(wanted, bound.ok());
      },
      0s};
  const ListenAddress any_port_ = *parse_listen_address("127.0.0.1:0", 0);
};

TEST_F(ListenersTest, GivesTheClientsThatWait) {
  ASSERT_TRUE(listeners_.usable());
  ASSERT_TRUE(listeners_.listen(any_port_).ok());
  ASSERT_THAT(told_, ElementsAre(std::pair(any_port_, true)));
  ASSERT_EQ(listeners_.serving().size(), 1u);
  EXPECT_FALSE(readable(listeners_.fd()));
  base::UniqueFd first = connect_to(listeners_.serving()[0]);
  base::UniqueFd second = connect_to(listeners_.serving()[0]);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(readable(listeners_.fd()));
  std::vector<Listeners::Connection> taken;
  EXPECT_TRUE(listeners_.accept(
      [&](Listeners::Connection connection) { taken.push_back(std::move(connection)); }));
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_TRUE(taken[0].socket && taken[1].socket);
  EXPECT_EQ(taken[0].client.ss_family, AF_INET);
  EXPECT_FALSE(readable(listeners_.fd()));
}

TEST_F(ListenersTest, TakesClientsOfASocketThatWasGiven) {
  auto given = listen_on(any_port_);
  ASSERT_TRUE(given.ok());
  const ListenAddress where = *bound_address(given->get());
  ASSERT_TRUE(listeners_.add(*std::move(given)).ok());
  EXPECT_THAT(listeners_.serving(), IsEmpty());
  base::UniqueFd client = connect_to(where);
  int taken = 0;
  EXPECT_TRUE(listeners_.accept([&](const Listeners::Connection&) { ++taken; }));
  EXPECT_EQ(taken, 1);
  listeners_.close_all();
  EXPECT_FALSE(connect_to(where));
}

TEST_F(ListenersTest, TriesAgainUntilAPortIsFree) {
  auto taken = listen_on(any_port_);
  ASSERT_TRUE(taken.ok());
  const ListenAddress where = *bound_address(taken->get());
  EXPECT_FALSE(listeners_.listen(where).ok());
  EXPECT_TRUE(listeners_.next_retry().has_value());
  listeners_.retry_due();  // still taken, which is told once
  EXPECT_THAT(told_, ElementsAre(std::pair(where, false)));
  EXPECT_THAT(listeners_.serving(), IsEmpty());
  taken->reset();
  listeners_.retry_due();
  EXPECT_THAT(told_, ElementsAre(std::pair(where, false), std::pair(where, true)));
  EXPECT_THAT(listeners_.serving(), ElementsAre(where));
  EXPECT_EQ(listeners_.next_retry(), std::nullopt);
}

TEST_F(ListenersTest, AClosedAddressIsNotTriedAgain) {
  auto taken = listen_on(any_port_);
  ASSERT_TRUE(taken.ok());
  const ListenAddress where = *bound_address(taken->get());
  EXPECT_FALSE(listeners_.listen(where).ok());
  listeners_.close(where);
  EXPECT_EQ(listeners_.next_retry(), std::nullopt);
  taken->reset();
  listeners_.retry_due();
  EXPECT_THAT(listeners_.serving(), IsEmpty());
}

TEST_F(ListenersTest, ListeningTwiceIsAsOnce) {
  ASSERT_TRUE(listeners_.listen(any_port_).ok());
  EXPECT_TRUE(listeners_.listen(any_port_).ok());
  EXPECT_EQ(listeners_.serving().size(), 1u);
  EXPECT_EQ(told_.size(), 1u);
}

}  // namespace
}  // namespace agent
