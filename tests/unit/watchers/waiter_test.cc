#include "watchers/waiter.h"

#include <gtest/gtest.h>

#include <thread>

namespace watchers {
namespace {

TEST(SystemWaiter, AnInterruptEndsEveryWait) {
  SystemWaiter waiter;
  std::thread other([&] { waiter.interrupt(); });
  EXPECT_FALSE(waiter.wait(std::chrono::hours(1)));
  EXPECT_FALSE(waiter.wait(std::chrono::hours(1)));
  other.join();
}

TEST(SystemWaiter, TimePasses) {
  SystemWaiter waiter;
  EXPECT_TRUE(waiter.wait(base::Duration(1)));
}

}  // namespace
}  // namespace watchers
