#include "agent/host_change.h"

#include <utility>

#include "ipvs/text.h"

namespace agent {
namespace {

// Only connections that the kernel sees open and close can be waited for.
bool drains_connections(base::Protocol protocol) { return protocol != base::Protocol::kUdp; }

class VirtualServerDiff {
 public:
  VirtualServerDiff(const ipvs::VirtualServerKey& key, const Drains& drains, HostChange& change,
                    std::vector<ipvs::IpvsOp>& shrink)
      : key_(key), drains_(drains), change_(change), shrink_(shrink) {}

  void compare(const PlannedVirtualServer* desired, const BelievedVirtualServer* believed) {
    if (desired == nullptr) {
      if (believed != nullptr) change_.remove.emplace_back(ipvs::DeleteVirtualServer{key_});
      change_.draining.emplace_back(key_, std::vector<ipvs::RealServerKey>());
      return;
    }
    static const RealServerList kNone;
    if (believed == nullptr) {
      change_.serve.emplace_back(ipvs::AddVirtualServer{desired->server});
    } else if (!(believed->server == desired->server)) {
      change_.serve.emplace_back(ipvs::EditVirtualServer{desired->server});
    }
    protocol_ = desired->protocol;
    compare_real_servers(desired->real_servers,
                         believed == nullptr ? kNone : believed->real_servers);
    change_.draining.emplace_back(key_, std::move(draining_));
  }

 private:
  // Both sorted by key.
  void compare_real_servers(const RealServerList& desired, const RealServerList& believed) {
    if (desired.shares_memory_with(believed)) return;
    auto want = desired.begin();
    auto have = believed.begin();
    while (want != desired.end() || have != believed.end()) {
      if (have == believed.end() || (want != desired.end() && want->key < have->key)) {
        change_.serve.emplace_back(ipvs::AddRealServer{key_, *want++});
      } else if (want == desired.end() || have->key < want->key) {
        retire(*have++);
      } else {
        if (!(*want == *have)) change_.serve.emplace_back(ipvs::EditRealServer{key_, *want});
        ++want;
        ++have;
      }
    }
  }

  void retire(const ipvs::RealServer& server) {
    const Drain* drain = drains_.find(key_, server.key);
    if (!drains_connections(protocol_) || (drain != nullptr && drain->finished)) {
      shrink_.emplace_back(ipvs::DeleteRealServer{key_, server.key});
      return;
    }
    draining_.push_back(server.key);
    if (server.weight == 0) return;
    ipvs::RealServer drained = server;
    drained.weight = 0;
    shrink_.emplace_back(ipvs::EditRealServer{key_, drained});
  }

  const ipvs::VirtualServerKey& key_;
  base::Protocol protocol_ = base::Protocol::kTcp;
  const Drains& drains_;
  HostChange& change_;
  std::vector<ipvs::IpvsOp>& shrink_;
  std::vector<ipvs::RealServerKey> draining_;
};

}  // namespace

HostChange diff(const Touched& touched, const DesiredHost& desired, const BelievedHost& believed,
                const Drains& drains) {
  HostChange change;
  std::vector<ipvs::IpvsOp> shrink;
  for (const ipvs::VirtualServerKey& key : touched.virtual_servers) {
    VirtualServerDiff(key, drains, change, shrink)
        .compare(desired.virtual_server(key), believed.virtual_server(key));
  }
  change.serve.insert(change.serve.end(), std::make_move_iterator(shrink.begin()),
                      std::make_move_iterator(shrink.end()));
  for (const base::IpAddress& address : touched.addresses) {
    bool want = desired.wants(address);
    if (want == believed.holds(address)) continue;
    if (want) {
      change.bind.emplace_back(netconf::BindAddress{address});
    } else {
      change.unbind.emplace_back(netconf::UnbindAddress{address});
    }
  }
  for (const SetEntry& entry : touched.set_entries) {
    bool want = desired.wants(entry);
    if (want == believed.holds(entry)) continue;
    if (steers(entry.set)) {
      (want ? change.steer : change.stop_steering).push_back(entry);
    } else {
      (want ? change.add_entries : change.remove_entries).push_back(entry);
    }
  }
  return change;
}

void HostChange::append(const HostChange& other) {
  auto join = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  join(unbind, other.unbind);
  join(stop_steering, other.stop_steering);
  join(add_entries, other.add_entries);
  join(serve, other.serve);
  join(remove, other.remove);
  join(bind, other.bind);
  join(steer, other.steer);
  join(remove_entries, other.remove_entries);
  join(draining, other.draining);
}

std::vector<std::string> HostChange::lines(std::string_view device) const {
  std::vector<std::string> lines;
  lines.reserve(size());
  auto ipvsadm = [&](const std::vector<ipvs::IpvsOp>& ops) {
    for (const ipvs::IpvsOp& op : ops) lines.push_back("ipvsadm " + ipvs::to_text(op));
  };
  auto ip = [&](const std::vector<netconf::AddressOp>& ops) {
    for (const netconf::AddressOp& op : ops) lines.push_back("ip " + netconf::to_text(op, device));
  };
  auto ipset = [&](const std::vector<SetEntry>& entries, std::string_view verb) {
    for (const SetEntry& entry : entries) {
      std::string line = "ipset ";
      line += verb;
      line += " " + set_name(entry.set, entry.family) + " " +
              netconf::to_text(set_type(entry.set), entry.entry) + " -exist";
      lines.push_back(std::move(line));
    }
  };
  ip(unbind);
  ipset(stop_steering, "del");
  ipset(add_entries, "add");
  ipvsadm(serve);
  ipvsadm(remove);
  ip(bind);
  ipset(steer, "add");
  ipset(remove_entries, "del");
  return lines;
}

}  // namespace agent
