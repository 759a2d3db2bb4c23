#include "netconf/iptables_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>

#include "netconf/kernel_iptables.h"

namespace netconf {
namespace {

using base::Code;
using base::Family;
using testing::ElementsAre;
using testing::HasSubstr;

// A host's programs: what each prints, by command line; the others are not installed.
class Programs {
 public:
  void print(const std::string& command, ProcessOutput output) {
    outputs_[command] = std::move(output);
  }
  ProcessRunner runner() {
    return [this](const std::vector<std::string>& argv, std::string_view input,
                  std::stop_token) -> base::Result<ProcessOutput> {
      std::string command;
      for (const std::string& argument : argv) command += (command.empty() ? "" : " ") + argument;
      calls_.push_back(command);
      inputs_.emplace_back(input);
      auto found = outputs_.find(command);
      if (found == outputs_.end()) {
        return base::Status(Code::kNotFound, argv[0] + ": no such program", ENOENT);
      }
      return found->second;
    };
  }
  const std::vector<std::string>& calls() const { return calls_; }
  const std::vector<std::string>& inputs() const { return inputs_; }

 private:
  std::map<std::string, ProcessOutput> outputs_;
  std::vector<std::string> calls_;
  std::vector<std::string> inputs_;
};

constexpr const char* kHint = "*mangle\n:PREROUTING ACCEPT [0:0]\n:KUBE-IPTABLES-HINT - [0:0]\n";
constexpr const char* kCanary = "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\n";

TEST(IptablesBackend, HintInNftDecides) {
  Programs host;
  host.print("iptables-nft-save -t mangle", {0, kHint, ""});
  host.print("ip6tables-nft-save -t mangle", {0, "", ""});
  EXPECT_EQ(detect_iptables_backend(host.runner()).value(), IptablesBackend::kNft);
}

TEST(IptablesBackend, CanaryInTheOtherFamilyOfLegacyDecides) {
  Programs host;
  host.print("iptables-nft-save -t mangle", {0, "*mangle\nCOMMIT\n", ""});
  host.print("ip6tables-nft-save -t mangle", {0, "", ""});
  host.print("iptables-legacy-save", {0, "", ""});
  host.print("ip6tables-legacy-save", {0, kCanary, ""});
  EXPECT_EQ(detect_iptables_backend(host.runner()).value(), IptablesBackend::kLegacy);
  EXPECT_THAT(host.calls(),
              ElementsAre("iptables-nft-save -t mangle", "ip6tables-nft-save -t mangle",
                          "iptables-legacy-save", "ip6tables-legacy-save"));
}

TEST(IptablesBackend, NftWithoutAnyHint) {
  Programs host;
  host.print("iptables-nft-save -t mangle", {0, "", ""});
  host.print("iptables-legacy-save", {0, "", ""});
  EXPECT_EQ(detect_iptables_backend(host.runner()).value(), IptablesBackend::kNft);
}

TEST(IptablesBackend, LegacyWhereTheKernelHasNoNfTables) {
  Programs host;
  ProcessOutput no_nf_tables{
      1, "", "iptables-nft-save: Could not fetch rule set generation id: Protocol not supported"};
  host.print("iptables-nft-save -t mangle", no_nf_tables);
  host.print("ip6tables-nft-save -t mangle", no_nf_tables);
  host.print("iptables-legacy-save", {0, "", ""});
  EXPECT_EQ(detect_iptables_backend(host.runner()).value(), IptablesBackend::kLegacy);
}

TEST(IptablesBackend, OldIptablesHasOnlyPlainNames) {
  Programs host;
  host.print("iptables-save", {0, "", ""});
  EXPECT_EQ(detect_iptables_backend(host.runner()).value(), IptablesBackend::kPlain);
  EXPECT_EQ(program_name(IptablesBackend::kPlain, Family::kIpv6, "restore"), "ip6tables-restore");
}

TEST(IptablesBackend, NothingInstalledNamesThePackage) {
  Programs host;
  base::Status status = detect_iptables_backend(host.runner()).status();
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("apt install iptables"));
}

TEST(IptablesBackend, NoCapabilityIsToldAsSuch) {
  Programs host;
  ProcessOutput refused{4, "",
                        "iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation "
                        "id: Permission denied (you must be root)\n"};
  host.print("iptables-nft-save -t mangle", refused);
  host.print("ip6tables-nft-save -t mangle", refused);
  base::Status status = detect_iptables_backend(host.runner()).status();
  EXPECT_EQ(status.code(), Code::kPermissionDenied);
  EXPECT_THAT(status.message(), HasSubstr("CAP_NET_ADMIN"));
}

TEST(IptablesFailure, QuotesTheRefusedLine) {
  ProcessOutput output{2, "",
                       "iptables-nft-restore v1.8.9 (nf_tables): Set NOSET doesn't exist.\n\n"
                       "Error occurred at line: 2\n"
                       "Try `iptables-nft-restore -h' or 'iptables-nft-restore --help' for more "
                       "information.\n"};
  base::Status status =
      iptables_failure("iptables-nft-restore", output, "*nat\n-A X -m set --match-set NOSET dst\n");
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "iptables-nft-restore ended with 2: iptables-nft-restore v1.8.9 (nf_tables): Set NOSET "
            "doesn't exist.; Error occurred at line: 2; line 2 is \"-A X -m set --match-set NOSET "
            "dst\"");
}

