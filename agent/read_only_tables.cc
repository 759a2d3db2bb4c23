#include "agent/read_only_tables.h"

#include <string>
#include <vector>

namespace agent {
namespace {

using base::Result;
using base::Status;

std::vector<Status> refuse(std::size_t count) {
  return std::vector<Status>(count,
                             Status(base::Code::kCancelled, "not done: this is shadow mode"));
}

struct ReadOnlyIpvs final : ipvs::IpvsTable {
  explicit ReadOnlyIpvs(ipvs::IpvsTable& real) : table(real) {}
  Result<ipvs::IpvsState> read() override { return table.read(); }
  Result<std::vector<ipvs::VirtualServerState>> read_virtual_servers() override {
    return table.read_virtual_servers();
  }
  Result<std::vector<ipvs::VirtualServerState>> read_some(
      std::span<const ipvs::VirtualServerKey> keys) override {
    return table.read_some(keys);
  }
  std::vector<Status> apply(std::span<const ipvs::IpvsOp> ops) override {
    return refuse(ops.size());
  }
  ipvs::IpvsTable& table;
};

struct ReadOnlyAddresses final : netconf::AddressTable {
  explicit ReadOnlyAddresses(netconf::AddressTable& real) : table(real) {}
  Result<netconf::AddressState> read() override { return table.read(); }
  std::vector<Status> apply(std::span<const netconf::AddressOp> ops) override {
    return refuse(ops.size());
  }
  netconf::AddressTable& table;
};

struct ReadOnlyIpsets final : netconf::IpsetTable {
  explicit ReadOnlyIpsets(netconf::IpsetTable& real) : table(real) {}
  Result<std::vector<netconf::Ipset>> read(std::span<const std::string> names) override {
    return table.read(names);
  }
  std::vector<Status> apply(std::span<const netconf::IpsetOp> ops) override {
    return refuse(ops.size());
  }
  netconf::IpsetTable& table;
};

struct ReadOnlyIptables final : netconf::IptablesRules {
  explicit ReadOnlyIptables(netconf::IptablesRules& real) : table(real) {}
  Result<netconf::IptablesState> read(base::Family family,
                                      std::span<const std::string> tables) override {
    return table.read(family, tables);
  }
  std::vector<Status> apply(base::Family /*family*/,
                            std::span<const netconf::IptablesOp> ops) override {
    return refuse(ops.size());
  }
  bool has_random_fully(base::Family family) override { return table.has_random_fully(family); }
  netconf::IptablesRules& table;
};

struct ReadOnlySysctls final : netconf::Sysctls {
  explicit ReadOnlySysctls(netconf::Sysctls& real) : table(real) {}
  Result<std::string> read(const std::string& name) override { return table.read(name); }
  bool is_fixed(const std::string& name) override { return table.is_fixed(name); }
  std::vector<Status> apply(std::span<const netconf::Sysctl> settings) override {
    return refuse(settings.size());
  }
  netconf::Sysctls& table;
};

struct ReadOnlyConntrack final : netconf::ConntrackTable {
  explicit ReadOnlyConntrack(netconf::ConntrackTable& real) : table(real) {}
  Result<netconf::FlowList> read_udp(base::Family family,
                                     const netconf::FlowFilter& wanted) override {
    return table.read_udp(family, wanted);
  }
  std::vector<Status> apply(std::span<const netconf::DeleteFlow> ops) override {
    return refuse(ops.size());
  }
  netconf::ConntrackTable& table;
};

struct ReadOnlyNft final : netconf::NftTables {
  explicit ReadOnlyNft(netconf::NftTables& real) : table(real) {}
  Result<std::vector<netconf::NftTable>> read() override { return table.read(); }
  std::vector<Status> apply(std::span<const netconf::DeleteNftTable> ops) override {
    return refuse(ops.size());
  }
  netconf::NftTables& table;
};

}  // namespace

struct ReadOnlyTables::Decorators {
  explicit Decorators(HostTables tables)
      : ipvs(tables.ipvs),
        addresses(tables.addresses),
        ipsets(tables.ipsets),
        iptables(tables.iptables),
        sysctls(tables.sysctls),
        conntrack(tables.conntrack),
        nft(tables.nft) {}
  ReadOnlyIpvs ipvs;
  ReadOnlyAddresses addresses;
  ReadOnlyIpsets ipsets;
  ReadOnlyIptables iptables;
  ReadOnlySysctls sysctls;
  ReadOnlyConntrack conntrack;
  ReadOnlyNft nft;
};

ReadOnlyTables::ReadOnlyTables(HostTables tables)
    : decorators_(std::make_unique<Decorators>(tables)) {}

ReadOnlyTables::~ReadOnlyTables() = default;

HostTables ReadOnlyTables::tables() {
  return {decorators_->ipvs,    decorators_->addresses, decorators_->ipsets, decorators_->iptables,
          decorators_->sysctls, decorators_->conntrack, decorators_->nft};
}

}  // namespace agent
