#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "netconf/proc_sysctls.h"

namespace netconf {
namespace {

using testing::HasSubstr;

// A folder that stands for /proc/sys.
class ProcSysctlsTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "/proc_sys_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/net/ipv4");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string path(const std::string& name) const { return root_ + "/" + name; }
  void put(const std::string& name, const std::string& content) {
    std::ofstream(path(name)) << content;
  }
  std::string get(const std::string& name) const {
    std::ostringstream content;
    content << std::ifstream(path(name)).rdbuf();
    return content.str();
  }

  std::string root_;
};

TEST_F(ProcSysctlsTest, ReadsWithoutTheLineEnd) {
  put("net/ipv4/ip_forward", "1\n");
  EXPECT_EQ(ProcSysctls(root_).read("net/ipv4/ip_forward").value(), "1");
}

TEST_F(ProcSysctlsTest, WritesOnlyWhatDiffers) {
  put("net/ipv4/ip_forward", "0\n");
  put("net/ipv4/same", "1");
  std::vector<base::Status> outcomes = ProcSysctls(root_).apply(
      std::vector<Sysctl>{{"net/ipv4/ip_forward", "1"}, {"net/ipv4/same", "1"}});
  EXPECT_TRUE(outcomes.at(0)) << outcomes.at(0).message();
  EXPECT_TRUE(outcomes.at(1)) << outcomes.at(1).message();
  EXPECT_EQ(get("net/ipv4/ip_forward"), "1\n");
  EXPECT_EQ(get("net/ipv4/same"), "1");
}

TEST_F(ProcSysctlsTest, KnowsWhatNobodyCanChange) {
  put("net/ipv4/ip_forward", "0\n");
  put("net/ipv4/machine", "0\n");
  ASSERT_EQ(chmod(path("net/ipv4/machine").c_str(), 0444), 0);
  EXPECT_FALSE(ProcSysctls(root_).is_fixed("net/ipv4/ip_forward"));
  EXPECT_TRUE(ProcSysctls(root_).is_fixed("net/ipv4/machine"));
  EXPECT_FALSE(ProcSysctls(root_).is_fixed("net/ipv4/missing"));
}

TEST_F(ProcSysctlsTest, AtLeastRaisesAndNeverLowers) {
  put("net/ipv4/small", "4096\n");
  put("net/ipv4/large", "65536\n");
  put("net/ipv4/words", "none\n");
  for (const char* name : {"net/ipv4/small", "net/ipv4/large", "net/ipv4/words"}) {
    const std::vector<Sysctl> settings = {{name, "32768", /*at_least=*/true}};
    EXPECT_TRUE(ProcSysctls(root_).apply(settings).at(0));
  }
  EXPECT_EQ(get("net/ipv4/small"), "32768\n");
  EXPECT_EQ(get("net/ipv4/large"), "65536\n");
  EXPECT_EQ(get("net/ipv4/words"), "32768\n");
}

TEST_F(ProcSysctlsTest, AMissingSettingHoldsUpNoOther) {
  put("net/ipv4/ip_forward", "0\n");
  std::vector<base::Status> outcomes = ProcSysctls(root_).apply(
      std::vector<Sysctl>{{"net/ipv4/vs/conntrack", "1"}, {"net/ipv4/ip_forward", "1"}});
  EXPECT_EQ(outcomes.at(0).code(), base::Code::kNotFound);
  EXPECT_THAT(outcomes.at(0).message(), HasSubstr("net/ipv4/vs/conntrack"));
  EXPECT_TRUE(outcomes.at(1)) << outcomes.at(1).message();
  EXPECT_EQ(get("net/ipv4/ip_forward"), "1\n");
  EXPECT_FALSE(std::filesystem::exists(path("net/ipv4/vs/conntrack")));
}

TEST_F(ProcSysctlsTest, StaysBelowItsFolder) {
  for (const char* name : {"../../etc/passwd", "/etc/passwd", "", "net/../../x"}) {
    EXPECT_EQ(ProcSysctls(root_).read(name).status().code(), base::Code::kInvalidArgument) << name;
  }
}

}  // namespace
}  // namespace netconf
