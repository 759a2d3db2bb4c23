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
      const ipvs::RealServerKey server{flow.reply.source, flow.reply.source_port};
      return keys.contains(key) && !believed_.answers(key, server) && !serves_inside(key, server);
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

}  // namespace agent
