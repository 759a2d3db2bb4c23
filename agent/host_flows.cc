#include <algorithm>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "agent/host.h"

// Tracked UDP flows that no real server answers, because theirs has left, or because they began
// before there was any. A client that goes on from the same port stays with what was decided for
// its first packet (the old real server, or nobody; masquerading or none), as long as it does not
// pause.
namespace agent {

using base::Status;

// Whether the operation, not yet taken note of, gives an address its first UDP real server.
bool Host::begins_to_answer_udp(const ipvs::IpvsOp& op) const {
  const auto* add = std::get_if<ipvs::AddRealServer>(&op);
  if (add == nullptr || add->virtual_server.protocol != base::Protocol::kUdp ||
      add->virtual_server.firewall_mark != 0) {
    return false;
  }
  const BelievedVirtualServer* known = believed_.virtual_server(add->virtual_server);
  return known == nullptr || known->real_servers.empty();
}

void Host::forget_flows(RoundReport& report) {
  std::set<ipvs::VirtualServerKey> keys(report.changed_udp.begin(), report.changed_udp.end());
  if (!started_) {
    // What an earlier agent, or another proxy, did not come to.
    for (const auto& [key, server] : believed_.virtual_servers()) {
      if (key.protocol == base::Protocol::kUdp && key.firewall_mark == 0) keys.insert(key);
    }
  }
  for (base::Family family : families()) {
    bool concerned = std::any_of(keys.begin(), keys.end(), [&](const ipvs::VirtualServerKey& key) {
      return key.family() == family;
    });
    if (!concerned) continue;
    auto stale = [&](const netconf::Flow& flow) {
      ipvs::VirtualServerKey key{.address = flow.original.destination,
                                 .port = flow.original.destination_port,
                                 .protocol = base::Protocol::kUdp};
      return keys.contains(key) && !serves(key, {flow.reply.source, flow.reply.source_port});
    };
    auto flows = tables_.conntrack.read_udp(family, stale);
    if (!flows.ok()) {
      report.count(HostTable::kConntrack, "read", flows.status());
      problems_["conntrack"] = flows.status().message();
      continue;
    }
    problems_.erase("conntrack");
    std::vector<netconf::DeleteFlow> ops;
    ops.reserve(flows->flows.size());
    for (const netconf::Flow& flow : flows->flows) ops.push_back({flow});
    for (const Status& status : tables_.conntrack.apply(ops)) {
      // A flow that ended meanwhile is what was asked for.
      report.count(HostTable::kConntrack, "delete",
                   status.code() == base::Code::kNotFound ? Status() : status);
    }
  }
}

// A client that goes on from the same port would otherwise not meet what serves the address from
// now on: rules that translate look at the first packet of a flow only. What such a rule translates
// already, of a mode that was here before us or comes after us, stays as it is.
void Host::forget_carried_flows(std::span<const ipvs::IpvsOp> deletions,
                                std::vector<Status>& failures) {
  std::set<ipvs::VirtualServerKey> gone;
  for (const ipvs::IpvsOp& op : deletions) {
    const auto* deletion = std::get_if<ipvs::DeleteVirtualServer>(&op);
    if (deletion != nullptr) gone.insert(deletion->key);
  }
  for (base::Family family : families()) {
    auto carried = [&](const netconf::Flow& flow) {
      return !flow.translated && gone.contains({.address = flow.original.destination,
                                                .port = flow.original.destination_port,
                                                .protocol = base::Protocol::kUdp});
    };
    auto flows = tables_.conntrack.read_udp(family, carried);
    if (!flows.ok()) {
      // Where nothing is tracked, nothing is to be forgotten.
      if (flows.status().code() != base::Code::kUnsupported) failures.push_back(flows.status());
      continue;
    }
    std::vector<netconf::DeleteFlow> ops;
    ops.reserve(flows->flows.size());
    for (const netconf::Flow& flow : flows->flows) ops.push_back({flow});
    for (Status& status : tables_.conntrack.apply(ops)) {
      if (!status.ok() && status.code() != base::Code::kNotFound) {
        failures.push_back(std::move(status));
      }
    }
  }
}

bool Host::serves(const ipvs::VirtualServerKey& key, const ipvs::RealServerKey& server) const {
  return answers(key, server) || serves_inside(key, server);
}

bool Host::answers(const ipvs::VirtualServerKey& key, const ipvs::RealServerKey& server) const {
  const BelievedVirtualServer* virtual_server = believed_.virtual_server(key);
  if (virtual_server == nullptr) return false;
  return std::any_of(virtual_server->real_servers.begin(), virtual_server->real_servers.end(),
                     [&](const ipvs::RealServer& real) { return real.key == server; });
}

}  // namespace agent