TEST(IptablesFailure, AHeldLockIsTransient) {
  ProcessOutput output{4, "", "Another app is currently holding the xtables lock.\n"};
  EXPECT_EQ(iptables_failure("iptables-legacy-restore", output, "").code(), Code::kUnavailable);
}

TEST(KernelIptables, RestoresAllTablesAtOnce) {
  Programs host;
  host.print("ip6tables-legacy-restore -w 5 --noflush", {0, "", ""});
  auto iptables = make_kernel_iptables(IptablesBackend::kLegacy, host.runner());
  const std::vector<IptablesOp> ops = {WriteChain{{"filter", "A", {}}},
                                       WriteChain{{"nat", "B", {"-j RETURN"}}}};
  std::vector<base::Status> outcomes = iptables->apply(Family::kIpv6, ops);
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_TRUE(outcomes[0]) << outcomes[0].message();
  EXPECT_EQ(host.inputs().back(), to_restore_text(ops));
  EXPECT_TRUE(iptables->apply(Family::kIpv6, {}).empty());
  EXPECT_EQ(host.calls().size(), 1u);
}

TEST(KernelIptables, ReadsEachTableOfTheLegacyOneOnce) {
  Programs host;
  host.print("iptables-legacy-save -t nat", {0, "*nat\n:A - [0:0]\nCOMMIT\n", ""});
  host.print("iptables-legacy-save -t filter", {0, "*filter\n:B - [0:0]\nCOMMIT\n", ""});
  auto iptables = make_kernel_iptables(IptablesBackend::kLegacy, host.runner());
  const std::vector<std::string> tables = {"nat", "filter", "nat"};
  EXPECT_THAT(iptables->read(Family::kIpv4, tables).value(),
              ElementsAre(IptablesChain{"filter", "B", {}}, IptablesChain{"nat", "A", {}}));
  EXPECT_EQ(host.calls().size(), 2u);
}

TEST(KernelIptables, ReadsAllTablesOfNftAtOnce) {
  Programs host;
  host.print("iptables-nft-save", {0,
                                   "*raw\n:C - [0:0]\nCOMMIT\n*nat\n:A - [0:0]\nCOMMIT\n"
                                   "*filter\n:B - [0:0]\nCOMMIT\n",
                                   ""});
  auto iptables = make_kernel_iptables(IptablesBackend::kNft, host.runner());
  const std::vector<std::string> tables = {"nat", "filter", "mangle"};
  EXPECT_THAT(iptables->read(Family::kIpv4, tables).value(),
              ElementsAre(IptablesChain{"filter", "B", {}}, IptablesChain{"nat", "A", {}}));
  EXPECT_EQ(host.calls().size(), 1u);
}

