#include <gtest/gtest.h>

#include <poll.h>
#include <cerrno>
#include <string>

#include "base/backoff.h"
#include "base/mailbox.h"
#include "base/protocol.h"
#include "base/result.h"

namespace base {
namespace {

TEST(Status, ContextGrowsOutwardsAndKeepsTheErrno) {
  Status status = Status::from_errno(ENOENT, "add 10.0.0.5:80").in("Service default/web");
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_EQ(status.error_number(), ENOENT);
  EXPECT_EQ(status.message(),
            "Service default/web: add 10.0.0.5:80: No such file or directory (ENOENT)");
  EXPECT_TRUE(Status().in("anything").ok());
}

TEST(Result, HoldsAValueOrTheFailure) {
  Result<std::string> good(std::string("x"));
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(*good, "x");
  EXPECT_TRUE(good.status().ok());
  Result<std::string> bad(Status(Code::kCorrupt, "torn"));
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().message(), "torn");
}

TEST(Protocol, SpellsBothWays) {
  for (Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
    EXPECT_EQ(parse_protocol(to_string(protocol)), protocol);
    EXPECT_EQ(parse_protocol(to_lower(protocol)), protocol);
  }
  EXPECT_EQ(parse_protocol("icmp"), std::nullopt);
}

TEST(Backoff, DoublesToTheCapWithJitterAndResets) {
  using std::chrono::seconds;
  Backoff backoff({.first = seconds(1), .cap = seconds(8), .factor = 2, .jitter = 0.5}, 7);
  for (int expected : {1, 2, 4, 8, 8, 8}) {
    Duration wait = backoff.next();
    EXPECT_GE(wait, seconds(expected));
    EXPECT_LE(wait, std::chrono::milliseconds(1500) * expected);
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), seconds(2));
}

bool readable(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&entry, 1, 0) == 1;
}

TEST(Mailbox, CoalescesPerKeyInOrderOfFirstArrival) {
  Mailbox<std::string, int> mailbox;
  EXPECT_FALSE(readable(mailbox.readable_fd()));
  mailbox.put("a", 1);
  mailbox.put("b", 2);
  mailbox.put("a", 3);
  EXPECT_TRUE(readable(mailbox.readable_fd()));
  std::vector<std::pair<std::string, int>> expected = {{"a", 3}, {"b", 2}};
  EXPECT_EQ(mailbox.take(), expected);
  EXPECT_FALSE(readable(mailbox.readable_fd()));
  EXPECT_TRUE(mailbox.take().empty());
  mailbox.put("a", 1);
  mailbox.put("a", 5, [](int waiting, int newer) { return waiting + newer; });
  EXPECT_EQ(mailbox.take().at(0).second, 6);
}

}  // namespace
}  // namespace base
