#ifndef IPVS_AGENT_TESTS_BENCH_ACCEPTING_TABLES_H_
#define IPVS_AGENT_TESTS_BENCH_ACCEPTING_TABLES_H_

#include <string>
#include <vector>

#include "agent/host.h"

namespace bench {

// An empty host that takes every operation and keeps nothing, so that what is measured on it is the
// agent alone.
class AcceptingTables {
 public:
  agent::HostTables tables() {
    return {ipvs_, addresses_, ipsets_, iptables_, sysctls_, conntrack_, nft_};
  }

 private:
  using Statuses = std::vector<base::Status>;

  struct Ipvs final : ipvs::IpvsTable {
    base::Result<ipvs::IpvsState> read() override { return ipvs::IpvsState(); }
    base::Result<std::vector<ipvs::VirtualServerState>> read_virtual_servers() override {
      return std::vector<ipvs::VirtualServerState>();
    }
    base::Result<std::vector<ipvs::VirtualServerState>> read_some(
        std::span<const ipvs::VirtualServerKey>) override {
      return std::vector<ipvs::VirtualServerState>();
    }
    Statuses apply(std::span<const ipvs::IpvsOp> ops) override { return Statuses(ops.size()); }
  };
  struct Addresses final : netconf::AddressTable {
    base::Result<netconf::AddressState> read() override {
      netconf::AddressState state;
      state.device_exists = true;
      state.device_type = "dummy";
      return state;
    }
    Statuses apply(std::span<const netconf::AddressOp> ops) override {
      return Statuses(ops.size());
    }
  };
  struct Ipsets final : netconf::IpsetTable {
    base::Result<std::vector<netconf::Ipset>> read(std::span<const std::string>) override {
      return std::vector<netconf::Ipset>();
    }
    Statuses apply(std::span<const netconf::IpsetOp> ops) override { return Statuses(ops.size()); }
  };
  struct Iptables final : netconf::IptablesRules {
    base::Result<netconf::IptablesState> read(base::Family, std::span<const std::string>) override {
      return netconf::IptablesState();
    }
    Statuses apply(base::Family, std::span<const netconf::IptablesOp> ops) override {
      return Statuses(ops.size());
    }
    bool has_random_fully(base::Family) override { return true; }
  };
  struct Sysctls final : netconf::Sysctls {
    base::Result<std::string> read(const std::string&) override { return std::string(); }
    Statuses apply(std::span<const netconf::Sysctl> settings) override {
      return Statuses(settings.size());
    }
  };
  struct Conntrack final : netconf::ConntrackTable {
    base::Result<netconf::FlowList> read_udp(base::Family, const netconf::FlowFilter&) override {
      return netconf::FlowList();
    }
    Statuses apply(std::span<const netconf::DeleteFlow> ops) override {
      return Statuses(ops.size());
    }
  };

  struct Nft final : netconf::NftTables {
    base::Result<std::vector<netconf::NftTable>> read() override {
      return std::vector<netconf::NftTable>();
    }
    Statuses apply(std::span<const netconf::DeleteNftTable> ops) override {
      return Statuses(ops.size());
    }
  };

  Ipvs ipvs_;
  Addresses addresses_;
  Ipsets ipsets_;
  Iptables iptables_;
  Sysctls sysctls_;
  Conntrack conntrack_;
  Nft nft_;
};

}  // namespace bench

#endif  // IPVS_AGENT_TESTS_BENCH_ACCEPTING_TABLES_H_
