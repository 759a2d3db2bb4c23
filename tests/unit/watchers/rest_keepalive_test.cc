#include "watchers/rest_keepalive.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/unique_fd.h"

namespace {

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof(value);
  EXPECT_EQ(getsockopt(fd, level, name, &value, &length), 0);
  return value;
}

TEST(KeepAlive, GivesUpAfterThirtySeconds) {
  base::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  watchers::keep_alive(fd.get());
  EXPECT_EQ(option(fd.get(), SOL_SOCKET, SO_KEEPALIVE), 1);
  int idle = option(fd.get(), IPPROTO_TCP, TCP_KEEPIDLE);
  int interval = option(fd.get(), IPPROTO_TCP, TCP_KEEPINTVL);
  int count = option(fd.get(), IPPROTO_TCP, TCP_KEEPCNT);
  EXPECT_EQ(idle + interval * count, 30);
  EXPECT_EQ(option(fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
}

}  // namespace
