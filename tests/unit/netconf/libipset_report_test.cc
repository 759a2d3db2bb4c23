#include "netconf/libipset_report.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace netconf {
namespace {

using base::Code;

TEST(LibipsetReport, NamesTheLineOfTheEntryThatWasRefused) {
  LibipsetFailure failure =
      read_report("Error in line 12: Hash is full, cannot add more elements\n");
  EXPECT_EQ(failure.line, 12u);
  EXPECT_EQ(failure.status.code(), Code::kResourceExhausted);
  EXPECT_EQ(failure.status.message(), "Hash is full, cannot add more elements");
  EXPECT_FALSE(failure.session_is_broken);
}

TEST(LibipsetReport, TakesATextWithoutAWholeLineNumberAsItIs) {
  for (const char* text : {"Error in line : no number", "Error in line 7 without a colon",
                           "Error in line 99999999999: too large"}) {
    LibipsetFailure failure = read_report(text);
    EXPECT_EQ(failure.line, 0u);
    EXPECT_EQ(failure.status.message(), text);
  }
}

TEST(LibipsetReport, GivesTheErrnoThatTheTextStandsFor) {
  LibipsetFailure missing = read_report("The set with the given name does not exist\n");
  EXPECT_EQ(missing.status.code(), Code::kNotFound);
  EXPECT_EQ(missing.status.error_number(), ENOENT);
  LibipsetFailure used = read_report("Set cannot be destroyed: it is in use by a kernel component");
  EXPECT_EQ(used.status.code(), Code::kUnavailable);
  EXPECT_EQ(used.status.error_number(), EBUSY);
}

TEST(LibipsetReport, NamesTheRemedyWhereAModuleIsMissing) {
  LibipsetFailure failure = read_report("Kernel error received: set type not supported");
  EXPECT_EQ(failure.status.code(), Code::kUnsupported);
  EXPECT_TRUE(failure.status.message().ends_with(kLoadIpsetModules)) << failure.status.message();
}

TEST(LibipsetReport, ASessionThatWasMisunderstoodIsBroken) {
  LibipsetFailure failure = read_report("Kernel error received: ipset protocol error");
  EXPECT_TRUE(failure.session_is_broken);
  EXPECT_EQ(failure.status.code(), Code::kCorrupt);
  EXPECT_TRUE(read_report("Broken LIST_SETNAME message").session_is_broken);
  EXPECT_TRUE(read_report("").session_is_broken);
  EXPECT_EQ(read_report("").status.message(), "libipset failed without a message");
}

TEST(LibipsetReport, AnUnknownTextIsAboutTheCommand) {
  LibipsetFailure failure = read_report("Syntax error: something new");
  EXPECT_EQ(failure.status.code(), Code::kInvalidArgument);
  EXPECT_EQ(failure.status.message(), "Syntax error: something new");
  EXPECT_FALSE(failure.session_is_broken);
}

}  // namespace
}  // namespace netconf
