#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>

#include "netconf/ipset_save.h"
#include "tests/contract/kernel/tools.h"
#include "tests/contract/netconf_host.h"

namespace contract {
namespace {

using netconf::AddIpsetEntry;
using netconf::CreateIpset;
using netconf::Ipset;
using netconf::IpsetOp;
using netconf::IpsetType;
using testing::ElementsAre;

class IpsetKernel : public testing::Test {
 protected:
  std::vector<Ipset> read(const std::vector<std::string>& names) {
    base::Result<std::vector<Ipset>> sets = host_->ipsets().read(names);
    EXPECT_TRUE(sets.ok()) << sets.status().message();
    return sets ? *sets : std::vector<Ipset>();
  }
  std::vector<base::Status> apply(const std::vector<IpsetOp>& ops) {
    return host_->ipsets().apply(ops);
  }

  std::unique_ptr<NetconfHost> host_ = make_netconf_host();
};

TEST_F(IpsetKernel, ReadsWhatTheToolMadeAndPrints) {
  must_run({"ipset", "restore"},
           "create A hash:ip,port,net family inet6 maxelem 1000\n"
           "add A fd00::1,tcp:443,fd00:1::/48\n"
           "add A fd00::1,6:80,fd00:2::1\n"
           "create P bitmap:port range 0-65535\n"
           "add P 80\n"
           "add P 443\n");
  netconf::IpsetSaveParser parser;
  parser.feed(must_run({"ipset", "save"}));
  EXPECT_EQ(read({"A", "P"}), parser.finish().value());
  EXPECT_EQ(read({"A"}).at(0).entries.size(), 2u);
}

TEST_F(IpsetKernel, TheToolRestoresWhatWePrint) {
  std::string text;
  for (const IpsetOp& op : std::vector<IpsetOp>{
           CreateIpset{{.name = "A", .max_elements = 7}},
           CreateIpset{{.name = "A", .max_elements = 7}},
           AddIpsetEntry{"A", IpsetType::kHashIpPort,
                         netconf::parse_entry(IpsetType::kHashIpPort, "10.0.0.1,sctp:5").value()},
           CreateIpset{{.name = "P", .type = IpsetType::kBitmapPort}},
       }) {
    text += to_text(op) + "\n";
  }
  must_run({"ipset", "restore"}, text);
  EXPECT_EQ(to_text(read({"A"}).at(0)),
            "create A hash:ip,port family inet hashsize 1024 maxelem 7\n"
            "add A 10.0.0.1,sctp:5\n");
  std::vector<base::Status> outcomes = apply({CreateIpset{{.name = "A", .max_elements = 7}}});
  EXPECT_TRUE(outcomes[0].ok()) << outcomes[0].message();
}

TEST_F(IpsetKernel, TellsForeignEntriesAndParameters) {
  must_run({"ipset", "restore"},
           "create A hash:ip,port timeout 600 counters\n"
           "add A 10.0.0.1,tcp:80\n"
           "add A 10.0.0.1,icmp:ping\n"
           "create N hash:ip,port,net\n"
           "add N 10.0.0.1,tcp:80,10.0.0.0/8\n"
           "add N 10.0.0.1,tcp:80,10.1.0.0/16 nomatch\n");
  std::vector<Ipset> sets = read({"A", "N"});
  EXPECT_EQ(sets.at(0).other_parameters, "timeout 600 counters");
  EXPECT_EQ(sets[0].entries.size(), 1u);
  ASSERT_EQ(sets[0].foreign_entries.size(), 1u);
  EXPECT_THAT(sets[0].foreign_entries[0], testing::StartsWith("10.0.0.1,icmp:echo-request"));
  EXPECT_EQ(sets.at(1).entries.size(), 1u);
  EXPECT_THAT(sets[1].foreign_entries, ElementsAre("10.0.0.1,6:80,10.1.0.0/16 nomatch"));
  // A set that would forget its entries is not the one that was asked for.
  base::Status status = apply({CreateIpset{{.name = "A"}}}).at(0);
  EXPECT_EQ(status.code(), base::Code::kAlreadyExists) << status.message();
  EXPECT_THAT(status.message(), testing::HasSubstr("timeout 600 counters"));
}

TEST_F(IpsetKernel, ASetOfATypeNotInUseIsUnsupported) {
  must_run({"ipset", "create", "L", "list:set"});
  const std::vector<std::string> names = {"L"};
  base::Status status = host_->ipsets().read(names).status();
  EXPECT_EQ(status.code(), base::Code::kUnsupported) << status.message();
  EXPECT_THAT(status.message(), testing::HasSubstr("list:set"));
  EXPECT_EQ(read({"other"}).size(), 0u);
}

TEST_F(IpsetKernel, SomebodyElseMakesTheSetAnew) {
  auto entry = [](IpsetType type, std::string_view text) {
    return IpsetOp(AddIpsetEntry{"A", type, netconf::parse_entry(type, text).value()});
  };
  std::vector<base::Status> outcomes =
      apply({CreateIpset{{.name = "A"}}, entry(IpsetType::kHashIpPort, "10.0.0.1,tcp:80")});
  ASSERT_TRUE(outcomes[1].ok()) << outcomes[1].message();
  must_run({"ipset", "destroy", "A"});
  must_run({"ipset", "create", "A", "hash:ip"});
  outcomes = apply(
      {entry(IpsetType::kHashIpPort, "10.0.0.1,tcp:80"), entry(IpsetType::kHashIp, "10.0.0.1")});
  EXPECT_EQ(outcomes[0].code(), base::Code::kInvalidArgument) << outcomes[0].message();
  EXPECT_TRUE(outcomes[1].ok()) << outcomes[1].message();
}

// Lets a signal interrupt the thread every 2 ms while it lives.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction action = {};
    action.sa_handler = [](int) {};  // without SA_RESTART: waits end with EINTR
    sigaction(SIGALRM, &action, &before_);
    itimerval often = {.it_interval = {0, 2000}, .it_value = {0, 2000}};
    setitimer(ITIMER_REAL, &often, nullptr);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;
  ~Interruptions() {
    itimerval never = {};
    setitimer(ITIMER_REAL, &never, nullptr);
    sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  struct sigaction before_ = {};
};

TEST_F(IpsetKernel, SignalsDoNoHarm) {
  std::vector<IpsetOp> ops = {CreateIpset{{.name = "A"}}};
  for (int i = 0; i < 5000; ++i) {
    std::string text =
        "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ",tcp:80";
    ops.push_back(AddIpsetEntry{"A", IpsetType::kHashIpPort,
                                netconf::parse_entry(IpsetType::kHashIpPort, text).value()});
  }
  Interruptions interruptions;
  for (int round = 0; round < 5; ++round) {
    for (const base::Status& status : apply(ops)) ASSERT_TRUE(status.ok()) << status.message();
    ASSERT_EQ(read({"A"}).at(0).entries.size(), 5000u);
  }
}

}  // namespace
}  // namespace contract
