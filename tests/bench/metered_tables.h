#ifndef IPVS_AGENT_TESTS_BENCH_METERED_TABLES_H_
#define IPVS_AGENT_TESTS_BENCH_METERED_TABLES_H_

#include <cstddef>
#include <variant>
#include <vector>

#include "agent/host.h"
#include "base/clock.h"

namespace bench {

// What went through one kernel table.
struct TableUse {
  std::size_t writes = 0;  // operations
  std::size_t failures = 0;
  std::size_t reads = 0;  // calls
  base::Duration writing{};
  base::Duration reading{};
};

struct HostUse {
  TableUse ipvs;
  TableUse addresses;
  TableUse ipsets;
  TableUse iptables;
  TableUse sysctls;  // writes: settings that got another value

  std::size_t writes() const {
    return ipvs.writes + addresses.writes + ipsets.writes + iptables.writes + sysctls.writes;
  }
  std::size_t failures() const {
    return ipvs.failures + addresses.failures + ipsets.failures + iptables.failures;
  }
  base::Duration writing() const {
    return ipvs.writing + addresses.writing + ipsets.writing + iptables.writing + sysctls.writing;
  }
  base::Duration reading() const {
    return ipvs.reading + addresses.reading + ipsets.reading + iptables.reading + sysctls.reading;
  }
};

struct IptablesCall {
  base::Family family;
  std::vector<netconf::IptablesOp> ops;
};
// The operations of one apply().
using WriteCall = std::variant<std::vector<ipvs::IpvsOp>, std::vector<netconf::AddressOp>,
                               std::vector<netconf::IpsetOp>, IptablesCall>;

// Decorators around the kernel tables of a host: they count and time what passes, and note it down
// where asked.
//
// Threading: one owner.
class MeteredTables {
 public:
  explicit MeteredTables(agent::HostTables inner);

  agent::HostTables tables() {
    return {ipvs_, addresses_, ipsets_, iptables_, sysctls_, inner_.conntrack, inner_.nft};
  }
  const HostUse& use() const { return use_; }
  void reset() { use_ = {}; }
  // From now on every write is appended here; null: no more.
  void record(std::vector<WriteCall>* calls) { calls_ = calls; }

 private:
  struct Ipvs final : ipvs::IpvsTable {
    explicit Ipvs(MeteredTables& owner) : all(owner) {}
    base::Result<ipvs::IpvsState> read() override;
    base::Result<std::vector<ipvs::VirtualServerState>> read_virtual_servers() override;
    base::Result<std::vector<ipvs::VirtualServerState>> read_some(
        std::span<const ipvs::VirtualServerKey> keys) override;
    std::vector<base::Status> apply(std::span<const ipvs::IpvsOp> ops) override;
    MeteredTables& all;
  };
  struct Addresses final : netconf::AddressTable {
    explicit Addresses(MeteredTables& owner) : all(owner) {}
    base::Result<netconf::AddressState> read() override;
    std::vector<base::Status> apply(std::span<const netconf::AddressOp> ops) override;
    MeteredTables& all;
  };
  struct Ipsets final : netconf::IpsetTable {
    explicit Ipsets(MeteredTables& owner) : all(owner) {}
    base::Result<std::vector<netconf::Ipset>> read(std::span<const std::string> names) override;
    std::vector<base::Status> apply(std::span<const netconf::IpsetOp> ops) override;
    MeteredTables& all;
  };
  struct Iptables final : netconf::IptablesRules {
    explicit Iptables(MeteredTables& owner) : all(owner) {}
    base::Result<netconf::IptablesState> read(base::Family family,
                                              std::span<const std::string> tables) override;
    std::vector<base::Status> apply(base::Family family,
                                    std::span<const netconf::IptablesOp> ops) override;
    bool has_random_fully(base::Family family) override;
    MeteredTables& all;
  };
  struct Sysctls final : netconf::Sysctls {
    explicit Sysctls(MeteredTables& owner) : all(owner) {}
    base::Result<std::string> read(const std::string& name) override;
    std::vector<base::Status> apply(std::span<const netconf::Sysctl> settings) override;
    MeteredTables& all;
  };

  void note(WriteCall call) {
    if (calls_ != nullptr) calls_->push_back(std::move(call));
  }

  agent::HostTables inner_;
  HostUse use_;
  std::vector<WriteCall>* calls_ = nullptr;
  Ipvs ipvs_{*this};
  Addresses addresses_{*this};
  Ipsets ipsets_{*this};
  Iptables iptables_{*this};
  Sysctls sysctls_{*this};
};

}  // namespace bench

#endif  // IPVS_AGENT_TESTS_BENCH_METERED_TABLES_H_
