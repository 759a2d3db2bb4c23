#include "tests/bench/bare_loop.h"

#include <linux/netlink.h>
#include <net/if.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "ipvs/netlink_ipvs_answers.h"
#include "ipvs/netlink_ipvs_requests.h"
#include "netconf/netlink_route_messages.h"
#include "netconf/netlink_socket.h"

namespace bench {
namespace {

using base::Code;
using base::Status;
using netconf::NetlinkBatch;
using netconf::NetlinkSocket;

// Messages that are ready to leave, in order.
struct IpvsMessages {
  std::vector<NetlinkBatch> batches;
};
struct AddressMessages {
  std::vector<NetlinkBatch> batches;
};
using Step =
    std::variant<IpvsMessages, AddressMessages, std::vector<netconf::IpsetOp>, IptablesCall>;

// One batch for each 500 operations; `put` fills a message.
template <typename Op, typename Put>
std::vector<NetlinkBatch> batches_of(const std::vector<Op>& ops, const Put& put) {
  std::vector<NetlinkBatch> batches;
  for (const Op& op : ops) {
    if (batches.empty() || batches.back().full()) batches.emplace_back();
    put(batches.back().blank(), op);
    batches.back().add();
  }
  return batches;
}

Status all_accepted(const std::vector<int>& outcomes) {
  auto refused = std::find_if(outcomes.begin(), outcomes.end(), [](int o) { return o != 0; });
  if (refused == outcomes.end()) return {};
  return Status::from_errno(*refused, "a message of the bare loop");
}

Status all_accepted(const std::vector<Status>& statuses) {
  auto refused =
      std::find_if(statuses.begin(), statuses.end(), [](const Status& s) { return !s.ok(); });
  return refused == statuses.end() ? Status() : *refused;
}

}  // namespace

struct BareLoop::State {
  NetlinkSocket ipvs;
  NetlinkSocket route;
  agent::HostTables tables;
  int family = 0;
  int device = 0;
  std::vector<Step> steps = {};
  HostUse use = {};
  std::vector<int> outcomes = {};

  void add(const std::vector<ipvs::IpvsOp>& ops) {
    ipvs::IpvsRequestWriter requests;
    steps.emplace_back(IpvsMessages{batches_of(
        ops, [&](nl_msg* message, const auto& op) { requests.put(message, family, op); })});
  }
  void add(const std::vector<netconf::AddressOp>& ops) {
    steps.emplace_back(
        AddressMessages{batches_of(ops, [&](nl_msg* message, const netconf::AddressOp& op) {
          netconf::put_bind(message, device, std::get<netconf::BindAddress>(op).address);
        })});
  }
  void add(const std::vector<netconf::IpsetOp>& ops) { steps.emplace_back(ops); }
  void add(const IptablesCall& call) { steps.emplace_back(call); }

  Status send(NetlinkSocket& socket, std::vector<NetlinkBatch>& batches, TableUse& table) {
    for (NetlinkBatch& batch : batches) {
      if (Status status = socket.run(batch, outcomes); !status.ok()) return status;
      if (Status status = all_accepted(outcomes); !status.ok()) return status;
      table.writes += batch.size();
    }
    return {};
  }
  std::pair<Status, TableUse*> run(IpvsMessages& messages) {
    return {send(ipvs, messages.batches, use.ipvs), &use.ipvs};
  }
  std::pair<Status, TableUse*> run(AddressMessages& messages) {
    return {send(route, messages.batches, use.addresses), &use.addresses};
  }
  std::pair<Status, TableUse*> run(const std::vector<netconf::IpsetOp>& ops) {
    use.ipsets.writes += ops.size();
    return {all_accepted(tables.ipsets.apply(ops)), &use.ipsets};
  }
  std::pair<Status, TableUse*> run(const IptablesCall& call) {
    use.iptables.writes += call.ops.size();
    return {all_accepted(tables.iptables.apply(call.family, call.ops)), &use.iptables};
  }
};

BareLoop::BareLoop(std::unique_ptr<State> state) : state_(std::move(state)) {}
BareLoop::BareLoop(BareLoop&&) noexcept = default;
BareLoop::~BareLoop() = default;

const HostUse& BareLoop::use() const { return state_->use; }

base::Result<BareLoop> BareLoop::prepare(const std::vector<WriteCall>& calls,
                                         agent::HostTables tables) {
  auto generic = NetlinkSocket::open(NETLINK_GENERIC);
  if (!generic.ok()) return generic.status();
  auto route = NetlinkSocket::open(NETLINK_ROUTE);
  if (!route.ok()) return route.status();
  auto state = std::make_unique<State>(
      State{.ipvs = *std::move(generic), .route = *std::move(route), .tables = tables});
  state->device = static_cast<int>(if_nametoindex("kube-ipvs0"));
  NetlinkBatch ask;
  ipvs::put_get_family(ask.blank(), "IPVS");
  ask.add();
  Status found = state->ipvs.run(ask, state->outcomes, [&](std::size_t, nlmsghdr* answer) {
    state->family = ipvs::parse_family(answer).value_or(0);
  });
  if (!found.ok()) return found;
  if (state->family == 0 || state->device == 0) {
    return Status(Code::kNotFound, "the bare loop needs IPVS and the device kube-ipvs0");
  }
  for (const WriteCall& call : calls) {
    std::visit([&](const auto& ops) { state->add(ops); }, call);
  }
  return BareLoop(std::move(state));
}

Status BareLoop::run() {
  for (Step& step : state_->steps) {
    auto began = std::chrono::steady_clock::now();
    auto [status, table] = std::visit([&](auto& part) { return state_->run(part); }, step);
    table->writing += std::chrono::steady_clock::now() - began;
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace bench
