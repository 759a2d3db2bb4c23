#include "tests/contract/netconf_host.h"

#include "tests/fakes/fake_conntrack.h"
#include "tests/fakes/fake_ipset_table.h"
#include "tests/fakes/fake_iptables.h"
#include "tests/fakes/fake_nft_tables.h"
#include "tests/fakes/fake_sysctls.h"

namespace contract {
namespace {

class FakeHost final : public NetconfHost {
 public:
  netconf::IpsetTable& ipsets() override { return ipsets_; }
  netconf::IptablesRules& iptables(const std::string& /*variant*/) override { return iptables_; }
  netconf::Sysctls& sysctls() override { return sysctls_; }
  netconf::ConntrackTable& conntrack() override { return conntrack_; }
  void track(const netconf::Flow& flow) override {
    conntrack_.flows().push_back(flow);
    conntrack_.flows().back().id = next_id_++;
  }

  netconf::NftTables& nft() override { return nft_; }
  void make(const netconf::NftTable& table) override { nft_.tables().insert(table); }

 private:
  fakes::FakeIpsetTable ipsets_;
  fakes::FakeIptables iptables_{&ipsets_};
  fakes::FakeSysctls sysctls_;
  fakes::FakeConntrack conntrack_;
  fakes::FakeNftTables nft_;
  std::uint32_t next_id_ = 1000;
};

}  // namespace

std::unique_ptr<NetconfHost> make_netconf_host() { return std::make_unique<FakeHost>(); }

std::vector<std::string> iptables_variants() { return {"fake"}; }

}  // namespace contract
