#include "ipvs/kernel_ipvs_table.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ipvs/netlink_ipvs_answers.h"
#include "ipvs/netlink_ipvs_requests.h"
#include "ipvs/scheduler_module.h"
#include "ipvs/text.h"
#include "netconf/netlink_socket.h"

namespace ipvs {
namespace {

using base::Code;
using base::Result;
using base::Status;
using netconf::NetlinkSocket;

constexpr int kReadTries = 4;
// Reading is one short dump for each virtual server: twice as fast with this as with 32 KB.
constexpr std::size_t kAnswerBytes = 8 << 10;

class KernelIpvsTable final : public IpvsTable {
 public:
  explicit KernelIpvsTable(NetlinkSocket socket) : socket_(std::move(socket)) {}

  // Asks for the number the kernel gave to the family "IPVS": another one after each load of the
  // module.
  Status find_family();
  Result<Timeouts> read_timeouts();

  Result<IpvsState> read() override;
  Result<std::vector<VirtualServerState>> read_virtual_servers() override;
  Result<std::vector<VirtualServerState>> read_some(
      std::span<const VirtualServerKey> keys) override;
  std::vector<Status> apply(std::span<const IpvsOp> ops) override;

 private:
  Result<IpvsState> read_once();
  Result<std::vector<VirtualServerState>> list_once();
  Status read_real_servers(VirtualServerState& virtual_server);
  Status run_requests(std::span<const IpvsOp> ops);
  bool module_was_reloaded();

  NetlinkSocket socket_;
  netconf::NetlinkBatch batch_;
  std::vector<int> outcomes_;
  int family_ = 0;
};

Status KernelIpvsTable::find_family() {
  int found = 0;
  batch_.clear();
  put_get_family(batch_.blank(), "IPVS");
  batch_.add();
  Status status = socket_.run(batch_, outcomes_, [&](std::size_t, nlmsghdr* answer) {
    found = parse_family(answer).value_or(0);
  });
  if (!status) return status.in("find IPVS in the kernel");
  if (found == 0) {
    return Status(Code::kUnsupported,
                  "the kernel has no IPVS: load it on the node with `modprobe ip_vs`", ENOENT);
  }
  family_ = found;
  return Status();
}

Result<Timeouts> KernelIpvsTable::read_timeouts() {
  std::optional<Timeouts> found;
  batch_.clear();
  put_get_timeouts(batch_.blank(), family_);
  batch_.add();
  Status status = socket_.run(
      batch_, outcomes_, [&](std::size_t, nlmsghdr* answer) { found = parse_timeouts(answer); });
  if (!status) return status.in("read the IPVS time-outs");
  if (outcomes_[0] == EPERM) {
    return Status(Code::kPermissionDenied,
                  "the kernel refuses IPVS requests: the agent needs the capability CAP_NET_ADMIN",
                  EPERM);
  }
  if (outcomes_[0] != 0) return Status::from_errno(outcomes_[0], "read the IPVS time-outs");
  if (!found) return Status(Code::kCorrupt, "the kernel's IPVS time-outs make no sense");
  return *found;
}

Status KernelIpvsTable::read_real_servers(VirtualServerState& virtual_server) {
  batch_.clear();
  put_get_real_servers(batch_.blank(), family_, virtual_server.server.key);
  batch_.add();
  base::Family family = virtual_server.server.key.family();
  std::vector<RealServerState>& found = virtual_server.real_servers;
  Status status = socket_.dump(batch_, [&](nlmsghdr* object) {
    auto real_server = parse_real_server(object, family);
    if (!real_server) return;
    real_server->place = static_cast<std::uint32_t>(found.size());
    found.push_back(*real_server);
  });
  if (!status) return status.in("read the real servers of " + to_string(virtual_server.server.key));
  sort(found);
  return Status();
}

Result<std::vector<VirtualServerState>> KernelIpvsTable::list_once() {
  std::vector<VirtualServerState> list;
  batch_.clear();
  put_get_virtual_servers(batch_.blank(), family_);
  batch_.add();
  Status status = socket_.dump(batch_, [&](nlmsghdr* object) {
    if (auto virtual_server = parse_virtual_server(object)) {
      list.push_back(std::move(*virtual_server));
    }
  });
  if (!status) return status.in("read the IPVS virtual servers");
  std::sort(list.begin(), list.end(),
            [](const auto& a, const auto& b) { return a.server.key < b.server.key; });
  // The kernel keeps its place in a dump by counting: a change meanwhile shows as a repetition.
  auto twice = std::adjacent_find(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return a.server.key == b.server.key;
  });
  if (twice != list.end()) {
    return Status(Code::kInterrupted, "the IPVS table changed while it was read", EINTR);
  }
  return list;
}

Result<IpvsState> KernelIpvsTable::read_once() {
  IpvsState state;
  Result<Timeouts> timeouts = read_timeouts();
  if (!timeouts) return timeouts.status();
  state.timeouts = *timeouts;
  Result<std::vector<VirtualServerState>> list = list_once();
  if (!list) return list.status();
  state.virtual_servers = *std::move(list);
  for (VirtualServerState& virtual_server : state.virtual_servers) {
    if (Status read = read_real_servers(virtual_server); !read) return read;
  }
  return state;
}

Result<IpvsState> KernelIpvsTable::read() {
  if (Status status = find_family(); !status) return status;
  Result<IpvsState> state = read_once();
  for (int i = 1; i < kReadTries && state.status().code() == Code::kInterrupted; ++i) {
    state = read_once();
  }
  return state;
}

Result<std::vector<VirtualServerState>> KernelIpvsTable::read_virtual_servers() {
  if (Status status = find_family(); !status) return status;
  Result<std::vector<VirtualServerState>> list = list_once();
  for (int i = 1; i < kReadTries && list.status().code() == Code::kInterrupted; ++i) {
    list = list_once();
  }
  return list;
}

Result<std::vector<VirtualServerState>> KernelIpvsTable::read_some(
    std::span<const VirtualServerKey> keys) {
  if (Status status = find_family(); !status) return status;
  std::vector<VirtualServerState> found;
  found.reserve(keys.size());
  while (!keys.empty()) {
    std::size_t count = std::min(keys.size(), netconf::NetlinkBatch::kMostRequests);
    batch_.clear();
    for (const VirtualServerKey& key : keys.first(count)) {
      put_get_virtual_server(batch_.blank(), family_, key);
      batch_.add();
    }
    keys = keys.subspan(count);
    Status status = socket_.run(batch_, outcomes_, [&](std::size_t, nlmsghdr* answer) {
      if (auto virtual_server = parse_virtual_server(answer)) {
        found.push_back(std::move(*virtual_server));
      }
    });
    if (!status) return status.in("read virtual servers");
    for (int outcome : outcomes_) {
      if (outcome != 0 && outcome != ESRCH) {
        return Status::from_errno(outcome, "read virtual servers");
      }
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.server.key < b.server.key; });
  auto repeated = std::unique(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.server.key == b.server.key;
  });
  found.erase(repeated, found.end());
  for (VirtualServerState& virtual_server : found) {
    if (Status status = read_real_servers(virtual_server); !status) return status;
  }
  return found;
}

