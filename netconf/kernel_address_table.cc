#include "netconf/kernel_address_table.h"

#include <linux/netlink.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>
#include <utility>

#include "netconf/netlink_route_messages.h"
#include "netconf/netlink_socket.h"

namespace netconf {
namespace {

using base::Code;
using base::Result;
using base::Status;

constexpr int kReadTries = 4;

class KernelAddressTable final : public AddressTable {
 public:
  KernelAddressTable(NetlinkSocket socket, std::string device)
      : socket_(std::move(socket)), device_(std::move(device)) {}

  Result<AddressState> read() override;
  std::vector<Status> apply(std::span<const AddressOp> ops) override;

 private:
  Result<AddressState> read_once();
  Status find_device();
  void change_device(const AddressOp& op, std::vector<Status>& statuses);
  void change_addresses(std::span<const AddressOp> ops, std::vector<Status>& statuses);
  // The Status of each operation of the batch that was just run.
  void conclude(std::span<const AddressOp> ops, const Status& trouble,
                std::vector<Status>& statuses) const;

  NetlinkSocket socket_;
  NetlinkBatch batch_;
  std::vector<int> outcomes_;
  std::string device_;
  int device_index_ = 0;  // 0: there is none; valid within one apply()
};

bool changes_device(const AddressOp& op) {
  return std::holds_alternative<CreateDevice>(op) || std::holds_alternative<DeleteDevice>(op);
}

Status outcome_of(const AddressOp& op, std::string_view device, int error_number) {
  if (error_number == 0) return Status();
  Status status = Status::from_errno(error_number, to_text(op, device));
  std::string remedy;
  if (error_number == EPERM) remedy = ": needs the capability CAP_NET_ADMIN";
  if (error_number == EOPNOTSUPP && std::holds_alternative<CreateDevice>(op)) {
    remedy = ": the kernel has no dummy devices: load them on the node with `modprobe dummy`";
  }
  if (remedy.empty()) return status;
  return Status(status.code(), status.message() + remedy, error_number);
}

Status KernelAddressTable::find_device() {
  device_index_ = 0;
  batch_.clear();
  put_get_link(batch_.blank(), device_);
  batch_.add();
  Status status = socket_.run(batch_, outcomes_, [&](std::size_t, nlmsghdr* answer) {
    if (auto link = parse_link(answer)) device_index_ = link->index;
  });
  if (!status) return status.in("find device " + device_);
  if (outcomes_[0] != 0 && outcomes_[0] != ENODEV) {
    return Status::from_errno(outcomes_[0], "find device " + device_);
  }
  return Status();
}

Result<AddressState> KernelAddressTable::read_once() {
  AddressState state;
  std::unordered_map<int, std::string> names;
  int own = 0;
  batch_.clear();
  put_get_links(batch_.blank());
  batch_.add();
  Status status = socket_.dump(batch_, [&](nlmsghdr* object) {
    std::optional<Link> link = parse_link(object);
    if (!link) return;
    if (link->name == device_) {
      own = link->index;
      state.device_exists = true;
      state.device_type = link->type;
    }
    names.emplace(link->index, std::move(link->name));
  });
  if (!status) return status.in("read the host's devices");

  batch_.clear();
  put_get_addresses(batch_.blank());
  batch_.add();
  status = socket_.dump(batch_, [&](nlmsghdr* object) {
    std::optional<LinkAddress> found = parse_address(object);
    if (!found) return;
    if (found->link == own) {
      bool automatic = !found->address.is_ipv4() && found->address.is_link_local();
      if (automatic) return;
      state.bound.push_back(found->address);
      if (!found->address.is_ipv4() && !found->deprecated) state.lent.push_back(found->address);
      return;
    }
    state.node.push_back({found->address, found->prefix_length, names[found->link]});
  });
  if (!status) return status.in("read the host's addresses");
  std::sort(state.bound.begin(), state.bound.end());
  std::sort(state.lent.begin(), state.lent.end());
  std::sort(state.node.begin(), state.node.end());
  return state;
}

Result<AddressState> KernelAddressTable::read() {
  Result<AddressState> state = read_once();
  for (int i = 1; i < kReadTries && state.status().code() == Code::kInterrupted; ++i) {
    state = read_once();
  }
  return state;
}

void KernelAddressTable::conclude(std::span<const AddressOp> ops, const Status& trouble,
                                  std::vector<Status>& statuses) const {
  for (std::size_t i = 0; i < ops.size(); ++i) {
    statuses.push_back(outcomes_[i] == NetlinkSocket::kUnanswered
                           ? trouble.in(to_text(ops[i], device_))
                           : outcome_of(ops[i], device_, outcomes_[i]));
  }
}

void KernelAddressTable::change_device(const AddressOp& op, std::vector<Status>& statuses) {
  bool create = std::holds_alternative<CreateDevice>(op);
  if (!create && device_index_ == 0) {
    statuses.push_back(outcome_of(op, device_, ENODEV));
    return;
  }
  batch_.clear();
  if (create) {
    put_create_dummy(batch_.blank(), device_);
  } else {
    put_delete_link(batch_.blank(), device_index_);
  }
  batch_.add();
  Status trouble = socket_.run(batch_, outcomes_);
  conclude({&op, 1}, trouble, statuses);
  // Where the device cannot be found again the next operation says so.
  (void)find_device().ok();
}

void KernelAddressTable::change_addresses(std::span<const AddressOp> ops,
                                          std::vector<Status>& statuses) {
  if (device_index_ == 0) {
    for (const AddressOp& op : ops) statuses.push_back(outcome_of(op, device_, ENODEV));
    return;
  }
  batch_.clear();
  for (const AddressOp& op : ops) {
    if (const auto* bind = std::get_if<BindAddress>(&op)) {
      put_bind(batch_.blank(), device_index_, bind->address);
    } else if (const auto* reserve = std::get_if<ReserveAddress>(&op)) {
      put_reserve(batch_.blank(), device_index_, reserve->address);
    } else {
      put_unbind(batch_.blank(), device_index_, std::get<UnbindAddress>(op).address);
    }
    batch_.add();
  }
  Status trouble = socket_.run(batch_, outcomes_);
  conclude(ops, trouble, statuses);
}

std::vector<Status> KernelAddressTable::apply(std::span<const AddressOp> ops) {
  std::vector<Status> statuses;
  if (ops.empty()) return statuses;
  statuses.reserve(ops.size());
  if (Status status = find_device(); !status) {
    for (const AddressOp& op : ops) statuses.push_back(status.in(to_text(op, device_)));
    return statuses;
  }
  while (!ops.empty()) {
    if (changes_device(ops.front())) {
      change_device(ops.front(), statuses);
      ops = ops.subspan(1);
      continue;
    }
    auto end = std::find_if(ops.begin(), ops.end(), changes_device);
    auto count = std::min(static_cast<std::size_t>(end - ops.begin()), NetlinkBatch::kMostRequests);
    change_addresses(ops.first(count), statuses);
    ops = ops.subspan(count);
  }
  return statuses;
}

}  // namespace

Result<std::unique_ptr<AddressTable>> open_kernel_address_table(std::string device) {
  if (device.empty() || device.size() >= IFNAMSIZ) {
    return Status(Code::kInvalidArgument, "device name \"" + device + "\": expected 1 to " +
                                              std::to_string(IFNAMSIZ - 1) + " characters");
  }
  Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return socket.status();
  return std::unique_ptr<AddressTable>(
      std::make_unique<KernelAddressTable>(std::move(*socket), std::move(device)));
}

}  // namespace netconf
