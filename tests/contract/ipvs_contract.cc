#include "ipvs/ipvs_table.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "ipvs/schedulers.h"
#include "ipvs/text.h"
#include "tests/contract/table_host.h"

namespace contract {
namespace {

using base::Code;
using base::Status;
using ipvs::IpvsOp;

class IpvsTableTest : public ContractTest {
 protected:
  IpvsTableTest() : table_(new_ipvs_table()) {}

  static IpvsOp op(const std::string& line) {
    base::Result<IpvsOp> parsed = ipvs::parse_op(line);
    EXPECT_TRUE(parsed.ok()) << parsed.status().message();
    return parsed.ok() ? *parsed : IpvsOp(ipvs::SetTimeouts{});
  }

  std::vector<Status> apply(const std::vector<std::string>& lines) {
    std::vector<IpvsOp> ops;
    for (const std::string& line : lines) ops.push_back(op(line));
    std::vector<Status> statuses = table_->apply(ops);
    EXPECT_EQ(statuses.size(), lines.size());
    statuses.resize(lines.size());
    return statuses;
  }

  void must(const std::vector<std::string>& lines) {
    for (const Status& status : apply(lines)) EXPECT_TRUE(status.ok()) << status.message();
  }

  // The errno one operation is refused with; 0 when it is not.
  int refusal(const std::string& line) { return apply({line})[0].error_number(); }
  int refusal(const IpvsOp& one) { return table_->apply({&one, 1})[0].error_number(); }

  std::string text() {
    base::Result<ipvs::IpvsState> state = table_->read();
    EXPECT_TRUE(state.ok()) << state.status().message();
    return state.ok() ? ipvs::to_text(*state) : "";
  }

