#include "ipvs/kernel_ipvs_table.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "ipvs/ipvs_operation.h"
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

constexpr int kMostDumps = 5;
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
  Status list_once(std::vector<VirtualServerState>& list);
  Result<std::vector<VirtualServerState>> list();
  // Those of the named virtual servers that are there, without their real servers, sorted by key.
  Result<std::vector<VirtualServerState>> find(std::span<const VirtualServerKey> keys);
  Status read_real_servers(VirtualServerState& virtual_server);
  Status run_requests(std::span<const IpvsOp> ops);
  bool module_was_reloaded();

  NetlinkSocket socket_;
  netconf::NetlinkBatch batch_;
  IpvsRequestWriter requests_;
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

bool by_key(const VirtualServerState& a, const VirtualServerState& b) {
  return a.server.key < b.server.key;
}

void sort_without_repetitions(std::vector<VirtualServerState>& list) {
  std::sort(list.begin(), list.end(), by_key);
  auto repeated = std::unique(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return a.server.key == b.server.key;
  });
  list.erase(repeated, list.end());
}

std::vector<VirtualServerKey> keys_of(const std::vector<VirtualServerState>& list) {
  std::vector<VirtualServerKey> keys;
  keys.reserve(list.size());
  for (const VirtualServerState& virtual_server : list) keys.push_back(virtual_server.server.key);
  return keys;
}

Status KernelIpvsTable::list_once(std::vector<VirtualServerState>& list) {
  list.clear();
  batch_.clear();
  put_get_virtual_servers(batch_.blank(), family_);
  batch_.add();
  Status status = socket_.dump(batch_, [&](nlmsghdr* object) {
    if (auto virtual_server = parse_virtual_server(object)) {
      list.push_back(std::move(*virtual_server));
    }
  });
  sort_without_repetitions(list);
  return status.in("read the IPVS virtual servers");
}

// From one message of a dump to the next the kernel keeps its place by counting, over the virtual
// servers of all network namespaces (ip_vs_genl_dump_services): what is added anywhere meanwhile
// repeats some of ours, what is deleted anywhere hides some, and the kernel says neither. So two
// dumps have to agree, and the kernel is asked for each virtual server that was not in all dumps.
Result<std::vector<VirtualServerState>> KernelIpvsTable::list() {
  std::vector<VirtualServerState> list;
  std::vector<VirtualServerKey> doubtful;
  if (Status status = list_once(list); !status) return status;
  bool agree = false;
  for (int i = 1; !agree && i < kMostDumps; ++i) {
    const std::vector<VirtualServerKey> before = keys_of(list);
    if (Status status = list_once(list); !status) return status;
    const std::vector<VirtualServerKey> now = keys_of(list);
    agree = now == before;
    std::set_symmetric_difference(before.begin(), before.end(), now.begin(), now.end(),
                                  std::back_inserter(doubtful));
  }
  if (doubtful.empty()) return list;
  Result<std::vector<VirtualServerState>> confirmed = find(doubtful);
  if (!confirmed) return confirmed.status();
  std::sort(doubtful.begin(), doubtful.end());
  std::erase_if(list, [&](const VirtualServerState& each) {
    return std::binary_search(doubtful.begin(), doubtful.end(), each.server.key);
  });
  std::move(confirmed->begin(), confirmed->end(), std::back_inserter(list));
  std::sort(list.begin(), list.end(), by_key);
  return list;
}

Result<IpvsState> KernelIpvsTable::read() {
  if (Status status = find_family(); !status) return status;
  IpvsState state;
  Result<Timeouts> timeouts = read_timeouts();
  if (!timeouts) return timeouts.status();
  state.timeouts = *timeouts;
  Result<std::vector<VirtualServerState>> found = list();
  if (!found) return found.status();
  state.virtual_servers = *std::move(found);
  for (VirtualServerState& virtual_server : state.virtual_servers) {
    if (Status status = read_real_servers(virtual_server); !status) return status;
  }
  return state;
}

Result<std::vector<VirtualServerState>> KernelIpvsTable::read_virtual_servers() {
  if (Status status = find_family(); !status) return status;
  return list();
}

Result<std::vector<VirtualServerState>> KernelIpvsTable::find(
    std::span<const VirtualServerKey> keys) {
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
  sort_without_repetitions(found);
  return found;
}

Result<std::vector<VirtualServerState>> KernelIpvsTable::read_some(
    std::span<const VirtualServerKey> keys) {
  if (Status status = find_family(); !status) return status;
  Result<std::vector<VirtualServerState>> found = find(keys);
  if (!found) return found.status();
  for (VirtualServerState& virtual_server : *found) {
    if (Status status = read_real_servers(virtual_server); !status) return status;
  }
  return found;
}

Status KernelIpvsTable::run_requests(std::span<const IpvsOp> ops) {
  batch_.clear();
  for (const IpvsOp& op : ops) {
    if (const std::string* scheduler = scheduler_of(op)) load_scheduler_module(*scheduler);
    requests_.put(batch_.blank(), family_, op);
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