Status KernelIpvsTable::run_requests(std::span<const IpvsOp> ops) {
  batch_.clear();
  for (const IpvsOp& op : ops) {
    if (const auto* add = std::get_if<AddVirtualServer>(&op)) {
      load_scheduler_module(add->server.scheduler);
    } else if (const auto* edit = std::get_if<EditVirtualServer>(&op)) {
      load_scheduler_module(edit->server.scheduler);
    }
    put_request(batch_.blank(), family_, op);
    batch_.add();
  }
  return socket_.run(batch_, outcomes_);
}

// A family number that belongs to nobody answers ENOENT to everything, one that belongs to somebody
// else EOPNOTSUPP.
bool KernelIpvsTable::module_was_reloaded() {
  bool suspect = std::all_of(outcomes_.begin(), outcomes_.end(), [](int outcome) {
    return outcome == ENOENT || outcome == EOPNOTSUPP;
  });
  if (!suspect) return false;
  std::vector<int> kept = std::move(outcomes_);
  int family = family_;
  bool reloaded = find_family().ok() && family_ != family;
  outcomes_ = std::move(kept);
  return reloaded;
}

std::vector<Status> KernelIpvsTable::apply(std::span<const IpvsOp> ops) {
  std::vector<Status> statuses;
  statuses.reserve(ops.size());
  while (!ops.empty()) {
    std::span<const IpvsOp> chunk =
        ops.first(std::min(ops.size(), netconf::NetlinkBatch::kMostRequests));
    ops = ops.subspan(chunk.size());
    Status status = run_requests(chunk);
    if (status.ok() && module_was_reloaded()) status = run_requests(chunk);
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      statuses.push_back(outcomes_[i] == NetlinkSocket::kUnanswered
                             ? status.in(to_text(chunk[i]))
                             : outcome_of(chunk[i], outcomes_[i]));
    }
  }
  return statuses;
}

}  // namespace

Result<std::unique_ptr<IpvsTable>> open_kernel_ipvs_table() {
  Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_GENERIC, kAnswerBytes);
  if (!socket) return socket.status();
  auto table = std::make_unique<KernelIpvsTable>(std::move(*socket));
  if (Status status = table->find_family(); !status) return status;
  if (Result<Timeouts> timeouts = table->read_timeouts(); !timeouts) return timeouts.status();
  return std::unique_ptr<IpvsTable>(std::move(table));
}

}  // namespace ipvs