  std::unique_ptr<ipvs::IpvsTable> table_;
};

TEST_F(IpvsTableTest, BeginsEmptyWithTheKernelsTimeouts) {
  base::Result<ipvs::IpvsState> state = table_->read();
  ASSERT_TRUE(state.ok()) << state.status().message();
  EXPECT_TRUE(state->virtual_servers.empty());
  EXPECT_EQ(state->timeouts, (ipvs::Timeouts{900, 120, 300}));
}

TEST_F(IpvsTableTest, HoldsEveryKindOfVirtualServer) {
  must({
      "-A -t 10.0.0.1:80 -s rr",
      "-A -u 10.0.0.1:80 -s wlc -o",
      "-A --sctp-service 10.0.0.1:80 -s sh -b sh-fallback,sh-port",
      "-A -t 10.0.0.1:0 -s rr -p 360",
      "-A -t 10.0.0.1:443 -s mh -b mh-port -p 300 -M 255.255.240.0",
      "-A -t 10.0.0.1:444 -s rr -b flag-1,flag-2,flag-3",
      "-A -u 10.0.0.1:5060 -s rr -p 60 --pe sip",
      "-A -t [fd00::1]:80 -s rr",
      "-A -t [fd00::1]:81 -s rr -p 10800 -M 64",
      "-A -f 7 -s rr",
      "-A -f 7 -6 -s lc",
      "-A -f 4294967295 -s rr",
  });
  EXPECT_EQ(text(),
            "-A -f 7 -s rr\n"
            "-A -f 4294967295 -s rr\n"
            "-A -t 10.0.0.1:0 -s rr -p 360\n"
            "-A -t 10.0.0.1:80 -s rr\n"
            "-A -u 10.0.0.1:80 -s wlc -o\n"
            "-A --sctp-service 10.0.0.1:80 -s sh -b sh-fallback,sh-port\n"
            "-A -t 10.0.0.1:443 -s mh -p 300 -M 255.255.240.0 -b mh-port\n"
            "-A -t 10.0.0.1:444 -s rr -b flag-1,flag-2,flag-3\n"
            "-A -u 10.0.0.1:5060 -s rr -p 60 --pe sip\n"
            "-A -f 7 -6 -s lc\n"
            "-A -t [fd00::1]:80 -s rr\n"
            "-A -t [fd00::1]:81 -s rr -p 10800 -M 64\n");
}

TEST_F(IpvsTableTest, HoldsEveryKindOfRealServer) {
  const std::string lines =
      "-A -f 7 -s rr\n"
      "-a -f 7 -r 10.1.0.1:0 -m -w 1\n"
      "-A -t 10.0.0.1:80 -s rr\n"
      "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 0\n"
      "-a -t 10.0.0.1:80 -r 10.1.0.1:8080 -m -w 2147483647\n"
      "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 1 -x 100 -y 50\n"
      "-a -t 10.0.0.1:80 -r 10.1.0.3:80 -i -w 1 --tun-type ipip\n"
      "-a -t 10.0.0.1:80 -r 10.1.0.4:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum\n"
      "-a -t 10.0.0.1:80 -r 10.1.0.5:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum\n"
      "-a -t 10.0.0.1:80 -r 10.1.0.6:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum\n"
      "-a -t 10.0.0.1:80 -r 10.1.0.7:80 -i -w 1 --tun-type gre --tun-csum\n"
      "-a -t 10.0.0.1:80 -r 127.0.0.1:80 -g -w 1\n"
      "-a -t 10.0.0.1:80 -r 240.0.0.1:80 -m -w 1 -x 2147483647\n"
      "-a -t 10.0.0.1:80 -r [fd00::5]:80 -i -w 1 --tun-type ipip\n"
      "-A -t [fd00::1]:80 -s rr\n"
      "-a -t [fd00::1]:80 -r 10.1.0.1:80 -i -w 1 --tun-type ipip\n"
      "-a -t [fd00::1]:80 -r [::1]:80 -m -w 1\n"
      "-a -t [fd00::1]:80 -r [fd00::5]:80 -m -w 3\n";
  std::vector<std::string> split;
  for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1) {
    split.push_back(lines.substr(at, lines.find('\n', at) - at));
  }
  must(split);
  EXPECT_EQ(text(), lines);
}

TEST_F(IpvsTableTest, KnowsEveryScheduler) {
  std::string missing;
  for (const ipvs::Scheduler& scheduler : ipvs::schedulers()) {
    ipvs::VirtualServer server;
    server.key.port = static_cast<base::Port>(1 + (&scheduler - ipvs::schedulers().data()));
    server.key.address = *base::IpAddress::parse("10.0.0.1");
    server.scheduler = scheduler.name;
    IpvsOp add = ipvs::AddVirtualServer{server};
    if (scheduler.name == "twos") {
      // Debian builds its kernels without it.
      Status status = table_->apply({&add, 1})[0];
      EXPECT_TRUE(status.ok() || status.code() == Code::kUnsupported) << status.message();
      continue;
    }
    Status status = table_->apply({&add, 1})[0];
    EXPECT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(table_->read_some({&server.key, 1})->at(0).server, server);
  }
}

TEST_F(IpvsTableTest, RefusesAnUnknownSchedulerAndEngineByName) {
  Status status = apply({"-A -t 10.0.0.1:80 -s fastest"})[0];
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_EQ(status.error_number(), ENOENT);
  EXPECT_NE(status.message().find("ip_vs_fastest"), std::string::npos) << status.message();
  EXPECT_EQ(refusal("-A -t 10.0.0.1:80 -s rr -p 10 --pe irc"), ENOENT);
  must({"-A -t 10.0.0.1:80 -s rr"});
  EXPECT_EQ(apply({"-E -t 10.0.0.1:80 -s fastest"})[0].code(), Code::kUnsupported);
  EXPECT_EQ(text(), "-A -t 10.0.0.1:80 -s rr\n");
}

TEST_F(IpvsTableTest, SaysWhatIsThereAndWhatIsNot) {
  must({"-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m"});
  EXPECT_EQ(refusal("-A -t 10.0.0.1:80 -s wlc"), EEXIST);
  EXPECT_EQ(refusal("-E -t 10.0.0.1:81 -s wlc"), ESRCH);
  EXPECT_EQ(refusal("-D -t 10.0.0.1:81"), ESRCH);
  EXPECT_EQ(refusal("-D -u 10.0.0.1:80"), ESRCH);
  EXPECT_EQ(refusal("-D -f 9"), ESRCH);
  EXPECT_EQ(refusal("-a -t 10.0.0.1:80 -r 10.1.0.1:80 -g"), EEXIST);
  EXPECT_EQ(refusal("-a -t 10.0.0.1:81 -r 10.1.0.1:80 -m"), ESRCH);
  EXPECT_EQ(refusal("-e -t 10.0.0.1:80 -r 10.1.0.2:80 -m"), ENOENT);
  EXPECT_EQ(refusal("-e -t 10.0.0.1:81 -r 10.1.0.1:80 -m"), ESRCH);
  EXPECT_EQ(refusal("-d -t 10.0.0.1:80 -r 10.1.0.2:80"), ENOENT);
  EXPECT_EQ(refusal("-d -t 10.0.0.1:80 -r [fd00::2]:80"), ENOENT);
  EXPECT_EQ(refusal("-d -t 10.0.0.1:81 -r 10.1.0.1:80"), ESRCH);
  std::vector<Status> statuses = apply({"-D -t 10.0.0.1:81", "-A -t 10.0.0.1:80 -s rr"});
  EXPECT_EQ(statuses[0].code(), Code::kNotFound);
  EXPECT_EQ(statuses[1].code(), Code::kAlreadyExists);
  EXPECT_EQ(text(), "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n");
}

TEST_F(IpvsTableTest, RefusesWhatMakesNoSense) {
  must({"-A -t 10.0.0.1:80 -s rr", "-A -t [fd00::1]:80 -s rr",
        "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m"});
  for (const char* address : {"0.0.0.0", "224.0.0.1", "255.255.255.255"}) {
    EXPECT_EQ(refusal(std::string("-a -t 10.0.0.1:80 -m -r ") + address + ":80"), EINVAL)
        << address;
  }
  for (const char* address : {"[::]", "[fe80::1]", "[ff02::1]"}) {
    EXPECT_EQ(refusal(std::string("-a -t [fd00::1]:80 -m -r ") + address + ":80"), EINVAL)
        << address;
  }
  EXPECT_EQ(refusal("-a -t 10.0.0.1:80 -r [fd00::5]:80 -m"), EINVAL);
  EXPECT_EQ(refusal("-a -t 10.0.0.1:80 -r [fd00::5]:80 -g"), EINVAL);
  EXPECT_EQ(refusal("-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -x 5 -y 6"), ERANGE);
  EXPECT_EQ(refusal("-e -t 10.0.0.1:80 -r 10.1.0.1:80 -m -x 5 -y 6"), ERANGE);
  EXPECT_EQ(refusal("-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -x 2147483648"), EINVAL);
  EXPECT_EQ(refusal("-e -t 10.0.0.1:80 -r 10.1.0.1:80 -m -x 2147483648"), EINVAL);
  EXPECT_EQ(refusal("-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -y 2147483648"), ERANGE);
  EXPECT_EQ(refusal("-a -t 10.0.0.9:80 -r 10.1.0.2:80 -m -x 2147483648"), ESRCH);
  EXPECT_EQ(refusal("-e -t 10.0.0.1:80 -r 10.1.0.2:80 -m -x 5 -y 6"), ERANGE);
  EXPECT_EQ(refusal("-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -x 5 -y 6"), ERANGE);
  EXPECT_EQ(refusal("-a -t 10.0.0.1:80 -r 10.1.0.2:80 -i --tun-type gue"), EINVAL);
  EXPECT_EQ(refusal("-e -t 10.0.0.1:80 -r 10.1.0.1:80 -i --tun-type gue"), EINVAL);

  ipvs::VirtualServerKey key{*base::IpAddress::parse("10.0.0.1"), 80, base::Protocol::kTcp, 0};
  ipvs::RealServer heavy;
  heavy.key = {*base::IpAddress::parse("10.1.0.9"), 80};
  heavy.weight = 0x80000000u;
  EXPECT_EQ(refusal(ipvs::AddRealServer{key, heavy}), ERANGE);
  heavy.key = {*base::IpAddress::parse("10.1.0.1"), 80};
  EXPECT_EQ(refusal(ipvs::EditRealServer{key, heavy}), ERANGE);

  ipvs::VirtualServer wide;
  wide.key = {*base::IpAddress::parse("fd00::2"), 80, base::Protocol::kTcp, 0};
  wide.persistence_prefix = 0;
  EXPECT_EQ(refusal(ipvs::AddVirtualServer{wide}), EINVAL);
  wide.persistence_prefix = 129;
  EXPECT_EQ(refusal(ipvs::AddVirtualServer{wide}), EINVAL);
  EXPECT_EQ(text(),
            "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n"
            "-A -t [fd00::1]:80 -s rr\n");
}

TEST_F(IpvsTableTest, RefusesNamesNoKernelTakes) {
  for (std::size_t length : {16, 17, 40, 5000}) {
    ipvs::VirtualServer server;
    server.key = {*base::IpAddress::parse("10.0.0.1"), 80, base::Protocol::kTcp, 0};
    server.scheduler = std::string(length, 'x');
    IpvsOp add = ipvs::AddVirtualServer{server};
    std::vector<Status> statuses =
        table_->apply(std::vector<IpvsOp>{add, op("-A -t 10.0.0.2:80 -s rr")});
    EXPECT_FALSE(statuses[0].ok());
    EXPECT_TRUE(statuses[1].ok()) << statuses[1].message();
    must({"-D -t 10.0.0.2:80"});
  }
}

TEST_F(IpvsTableTest, EditsInPlace) {
  must({"-A -t 10.0.0.1:80 -s rr -p 300", "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 5 -x 9 -y 3",
        "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m"});
  must({"-E -t 10.0.0.1:80 -s sh -b sh-port"});
  EXPECT_EQ(text(),
            "-A -t 10.0.0.1:80 -s sh -b sh-port\n"
            "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 5 -x 9 -y 3\n"
            "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -w 1\n");
  must({"-e -t 10.0.0.1:80 -r 10.1.0.1:80 -i -w 0 --tun-type gre",
        "-E -t 10.0.0.1:80 -s wlc -p 60 -M 255.255.255.0"});
  EXPECT_EQ(text(),
            "-A -t 10.0.0.1:80 -s wlc -p 60 -M 255.255.255.0\n"
            "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -i -w 0 --tun-type gre --tun-nocsum\n"
            "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -w 1\n");
}

TEST_F(IpvsTableTest, TakesTheRealServersWithTheVirtualServer) {
  must({"-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m", "-A -f 7 -6 -s rr",
        "-a -f 7 -6 -r [fd00::7]:80 -m", "-A -f 7 -s rr"});
  must({"-D -t 10.0.0.1:80", "-D -f 7 -6"});
  EXPECT_EQ(text(), "-A -f 7 -s rr\n");
  must({"-A -t 10.0.0.1:80 -s rr"});
  EXPECT_EQ(text(), "-A -f 7 -s rr\n-A -t 10.0.0.1:80 -s rr\n");
}

TEST_F(IpvsTableTest, IgnoresTheAddressBesideAMark) {
  ipvs::VirtualServer server;
  server.key = {*base::IpAddress::parse("10.0.0.1"), 80, base::Protocol::kUdp, 5};
  EXPECT_EQ(refusal(ipvs::AddVirtualServer{server}), 0);
  EXPECT_EQ(refusal("-A -f 5 -s rr"), EEXIST);
  EXPECT_EQ(text(), "-A -f 5 -s rr\n");
}

TEST_F(IpvsTableTest, GoesOnBehindAFailure) {
  std::vector<Status> statuses = apply({
      "-A -t 10.0.0.1:80 -s rr",
      "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m",
      "-a -t 10.0.0.9:80 -r 10.1.0.1:80 -m",
      "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m",
      "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m",
      "-D -u 10.0.0.1:80",
  });
  std::vector<int> errors;
  errors.reserve(statuses.size());
  for (const Status& status : statuses) errors.push_back(status.error_number());
  EXPECT_EQ(errors, (std::vector<int>{0, 0, ESRCH, EEXIST, 0, ESRCH}));
  EXPECT_TRUE(statuses[2].message().starts_with("-a -t 10.0.0.9:80 -r 10.1.0.1:80 -m -w 1: "))
      << statuses[2].message();
}

TEST_F(IpvsTableTest, CarriesOutLongBatches) {
  std::vector<IpvsOp> ops;
  std::vector<bool> refused;
  for (int i = 0; i < 200; ++i) {
    std::string service = "-t 10.0.0." + std::to_string(i + 1) + ":80";
    ops.push_back(op("-A " + service + " -s rr"));
    refused.push_back(false);
    for (int n = 0; n < 9; ++n) {
      // Each third one twice.
      std::string server = " -r 10.1.0." + std::to_string(n % 3 == 2 ? n : n + 1) + ":80 -m";
      ops.push_back(op("-a " + service + server));
      refused.push_back(n % 3 == 2);
    }
  }
  ASSERT_EQ(ops.size(), 2000u);
  std::vector<Status> statuses = table_->apply(ops);
  ASSERT_EQ(statuses.size(), ops.size());
  for (std::size_t i = 0; i < ops.size(); ++i) {
    ASSERT_EQ(statuses[i].error_number(), refused[i] ? EEXIST : 0) << i << statuses[i].message();
  }
  base::Result<ipvs::IpvsState> state = table_->read();
  ASSERT_TRUE(state.ok());
  ASSERT_EQ(state->virtual_servers.size(), 200u);
  for (const auto& virtual_server : state->virtual_servers) {
    ASSERT_EQ(virtual_server.real_servers.size(), 6u);
  }
  // All of a batch refused is still one answer each.
  for (const Status& status : table_->apply(std::span(ops).first(500))) {
    ASSERT_EQ(status.error_number(), EEXIST);
  }
  EXPECT_TRUE(table_->apply({}).empty());
}

// Schedulers that hash go by this order.
TEST_F(IpvsTableTest, TellsTheOrderInWhichRealServersWereAdded) {
  must({"-A -t 10.0.0.1:80 -s sh", "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m",
        "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m", "-a -t 10.0.0.1:80 -r 10.1.0.3:80 -m",
        "-d -t 10.0.0.1:80 -r 10.1.0.2:80", "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m",
        "-e -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 3"});
  base::Result<ipvs::IpvsState> state = table_->read();
  ASSERT_TRUE(state.ok());
  ASSERT_EQ(state->virtual_servers.size(), 1u);
  std::vector<std::uint32_t> places;
  for (const auto& real : state->virtual_servers[0].real_servers) places.push_back(real.place);
  EXPECT_EQ(places, (std::vector<std::uint32_t>{2, 0, 1}));  // the newest first
}

TEST_F(IpvsTableTest, ReadsOnlyWhatIsAskedFor) {
  must({"-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m",
        "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m", "-A -t 10.0.0.2:80 -s lc", "-A -f 7 -s rr",
        "-a -f 7 -r 10.1.0.3:0 -m", "-A -t [fd00::1]:80 -s rr"});
  auto key = [](const std::string& service) {
    return std::get<ipvs::DeleteVirtualServer>(op("-D " + service)).key;
  };
  std::vector<ipvs::VirtualServerKey> keys = {key("-t [fd00::1]:80"), key("-t 10.0.0.9:80"),
                                              key("-t 10.0.0.1:80"), key("-f 7"),
                                              key("-t 10.0.0.1:80")};
  base::Result<std::vector<ipvs::VirtualServerState>> some = table_->read_some(keys);
  ASSERT_TRUE(some.ok()) << some.status().message();
  EXPECT_EQ(ipvs::to_text(ipvs::IpvsState{*some, {}}),
            "-A -f 7 -s rr\n"
            "-a -f 7 -r 10.1.0.3:0 -m -w 1\n"
            "-A -t 10.0.0.1:80 -s rr\n"
            "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n"
            "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -w 1\n"
            "-A -t [fd00::1]:80 -s rr\n");
  EXPECT_TRUE(table_->read_some({})->empty());
}

TEST_F(IpvsTableTest, KeepsATimeoutThatIsNotNamed) {
  must({"--set 100 0 7"});
  EXPECT_EQ(table_->read()->timeouts, (ipvs::Timeouts{100, 120, 7}));
  must({"--set 0 0 0"});
  EXPECT_EQ(table_->read()->timeouts, (ipvs::Timeouts{100, 120, 7}));
  EXPECT_EQ(refusal("--set 2147483647 0 0"), EINVAL);
  must({"--set 8589934 8589934 8589934"});
}

}  // namespace
}  // namespace contract
