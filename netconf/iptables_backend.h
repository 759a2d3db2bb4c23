#ifndef IPVS_AGENT_NETCONF_IPTABLES_BACKEND_H_
#define IPVS_AGENT_NETCONF_IPTABLES_BACKEND_H_

#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"
#include "netconf/child_process.h"

namespace netconf {

// The two ways in which iptables rules can be in the kernel. Rules in one do not see those in the
// other, so a host must use one only.
enum class IptablesBackend {
  kNft,     // iptables-nft-*: nf_tables
  kLegacy,  // iptables-legacy-*: x_tables
  kPlain,   // iptables-*: iptables before 1.8, which knows x_tables only
};

// "nft", "legacy" or "plain".
std::string_view to_string(IptablesBackend backend);

// The full name of a program: "ip6tables-nft-restore" for (kNft, kIpv6, "restore").
std::string program_name(IptablesBackend backend, base::Family family, std::string_view verb);

// Which backend the host uses. The kubelet leaves an empty chain KUBE-IPTABLES-HINT or
// KUBE-KUBELET-CANARY in the mangle table of the backend that it uses, in either family; the
// backend that has it is the one. Where none has, nft is, if it works at all.
//
// Errors: kUnsupported, naming the package, where no iptables is installed; where all that are
// installed fail, what the first one said.
// Kernel notes: naming a table to iptables-legacy-save makes it, which would then be found in use,
// so that it is asked for all tables that there are.
base::Result<IptablesBackend> detect_iptables_backend(const ProcessRunner& run);

// Why a program of iptables ended with a failure, from what it printed. `input` is what
// iptables-restore was given: the refused line is quoted.
base::Status iptables_failure(const std::string& program, const ProcessOutput& output,
                              std::string_view input);

// The failure of running `program` at all, with what to install.
base::Status iptables_not_run(const base::Status& status);

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_IPTABLES_BACKEND_H_
