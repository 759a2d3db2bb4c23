#include "ipvs/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/fakes/random_ipvs.h"

namespace ipvs {
namespace {

TEST(Text, ParsesWhatItPrints) {
  fakes::RandomIpvs random(20260101);
  for (int i = 0; i < 20000; ++i) {
    IpvsOp op = random.operation();
    std::string line = to_text(op);
    base::Result<IpvsOp> parsed = parse_op(line);
    ASSERT_TRUE(parsed.ok()) << line << ": " << parsed.status().message();
    ASSERT_EQ(*parsed, op) << line;
    ASSERT_EQ(to_text(*parsed), line);
  }
}

TEST(Text, ParsesTheStateItPrints) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    IpvsState state = fakes::RandomIpvs(seed).state(20);
    std::string text = to_text(state);
    base::Result<IpvsState> parsed = parse_state(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    ASSERT_EQ(parsed->virtual_servers.size(), state.virtual_servers.size());
    EXPECT_EQ(to_text(*parsed), text);
    for (std::size_t i = 0; i < state.virtual_servers.size(); ++i) {
      EXPECT_EQ(parsed->virtual_servers[i].server, state.virtual_servers[i].server);
    }
  }
}

// What ipvsadm 1.31 on a 6.1 kernel printed for -Sn.
constexpr const char* kSaved =
    "-A -t 10.0.0.1:80 -s rr -p 300 -M 255.255.255.0\n"
    "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 0\n"
    "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 1\n"
    "-a -t 10.0.0.1:80 -r 10.1.0.3:80 -i -w 1 --tun-type ipip\n"
    "-a -t 10.0.0.1:80 -r 10.1.0.4:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum\n"
    "-a -t 10.0.0.1:80 -r 10.1.0.5:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum\n"
    "-a -t 10.0.0.1:80 -r 10.1.0.6:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum\n"
    "-a -t 10.0.0.1:80 -r 10.1.0.9:80 -i -w 1 --tun-type gre --tun-csum\n"
    "-a -t 10.0.0.1:80 -r [fd00::5]:80 -i -w 1 --tun-type gre --tun-csum\n"
    "-A -t 10.0.0.2:0 -s rr -p 360\n"
    "-A -u 10.0.0.1:53 -s rr -o\n"
    "-A -u 10.0.0.1:54 -s sh -b sh-fallback,sh-port\n"
    "-A -u 10.0.0.1:55 -s mh -b mh-port\n"
    "-A -u 10.0.0.1:56 -s rr -b flag-1,flag-3\n"
    "-A -u 10.0.0.1:5060 -s rr -p 60 --pe sip\n"
    "-A --sctp-service 10.0.0.1:55 -s rr -p 60 --pe sip\n"
    "-A -t [fd00::1]:80 -s rr -p 10 -M 64\n"
    "-a -t [fd00::1]:80 -r [fd00::2]:80 -m -w 1\n"
    "-A -f 7 -s rr\n"
    "-a -f 7 -r 10.1.1.1:0 -m -w 1\n"
    "-A -f 7 -6 -s rr\n"
    "-a -f 7 -6 -r [fd00::7]:80 -m -w 1\n";

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(Text, SpeaksAsIpvsadmDoes) {
  base::Result<IpvsState> state = parse_state(kSaved);
  ASSERT_TRUE(state.ok()) << state.status().message();
  EXPECT_EQ(sorted_lines(to_text(*state)), sorted_lines(kSaved));
  EXPECT_TRUE(
      std::is_sorted(state->virtual_servers.begin(), state->virtual_servers.end(),
                     [](const auto& a, const auto& b) { return a.server.key < b.server.key; }));
}

TEST(Text, FillsInIpvsadmsDefaults) {
  base::Result<IpvsOp> add = parse_op("ipvsadm --add-service -t 10.0.0.1:80 -p");
  ASSERT_TRUE(add.ok());
  EXPECT_EQ(to_text(*add), "-A -t 10.0.0.1:80 -s wlc -p 360");
  base::Result<IpvsOp> server = parse_op("  -a -t 10.0.0.1:80   --real-server 10.1.0.1:8080\r\n");
  ASSERT_TRUE(server.ok());
  EXPECT_EQ(to_text(*server), "-a -t 10.0.0.1:80 -r 10.1.0.1:8080 -g -w 1");
}

TEST(Text, NamesTheWordItDoesNotUnderstand) {
  struct Case {
    const char* line;
    const char* named;
  };
  for (const Case& bad : {
           Case{"", "-A -E"},
           Case{"-Z", "\"-Z\""},
           Case{"-A", "virtual server"},
           Case{"-A -t", "argument"},
           Case{"-A -t 10.0.0:80", "\"10.0.0:80\""},
           Case{"-A -t 10.0.0.1:80000", "\"10.0.0.1:80000\""},
           Case{"-A -t fd00::1:80", "fd00::1:80"},
           Case{"-A -t [fd00::1:80", "[fd00::1:80"},
           Case{"-A -t [fd00::1]80", "[fd00::1]80"},
           Case{"-A -t 10.0.0.1:80 -w 1", "\"-w\""},
           Case{"-A -t 10.0.0.1:80 --frob", "\"--frob\""},
           Case{"-A -t 10.0.0.1:80 -s rr -M 255.0.255.0 -p 3", "255.0.255.0"},
           Case{"-A -t [fd00::1]:80 -s rr -M 129 -p 3", "\"129\""},
           Case{"-A -t 10.0.0.1:80 -s rr -b sh-port", "sh-port"},
           Case{"-A -t 10.0.0.1:80 -s sh -b sh-port,", "\"\""},
           Case{"-A -f 0 -s rr", "\"0\""},
           Case{"-A -t 10.0.0.1:80 -6 -s rr", "-f"},
           Case{"-a -t 10.0.0.1:80 -m", "-r"},
           Case{"-a -t 10.0.0.1:80 -r 10.1.0.1:80 -w -1", "\"-1\""},
           Case{"-a -t 10.0.0.1:80 -r 10.1.0.1:80 -i --tun-type vxlan", "vxlan"},
           Case{"-D -t 10.0.0.1:80 -r 10.1.0.1:80", "\"-r\""},
           Case{"--set 1 2", "number"},
           Case{"--set 1 2 3 4", "\"4\""},
       }) {
    base::Result<IpvsOp> op = parse_op(bad.line);
    ASSERT_FALSE(op.ok()) << bad.line;
    EXPECT_EQ(op.status().code(), base::Code::kInvalidArgument);
    EXPECT_NE(op.status().message().find(bad.named), std::string::npos)
        << bad.line << ": " << op.status().message();
  }
}

TEST(Text, NamesTheLineOfABadState) {
  base::Result<IpvsState> orphan = parse_state("\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n");
  ASSERT_FALSE(orphan.ok());
  EXPECT_EQ(orphan.status().message(), "line 2: no -A line before it for TCP 10.0.0.1:80");
  EXPECT_FALSE(parse_state("-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.1:80 -s rr").ok());
  EXPECT_FALSE(parse_state("-D -t 10.0.0.1:80\n").ok());
}

TEST(Text, SurvivesTornLines) {
  std::mt19937_64 random(3);
  fakes::RandomIpvs values(4);
  for (int i = 0; i < 20000; ++i) {
    std::string line = to_text(values.operation());
    line[random() % line.size()] = static_cast<char>(random() % 256);
    line.resize(random() % (line.size() + 1));
    base::Result<IpvsOp> op = parse_op(line);
    if (!op.ok()) continue;
    EXPECT_TRUE(parse_op(to_text(*op)).ok()) << line;
  }
}

}  // namespace
}  // namespace ipvs
