#include "agent/machine.h"

#include <gtest/gtest.h>

#include <cctype>

namespace agent {
namespace {

Machine machine(const char* release) { return with_kernel_release({}, release); }

TEST(Machine, ReadsKernelReleases) {
  EXPECT_EQ(machine("6.1.0-18-amd64").kernel_major, 6);
  EXPECT_EQ(machine("5.10.0").kernel_minor, 10);
  EXPECT_EQ(machine("strange").kernel_major, 0);
}

TEST(Machine, ThisOneHasALinuxKernelAndAProcessor) {
  EXPECT_GE(this_machine().kernel_major, 4);
  EXPECT_GE(this_machine().processors, 1);
}

TEST(Machine, ItsNodeIsNamedInLowerCase) {
  EXPECT_EQ(node_name("Worker-1.Example"), "worker-1.example");
  const std::string own = node_name("");
  EXPECT_FALSE(own.empty());
  for (char c : own) EXPECT_FALSE(std::isupper(static_cast<unsigned char>(c))) << own;
}

}  // namespace
}  // namespace agent
