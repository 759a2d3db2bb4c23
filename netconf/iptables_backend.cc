#include "netconf/iptables_backend.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace netconf {
namespace {

using base::Code;
using base::Family;
using base::Result;
using base::Status;

bool has_hint(std::string_view saved) {
  return saved.find("\n:KUBE-IPTABLES-HINT ") != std::string_view::npos ||
         saved.find("\n:KUBE-KUBELET-CANARY ") != std::string_view::npos;
}

// What asking one backend, in both families, found.
struct Probe {
  bool works = false;  // for one family at least
  bool hinted = false;
  Status failure;  // the first
};

Probe probe(const ProcessRunner& run, IptablesBackend backend) {
  Probe found;
  for (Family family : {Family::kIpv4, Family::kIpv6}) {
    std::vector<std::string> argv = {program_name(backend, family, "save")};
    if (backend == IptablesBackend::kNft) argv.insert(argv.end(), {"-t", "mangle"});
    Result<ProcessOutput> output = run(argv, "", {});
    Status outcome = output ? iptables_failure(argv[0], *output, "") : output.status();
    if (outcome) {
      found.works = true;
      found.hinted |= has_hint(output->out);
    } else if (found.failure) {
      found.failure = outcome;
    }
  }
  return found;
}

// The number behind the first "line " or "line: " in the text; 0 where there is none.
std::size_t line_number(std::string_view text) {
  std::size_t at = text.find("line");
  if (at == std::string_view::npos) return 0;
  at = text.find_first_of("0123456789", at);
  if (at == std::string_view::npos) return 0;
  std::size_t number = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), number);
  return number;
}

// The n-th line, counted from 1.
std::string_view nth_line(std::string_view text, std::size_t n) {
  for (; n > 1; --n) {
    std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return "";
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// One line of what was printed to stderr, without the advice to call for help.
std::string summary(std::string_view err) {
  std::string text;
  while (!err.empty()) {
    std::size_t end = std::min(err.find('\n'), err.size());
    std::string_view line = err.substr(0, end);
    if (!line.empty() && !line.starts_with("Try `")) {
      if (!text.empty()) text += text.ends_with(": ") ? "" : "; ";
      text += line;
    }
    err.remove_prefix(std::min(end + 1, err.size()));
  }
  constexpr std::size_t kLongest = 1000;
  if (text.size() > kLongest) text.resize(kLongest);
  return text.empty() ? "no message" : text;
}

struct Meaning {
  std::string_view part;  // of the text on stderr
  Code code;
  std::string_view remedy;
};

constexpr std::array<Meaning, 9> kMeanings = {{
    {"xtables lock", Code::kUnavailable,
     "; another program holds it: mount the host's /run/xtables.lock"},
    {"must be root", Code::kPermissionDenied, "; needs CAP_NET_ADMIN: run as root"},
    {"Permission denied", Code::kPermissionDenied, "; needs CAP_NET_ADMIN: run as root"},
    {"Operation not permitted", Code::kPermissionDenied, "; needs CAP_NET_ADMIN: run as root"},
    {"unable to initialize table", Code::kUnsupported,
     "; needs CAP_NET_ADMIN and the kernel's module of that table (modprobe iptable_nat "
     "iptable_filter, or ip6table_*)"},
    {"do you need to insmod", Code::kUnsupported,
     "; the kernel lacks the table: modprobe iptable_nat iptable_filter (or ip6table_*)"},
    {"Could not fetch rule set generation id", Code::kUnsupported,
     "; the kernel lacks nf_tables: modprobe nf_tables, or use iptables-legacy"},
    {"No buffer space available", Code::kResourceExhausted, ""},
    {"Cannot allocate memory", Code::kResourceExhausted, ""},
}};

}  // namespace

std::string_view to_string(IptablesBackend backend) {
  switch (backend) {
    case IptablesBackend::kNft: return "nft";
    case IptablesBackend::kLegacy: return "legacy";
    case IptablesBackend::kPlain: return "plain";
  }
  return "unknown";
}

std::string program_name(IptablesBackend backend, Family family, std::string_view verb) {
  std::string name = family == Family::kIpv4 ? "iptables-" : "ip6tables-";
  if (backend != IptablesBackend::kPlain) name += std::string(to_string(backend)) + "-";
  return name + std::string(verb);
}

Result<IptablesBackend> detect_iptables_backend(const ProcessRunner& run) {
  Probe nft = probe(run, IptablesBackend::kNft);
  if (nft.hinted) return IptablesBackend::kNft;
  Probe legacy = probe(run, IptablesBackend::kLegacy);
  if (legacy.hinted) return IptablesBackend::kLegacy;
  if (nft.works) return IptablesBackend::kNft;
  if (legacy.works) return IptablesBackend::kLegacy;
  bool installed =
      nft.failure.code() != Code::kNotFound || legacy.failure.code() != Code::kNotFound;
  if (!installed) {
    Probe plain = probe(run, IptablesBackend::kPlain);
    if (plain.works) return IptablesBackend::kPlain;
    return iptables_not_run(plain.failure);
  }
  return nft.failure.code() != Code::kNotFound ? nft.failure : legacy.failure;
}

Status iptables_failure(const std::string& program, const ProcessOutput& output,
                        std::string_view input) {
  if (output.exit_status == 0) return Status();
  std::string message =
      program + " ended with " + std::to_string(output.exit_status) + ": " + summary(output.err);
  std::size_t line = line_number(output.err);
  if (line > 0 && !nth_line(input, line).empty()) {
    message +=
        "; line " + std::to_string(line) + " is \"" + std::string(nth_line(input, line)) + "\"";
  }
  for (const Meaning& meaning : kMeanings) {
    if (output.err.find(meaning.part) != std::string::npos) {
      return Status(meaning.code, message + std::string(meaning.remedy));
    }
  }
  return Status(Code::kInvalidArgument, message);
}

Status iptables_not_run(const Status& status) {
  if (status.code() != Code::kNotFound) return status;
  return Status(Code::kUnsupported,
                status.message() + "; install iptables (Debian: apt install iptables)",
                status.error_number());
}

}  // namespace netconf
