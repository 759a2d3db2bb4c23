#include <algorithm>
#include <set>
#include <vector>

#include "agent/host.h"

// Tracked UDP flows of real servers that have left. The kernel would keep sending a client that
// goes on from the same port to the old one, as long as it does not pause.
namespace agent {

void Host::forget_flows(RoundReport& report) {
  std::set<ipvs::VirtualServerKey> keys(report.removed_udp.begin(), report.removed_udp.end());
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
    for (const base::Status& status : tables_.conntrack.apply(ops)) {
      // A flow that ended meanwhile is what was asked for.
      report.count(HostTable::kConntrack, "delete",
                   status.code() == base::Code::kNotFound ? base::Status() : status);
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
