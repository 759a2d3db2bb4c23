// The end of a process that watches: the library's thread outlives every client.
#include <string>

#include "netconf/child_process.h"
#include "tests/faults/rest_fixture.h"

namespace {

using RestEnding = RestTest;

// How the threads meet at the end differs from run to run.
constexpr int kRuns = 40;

TEST_F(RestEnding, NothingRunsOnOnceAProcessEnds) {
  serve([](fakes::TlsConnection& connection) {
    if (!connection.read_request()) return;
    connection.write(fakes::chunked_head() + fakes::http_chunk("bytes"));
    connection.wait_for_end();
  });
  const std::string authority = write_file("ca.crt", authority_.certificate());
  for (const char* come : {"bytes", "nothing"}) {
    SCOPED_TRACE(come);
    for (int run = 0; run < kRuns; ++run) {
      base::Result<netconf::ProcessOutput> ended = netconf::run_process(
          {REST_ENDING_PROGRAM, std::to_string(server_->port()), authority, come}, "",
          std::chrono::seconds(60));
      ASSERT_TRUE(ended) << ended.status().message();
      ASSERT_EQ(ended->exit_status, 0) << "in run " << run << ": " << ended->err;
    }
  }
}

}  // namespace
