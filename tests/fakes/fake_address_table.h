#ifndef IPVS_AGENT_TESTS_FAKES_FAKE_ADDRESS_TABLE_H_
#define IPVS_AGENT_TESTS_FAKES_FAKE_ADDRESS_TABLE_H_

#include <set>
#include <span>
#include <string>
#include <vector>

#include "netconf/address_table.h"

namespace fakes {

// A host's addresses in memory, with the kernel's errnos.
//
// Threading: one owner.
class FakeAddressTable final : public netconf::AddressTable {
 public:
  explicit FakeAddressTable(std::string device = "kube-ipvs0") : device_(std::move(device)) {}

  base::Result<netconf::AddressState> read() override;
  std::vector<base::Status> apply(std::span<const netconf::AddressOp> ops) override;

  // The rest of the host.
  void set_node_addresses(std::vector<netconf::NodeAddress> addresses);
  // Someone else made the device, perhaps of another type.
  void make_device(std::string type) { device_type_ = std::move(type); }

  // Someone else bound an IPv6 address, as one usually does.
  void bind_and_lend(const base::IpAddress& address) {
    bound_.insert(address);
    lent_.insert(address);
  }

  // Every operation ever applied, in order, as its `ip -batch` line; a refused one with its error
  // name behind it: "addr add 10.96.0.1/32 dev kube-ipvs0 # EEXIST".
  const std::vector<std::string>& log() const { return log_; }
  void clear_log() { log_.clear(); }
  int batch_count() const { return batch_count_; }  // calls of apply() with an operation
  int read_count() const { return read_count_; }

 private:
  int carry_out(const netconf::CreateDevice& op);
  int carry_out(const netconf::DeleteDevice& op);
  int carry_out(const netconf::BindAddress& op);
  int carry_out(const netconf::ReserveAddress& op);
  int carry_out(const netconf::UnbindAddress& op);

  std::string device_;
  std::string device_type_;  // "" while there is no device
  std::set<base::IpAddress> bound_;
  std::set<base::IpAddress> lent_;
  std::vector<netconf::NodeAddress> node_;
  std::vector<std::string> log_;
  int batch_count_ = 0;
  int read_count_ = 0;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAKE_ADDRESS_TABLE_H_
