#include "netconf/kernel_iptables.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace netconf {
namespace {

using base::Family;
using base::Result;
using base::Status;

constexpr std::chrono::seconds kDeadline(30);

Result<ProcessOutput> run_with_deadline(const std::vector<std::string>& argv,
                                        std::string_view input) {
  return run_process(argv, input, kDeadline);
}

class KernelIptables final : public IptablesRules {
 public:
  KernelIptables(IptablesBackend backend, ProcessRunner run)
      : backend_(backend), run_(std::move(run)) {}

  Result<IptablesState> read(Family family, std::span<const std::string> tables) override {
    IptablesState state;
    for (const std::string& table : std::set<std::string>(tables.begin(), tables.end())) {
      Result<std::string> saved = call({program_name(backend_, family, "save"), "-t", table}, "");
      if (!saved) return saved.status();
      Result<IptablesState> chains = parse_save_text(*saved);
      if (!chains) return chains.status();
      std::ranges::move(*chains, std::back_inserter(state));
    }
    return state;
  }

  std::vector<Status> apply(Family family, std::span<const IptablesOp> ops) override {
    if (ops.empty()) return {};
    Status outcome = call(restore_command(family), to_restore_text(ops)).status();
    return std::vector<Status>(ops.size(), outcome);
  }

  bool has_random_fully(Family family) override {
    auto [known, is_new] = random_fully_.try_emplace(family, false);
    if (is_new) {
      std::vector<std::string> command = restore_command(family);
      command.emplace_back("--test");
      known->second =
          call(command, "*nat\n-A POSTROUTING -j MASQUERADE --random-fully\nCOMMIT\n").ok();
    }
    return known->second;
  }

 private:
  // -w 5: x_tables has one lock for all programs, of which kubelet and the network plugin are some.
  std::vector<std::string> restore_command(Family family) const {
    return {program_name(backend_, family, "restore"), "-w", "5", "--noflush"};
  }

  // What the program printed.
  Result<std::string> call(const std::vector<std::string>& argv, std::string_view input) {
    Result<ProcessOutput> output = run_(argv, input);
    if (!output) return iptables_not_run(output.status());
    Status outcome = iptables_failure(argv[0], *output, input);
    if (!outcome) return outcome;
    return std::move(output->out);
  }

  IptablesBackend backend_;
  ProcessRunner run_;
  std::map<Family, bool> random_fully_;  // found out at the first question
};

}  // namespace

Result<std::unique_ptr<IptablesRules>> open_kernel_iptables(
    std::optional<IptablesBackend> backend) {
  if (!backend) {
    Result<IptablesBackend> detected = detect_iptables_backend(run_with_deadline);
    if (!detected) return detected.status();
    backend = *detected;
  }
  return make_kernel_iptables(*backend, run_with_deadline);
}

std::unique_ptr<IptablesRules> make_kernel_iptables(IptablesBackend backend, ProcessRunner run) {
  return std::make_unique<KernelIptables>(backend, std::move(run));
}

}  // namespace netconf
