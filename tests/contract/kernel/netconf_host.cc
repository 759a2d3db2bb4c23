#include "tests/contract/netconf_host.h"

#include <sched.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>

#include "netconf/kernel_conntrack.h"
#include "netconf/kernel_iptables.h"
#include "netconf/kernel_nft_tables.h"
#include "netconf/libipset_table.h"
#include "netconf/proc_sysctls.h"
#include "tests/contract/kernel/tools.h"

namespace contract {
namespace {

template <typename T>
T must(base::Result<T> result) {
  if (!result) throw std::runtime_error(result.status().message());
  return std::move(result).value();
}

// A network namespace that the kernel removes when the next test enters one of its own.
class KernelHost final : public NetconfHost {
 public:
  KernelHost() {
    if (unshare(CLONE_NEWNET) != 0) {
      throw std::runtime_error(std::string("unshare(CLONE_NEWNET): ") + strerrordesc_np(errno) +
                               "; run as root, in tests/lab/run");
    }
    must_run({"ip", "link", "set", "lo", "up"});
  }

  netconf::IpsetTable& ipsets() override {
    if (!ipsets_) ipsets_ = must(netconf::open_libipset_table());
    return *ipsets_;
  }
  netconf::IptablesRules& iptables(const std::string& variant) override {
    auto& rules = iptables_[variant];
    if (!rules) {
      rules = must(netconf::open_kernel_iptables(
          variant == "nft" ? netconf::IptablesBackend::kNft : netconf::IptablesBackend::kLegacy));
    }
    return *rules;
  }
  netconf::Sysctls& sysctls() override { return sysctls_; }
  netconf::ConntrackTable& conntrack() override {
    if (!conntrack_) conntrack_ = must(netconf::open_kernel_conntrack());
    return *conntrack_;
  }
  void track(const netconf::Flow& flow) override {
    const netconf::FlowDirection& original = flow.original;
    const netconf::FlowDirection& reply = flow.reply;
    std::vector<std::string> command = {"conntrack",
                                        "-I",
                                        "-t",
                                        "600",
                                        "-p",
                                        std::string(base::to_lower(flow.protocol)),
                                        "-s",
                                        original.source.to_string(),
                                        "-d",
                                        original.destination.to_string(),
                                        "--sport",
                                        std::to_string(original.source_port),
                                        "--dport",
                                        std::to_string(original.destination_port),
                                        "-r",
                                        reply.source.to_string(),
                                        "-q",
                                        reply.destination.to_string(),
                                        "--reply-port-src",
                                        std::to_string(reply.source_port),
                                        "--reply-port-dst",
                                        std::to_string(reply.destination_port)};
    if (flow.protocol == base::Protocol::kTcp) {
      command.insert(command.end(), {"--state", "ESTABLISHED"});
    }
    if (flow.zone != 0) command.insert(command.end(), {"-w", std::to_string(flow.zone)});
    must_run(command);
  }

  netconf::NftTables& nft() override {
    if (!nft_) nft_ = must(netconf::open_kernel_nft_tables());
    return *nft_;
  }
  // With what refers to each other, which a deletion must take along.
  void make(const netconf::NftTable& table) override {
    bool v4 = table.family == base::Family::kIpv4;
    must_run({"nft", "-f", "-"}, "table " + std::string(v4 ? "ip " : "ip6 ") + table.name +
                                     R"( {
  map services { type inet_service : verdict; elements = { 80 : goto service } }
  chain service {
    counter drop
  }
  chain nat-prerouting {
    type nat hook prerouting priority dstnat;
    tcp dport vmap @services
  }
})");
  }

 private:
  std::unique_ptr<netconf::IpsetTable> ipsets_;
  std::map<std::string, std::unique_ptr<netconf::IptablesRules>> iptables_;
  std::unique_ptr<netconf::ConntrackTable> conntrack_;
  std::unique_ptr<netconf::NftTables> nft_;
  netconf::ProcSysctls sysctls_;
};

}  // namespace

std::unique_ptr<NetconfHost> make_netconf_host() { return std::make_unique<KernelHost>(); }

std::vector<std::string> iptables_variants() { return {"nft", "legacy"}; }

}  // namespace contract
