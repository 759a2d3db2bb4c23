#include "agent/config_watch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>

namespace agent {
namespace {

namespace fs = std::filesystem;

class ConfigWatchTest : public testing::Test {
 protected:
  ConfigWatchTest()
      : folder_(fs::path(testing::TempDir()) /
                (std::string("watch-") +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write("one");
  }
  ~ConfigWatchTest() override { fs::remove_all(folder_); }

  std::string path() const { return folder_ / "config.conf"; }
  void write(const std::string& text) const { std::ofstream(path()) << text; }
  static bool readable(const ConfigWatch& watch) {
    pollfd entry{.fd = watch.fd(), .events = POLLIN, .revents = 0};
    return poll(&entry, 1, 0) == 1;
  }
  // Looks twice, far enough apart.
  bool changed(ConfigWatch& watch) {
    bool first = watch.changed(now_);
    now_ += ConfigWatch::kSettle;
    return watch.changed(now_) || first;
  }

  fs::path folder_;
  base::TimePoint now_{std::chrono::hours(1)};
};

TEST_F(ConfigWatchTest, WakesForEveryWayToReplaceAFile) {
  ConfigWatch watch(path());
  ASSERT_GE(watch.fd(), 0) << "no inotify instance is left";
  EXPECT_FALSE(readable(watch));
  EXPECT_FALSE(changed(watch));

  write("in place");
  EXPECT_TRUE(readable(watch));
  EXPECT_TRUE(changed(watch));
  EXPECT_FALSE(readable(watch));
  EXPECT_FALSE(changed(watch));

  std::ofstream(folder_ / "next") << "by a rename";
  fs::rename(folder_ / "next", path());
  EXPECT_TRUE(readable(watch));
  EXPECT_TRUE(changed(watch));

  fs::create_directory(folder_ / "..v1");
  std::ofstream(folder_ / "..v1" / "config.conf") << "by a link";
  fs::create_symlink("..v1", folder_ / "..data");
  fs::remove(path());
  fs::create_symlink("..data/config.conf", path());
  EXPECT_TRUE(changed(watch));
  fs::create_directory(folder_ / "..v2");
  std::ofstream(folder_ / "..v2" / "config.conf") << "by a swap";
  changed(watch);
  fs::create_symlink("..v2", folder_ / "..data_tmp");
  fs::rename(folder_ / "..data_tmp", folder_ / "..data");
  EXPECT_TRUE(readable(watch));
  EXPECT_TRUE(changed(watch));
  EXPECT_FALSE(changed(watch));
}

TEST_F(ConfigWatchTest, AnotherFileOfTheFolderIsNoChange) {
  ConfigWatch watch(path());
  std::ofstream(folder_ / "other") << "x";
  EXPECT_FALSE(changed(watch));
}

TEST_F(ConfigWatchTest, FindsTheFileInAFolderThatWasReplaced) {
  ConfigWatch watch(path());
  fs::rename(folder_, folder_.string() + ".old");
  EXPECT_FALSE(changed(watch));
  fs::create_directories(folder_);
  write("another");
  EXPECT_TRUE(changed(watch));
  // It is watched again.
  write("and another");
  EXPECT_TRUE(readable(watch));
  EXPECT_TRUE(changed(watch));
  fs::remove_all(folder_.string() + ".old");
}

TEST_F(ConfigWatchTest, LooksByItselfFromTimeToTime) {
  ConfigWatch watch(path());
  EXPECT_FALSE(watch.changed(now_));
  EXPECT_EQ(watch.next_look(), now_ + ConfigWatch::kPeriod);
  write("another");
  EXPECT_FALSE(watch.changed(now_));
  EXPECT_EQ(watch.next_look(), now_ + ConfigWatch::kSettle);
}

}  // namespace
}  // namespace agent
