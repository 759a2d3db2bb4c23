#include "netconf/kernel_iptables.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace netconf {
namespace {

using base::Family;
using base::Result;
using base::Status;

constexpr std::chrono::seconds kDeadline(30);
// Of what holds nobody up.
constexpr std::chrono::seconds kDeadlineBeside(120);

Result<ProcessOutput> run_with_deadline(const std::vector<std::string>& argv,
                                        std::string_view input, std::stop_token stop) {
  const bool beside = stop.stop_possible();
  return run_process(argv, input, beside ? kDeadlineBeside : kDeadline, std::move(stop));
}

class KernelIptables final : public IptablesRules {
 public:
  KernelIptables(IptablesBackend backend, ProcessRunner run)
      : backend_(backend), run_(std::move(run)) {}

  Result<IptablesState> read(Family family, std::span<const std::string> tables) override {
    return read(family, tables, {});
  }

  std::future<Result<IptablesState>> begin_read(Family family,
                                                std::vector<std::string> tables) override {
    auto outcome = std::make_shared<std::promise<Result<IptablesState>>>();
    try {
      readers_[family == Family::kIpv6] =
          std::jthread([this, family, tables, outcome](const std::stop_token& stop) {
            outcome->set_value(read(family, tables, stop));
          });
    } catch (const std::system_error&) {  // no more threads: then it takes the caller's time
      outcome->set_value(read(family, tables, {}));
    }
    return outcome->get_future();
  }

  std::vector<Status> apply(Family family, std::span<const IptablesOp> ops) override {
    if (ops.empty()) return {};
    Status outcome = call(restore_command(family), to_restore_text(ops), {}).status();
    return std::vector<Status>(ops.size(), outcome);
  }

  bool has_random_fully(Family family) override {
    auto [known, is_new] = random_fully_.try_emplace(family, false);
    if (is_new) {
      std::vector<std::string> command = restore_command(family);
      command.emplace_back("--test");
      known->second =
          call(command, "*nat\n-A POSTROUTING -j MASQUERADE --random-fully\nCOMMIT\n", {}).ok();
    }
    return known->second;
  }

 private:
  // -w 5: x_tables has one lock for all programs, of which kubelet and the network plugin are some.
  std::vector<std::string> restore_command(Family family) const {
    return {program_name(backend_, family, "restore"), "-w", "5", "--noflush"};
  }

  // Concurrent calls share nothing that is written.
  Result<IptablesState> read(Family family, std::span<const std::string> tables,
                             const std::stop_token& stop) const {
    const std::set<std::string> wanted(tables.begin(), tables.end());
    const std::string program = program_name(backend_, family, "save");
    // iptables-nft-save reads every table of the kernel whichever it is to print. That of the
    // legacy one reads, and has the kernel load, just what it is told to.
    if (backend_ == IptablesBackend::kNft) {
      Result<IptablesState> chains = save({program}, stop);
      if (chains) {
        std::erase_if(*chains,
                      [&](const IptablesChain& chain) { return !wanted.contains(chain.table); });
      }
      return chains;
    }
    IptablesState state;
    for (const std::string& table : wanted) {
      Result<IptablesState> chains = save({program, "-t", table}, stop);
      if (!chains) return chains;
      std::ranges::move(*chains, std::back_inserter(state));
    }
    return state;
  }

  Result<IptablesState> save(const std::vector<std::string>& command,
                             const std::stop_token& stop) const {
    Result<std::string> saved = call(command, "", stop);
    return saved ? parse_save_text(*saved) : saved.status();
  }

  // What the program printed.
  Result<std::string> call(const std::vector<std::string>& argv, std::string_view input,
                           std::stop_token stop) const {
    Result<ProcessOutput> output = run_(argv, input, std::move(stop));
    if (!output) return iptables_not_run(output.status());
    Status outcome = iptables_failure(argv[0], *output, input);
    if (!outcome) return outcome;
    return std::move(output->out);
  }

  IptablesBackend backend_;
  ProcessRunner run_;
  std::map<Family, bool> random_fully_;  // found out at the first question
  std::array<std::jthread, 2> readers_;  // by family, IPv4 first; they end before the rest goes
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
