#include "tests/fakes/fake_address_table.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fakes {

int FakeAddressTable::carry_out(const netconf::CreateDevice& /*op*/) {
  if (!device_type_.empty()) return EEXIST;
  device_type_ = "dummy";
  return 0;
}

int FakeAddressTable::carry_out(const netconf::DeleteDevice& /*op*/) {
  if (device_type_.empty()) return ENODEV;
  device_type_.clear();
  bound_.clear();
  lent_.clear();
  return 0;
}

int FakeAddressTable::carry_out(const netconf::BindAddress& op) {
  if (device_type_.empty()) return ENODEV;
  if (op.address.is_ipv4()) {
    if (op.address.is_unspecified()) return 0;  // the kernel says yes and does nothing
  } else if (op.address.is_unspecified() || op.address.is_loopback() || op.address.is_multicast()) {
    return EADDRNOTAVAIL;
  }
  return bound_.insert(op.address).second ? 0 : EEXIST;
}

int FakeAddressTable::carry_out(const netconf::ReserveAddress& op) {
  if (device_type_.empty()) return ENODEV;
  lent_.erase(op.address);
  int error = carry_out(netconf::BindAddress{op.address});
  return error == EEXIST ? 0 : error;
}

int FakeAddressTable::carry_out(const netconf::UnbindAddress& op) {
  if (device_type_.empty()) return ENODEV;
  lent_.erase(op.address);
  return bound_.erase(op.address) == 1 ? 0 : EADDRNOTAVAIL;
}

std::vector<base::Status> FakeAddressTable::apply(std::span<const netconf::AddressOp> ops) {
  if (!ops.empty()) ++batch_count_;
  std::vector<base::Status> statuses;
  statuses.reserve(ops.size());
  for (const netconf::AddressOp& op : ops) {
    int error = std::visit([this](const auto& one) { return carry_out(one); }, op);
    std::string line = netconf::to_text(op, device_);
    statuses.push_back(error == 0 ? base::Status() : base::Status::from_errno(error, line));
    if (error != 0) line += std::string(" # ") + strerrorname_np(error);
    log_.push_back(std::move(line));
  }
  return statuses;
}

base::Result<netconf::AddressState> FakeAddressTable::read() {
  ++read_count_;
  netconf::AddressState state;
  state.device_exists = !device_type_.empty();
  state.device_type = device_type_;
  state.bound.assign(bound_.begin(), bound_.end());
  state.lent.assign(lent_.begin(), lent_.end());
  state.node = node_;
  return state;
}

void FakeAddressTable::set_node_addresses(std::vector<netconf::NodeAddress> addresses) {
  std::sort(addresses.begin(), addresses.end());
  node_ = std::move(addresses);
}

}  // namespace fakes
