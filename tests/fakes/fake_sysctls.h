#ifndef IPVS_AGENT_TESTS_FAKES_FAKE_SYSCTLS_H_
#define IPVS_AGENT_TESTS_FAKES_FAKE_SYSCTLS_H_

#include <cerrno>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "netconf/sysctls.h"

namespace fakes {

// Kernel settings in memory.
//
// Threading: one owner.
class FakeSysctls final : public netconf::Sysctls {
 public:
  // The settings this kernel has.
  explicit FakeSysctls(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  // The settings of IPVS mode, with the kernel's own values.
  FakeSysctls()
      : FakeSysctls({{"net/ipv4/ip_forward", "0"},
                     {"net/ipv4/conf/all/arp_ignore", "0"},
                     {"net/ipv4/conf/all/arp_announce", "0"},
                     {"net/ipv4/vs/conntrack", "0"},
                     {"net/ipv4/vs/conn_reuse_mode", "1"},
                     {"net/ipv4/vs/expire_nodest_conn", "0"},
                     {"net/ipv4/vs/expire_quiescent_template", "0"},
                     {"net/ipv6/conf/all/forwarding", "0"}}) {}

  base::Result<std::string> read(const std::string& name) override {
    auto found = values_.find(name);
    if (found == values_.end()) return base::Status::from_errno(ENOENT, "sysctl " + name);
    return found->second;
  }

  bool is_fixed(const std::string& name) override { return fixed_.contains(name); }

  std::vector<base::Status> apply(std::span<const netconf::Sysctl> settings) override {
    std::vector<base::Status> outcomes;
    for (const netconf::Sysctl& setting : settings) {
      auto found = values_.find(setting.name);
      if (found == values_.end()) {
        outcomes.push_back(base::Status::from_errno(ENOENT, "sysctl " + setting.name));
        continue;
      }
      if (!netconf::is_right(setting, found->second)) {
        if (is_fixed(setting.name)) {
          outcomes.push_back(base::Status::from_errno(EACCES, "sysctl " + setting.name));
          continue;
        }
        found->second = setting.value;
        log_.push_back(setting.name + " = " + setting.value);
      }
      outcomes.emplace_back();
    }
    return outcomes;
  }

  // Every value that was written, as "NAME = VALUE".
  const std::vector<std::string>& log() const { return log_; }
  void clear_log() { log_.clear(); }
  std::map<std::string, std::string>& values() { return values_; }
  // Those that are the machine's, and this namespace's to read only.
  std::set<std::string>& fixed() { return fixed_; }

 private:
  std::map<std::string, std::string> values_;
  std::set<std::string> fixed_;
  std::vector<std::string> log_;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAKE_SYSCTLS_H_
