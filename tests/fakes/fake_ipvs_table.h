#ifndef IPVS_AGENT_TESTS_FAKES_FAKE_IPVS_TABLE_H_
#define IPVS_AGENT_TESTS_FAKES_FAKE_IPVS_TABLE_H_

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ipvs/ipvs_table.h"

namespace fakes {

// One network namespace's IPVS table in memory. It refuses what the kernel refuses, with the same
// errno; tests/contract runs one suite on both.
//
// Threading: one owner.
class FakeIpvsTable final : public ipvs::IpvsTable {
 public:
  base::Result<ipvs::IpvsState> read() override;
  base::Result<std::vector<ipvs::VirtualServerState>> read_virtual_servers() override;
  base::Result<std::vector<ipvs::VirtualServerState>> read_some(
      std::span<const ipvs::VirtualServerKey> keys) override;
  std::vector<base::Status> apply(std::span<const ipvs::IpvsOp> ops) override;

  // The connections a real server has, for drain tests. False when it is not in the table.
  bool set_connections(const ipvs::VirtualServerKey& virtual_server,
                       const ipvs::RealServerKey& server, std::uint32_t active,
                       std::uint32_t inactive, std::uint32_t persistent = 0);
  // The traffic a real server has seen, for metrics tests; added to its virtual server's too.
  bool add_traffic(const ipvs::VirtualServerKey& virtual_server, const ipvs::RealServerKey& server,
                   const ipvs::TrafficCounters& traffic);
  // A scheduler whose module this kernel lacks (twos from the start, as on Debian).
  void remove_scheduler(const std::string& name) { missing_schedulers_.insert(name); }

  // Every operation ever applied, in order, as its ipvsadm line; a refused one with its error name
  // behind it: "-d -t 10.0.0.1:80 -r 10.1.0.1:80 # ENOENT".
  const std::vector<std::string>& log() const { return log_; }
  void clear_log() { log_.clear(); }
  // Calls of apply() with at least one operation.
  int batch_count() const { return batch_count_; }
  int read_count() const { return read_count_; }            // calls of read()
  int read_some_count() const { return read_some_count_; }  // calls of read_some()

 private:
  struct Entry {
    ipvs::VirtualServer server;
    ipvs::TrafficCounters traffic;
    std::map<ipvs::RealServerKey, ipvs::RealServerState> real_servers;
    std::vector<ipvs::RealServerKey> order;  // the oldest first
  };

  // Each returns the kernel's errno, 0 for success.
  int carry_out(const ipvs::AddVirtualServer& op);
  int carry_out(const ipvs::EditVirtualServer& op);
  int carry_out(const ipvs::DeleteVirtualServer& op);
  int carry_out(const ipvs::AddRealServer& op);
  int carry_out(const ipvs::EditRealServer& op);
  int carry_out(const ipvs::DeleteRealServer& op);
  int carry_out(const ipvs::SetTimeouts& op);
  int check(const ipvs::VirtualServer& server) const;
  ipvs::RealServerState* find(const ipvs::VirtualServerKey& virtual_server,
                              const ipvs::RealServerKey& server);
  static ipvs::VirtualServerState state_of(const Entry& entry);

  std::map<ipvs::VirtualServerKey, Entry> table_;
  ipvs::Timeouts timeouts_ = {.tcp_s = 900, .tcp_fin_s = 120, .udp_s = 300};
  std::set<std::string> missing_schedulers_ = {"twos"};
  std::vector<std::string> log_;
  int batch_count_ = 0;
  int read_count_ = 0;
  int read_some_count_ = 0;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAKE_IPVS_TABLE_H_