TEST(KernelIptables, ReadsBesideTheCaller) {
  std::promise<void> printed;
  std::shared_future<void> wait = printed.get_future().share();
  auto iptables = make_kernel_iptables(
      IptablesBackend::kNft,
      [wait](const auto&, std::string_view, std::stop_token) -> base::Result<ProcessOutput> {
        wait.wait();
        return ProcessOutput{0, "*nat\n:A - [0:0]\nCOMMIT\n", ""};
      });
  auto reading = iptables->begin_read(Family::kIpv4, {"nat"});
  EXPECT_EQ(reading.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  printed.set_value();
  EXPECT_THAT(reading.get().value(), ElementsAre(IptablesChain{"nat", "A", {}}));
}

TEST(KernelIptables, GivesUpWhatItReadsAtItsEnd) {
  auto iptables = make_kernel_iptables(
      IptablesBackend::kNft,
      [](const auto&, std::string_view, std::stop_token stop) -> base::Result<ProcessOutput> {
        return run_process({"sleep", "1000"}, "", std::chrono::seconds(900), std::move(stop));
      });
  auto reading = iptables->begin_read(Family::kIpv6, {"nat"});
  iptables.reset();
  EXPECT_EQ(reading.get().status().code(), Code::kCancelled);
}

TEST(KernelIptables, AMissingProgramIsUnsupported) {
  Programs host;
  auto iptables = make_kernel_iptables(IptablesBackend::kNft, host.runner());
  const std::vector<IptablesOp> ops = {WriteChain{{"filter", "A", {}}}};
  base::Status status = iptables->apply(Family::kIpv4, ops).front();
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("apt install iptables"));
}

TEST(KernelIptables, AsksForRandomFullyOnce) {
  Programs host;
  host.print("iptables-nft-restore -w 5 --noflush --test", {0, "", ""});
  auto iptables = make_kernel_iptables(IptablesBackend::kNft, host.runner());
  EXPECT_TRUE(iptables->has_random_fully(Family::kIpv4));
  EXPECT_TRUE(iptables->has_random_fully(Family::kIpv4));
  EXPECT_FALSE(iptables->has_random_fully(Family::kIpv6));
  EXPECT_EQ(host.calls().size(), 2u);
}

TEST(ChildProcess, CollectsOutputsAndStatus) {
  base::Result<ProcessOutput> output =
      run_process({"sh", "-c", "cat; echo err >&2; exit 3"}, "text", std::chrono::seconds(60));
  ASSERT_TRUE(output) << output.status().message();
  EXPECT_EQ(output->out, "text");
  EXPECT_EQ(output->err, "err\n");
  EXPECT_EQ(output->exit_status, 3);
}

TEST(ChildProcess, TakesAndGivesMoreThanAPipeHolds) {
  const std::string text(1 << 20, 'x');
  base::Result<ProcessOutput> output = run_process({"cat"}, text, std::chrono::seconds(60));
  ASSERT_TRUE(output) << output.status().message();
  EXPECT_TRUE(output->out == text);
}

TEST(ChildProcess, IsKilledAtItsDeadline) {
  base::Status status =
      run_process({"sh", "-c", "sleep 1000 & wait"}, "", std::chrono::milliseconds(100)).status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("killed"));
}

TEST(ChildProcess, AMissingProgramIsNotFound) {
  EXPECT_EQ(
      run_process({"ipvs-agent-no-such-program"}, "", std::chrono::seconds(60)).status().code(),
      Code::kNotFound);
}

}  // namespace
}  // namespace netconf
