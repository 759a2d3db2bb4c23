#include "tests/fakes/fake_ipvs_table.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "ipvs/schedulers.h"
#include "ipvs/text.h"

namespace fakes {
namespace {

using ipvs::ForwardingMethod;
using ipvs::RealServer;
using ipvs::TunnelType;

// The kernel's limit: seconds that still fit an int of jiffies at 250 Hz.
constexpr std::uint32_t kLongestTimeout = INT_MAX / 250;

// As the kernel tells keys apart: a mark hides protocol, address and port.
ipvs::VirtualServerKey canonical(ipvs::VirtualServerKey key) {
  if (key.firewall_mark == 0) return key;
  std::uint8_t zero[16] = {};
  key.address = base::IpAddress::from_bytes(std::span(zero).first(key.address.bytes().size()));
  key.port = 0;
  key.protocol = base::Protocol::kTcp;
  return key;
}

bool usable_address(const base::IpAddress& address) {
  if (address.is_unspecified() || address.is_multicast()) return false;
  if (!address.is_ipv4()) return !address.is_link_local();
  static const base::IpAddress kBroadcast = *base::IpAddress::parse("255.255.255.255");
  return address != kBroadcast;
}

// What the kernel looks at before it looks for the real server, in its order.
int check_limits(const RealServer& server, base::Family family) {
  if (server.upper_threshold > INT_MAX) return EINVAL;
  bool other_family = server.key.address.family() != family;
  if (other_family && server.forwarding != ForwardingMethod::kTunnel) return EINVAL;
  if (server.weight > INT_MAX) return ERANGE;
  if (server.lower_threshold > server.upper_threshold) return ERANGE;
  if (server.tunnel_type == TunnelType::kGue && server.tunnel_port == 0) return EINVAL;
  return 0;
}

}  // namespace

int FakeIpvsTable::check(const ipvs::VirtualServer& server) const {
  if (missing_schedulers_.contains(server.scheduler)) return ENOENT;
  if (server.scheduler != "none" && ipvs::find_scheduler(server.scheduler) == nullptr) {
    return ENOENT;
  }
  if (!server.persistence_engine.empty() && server.persistence_engine != "sip") return ENOENT;
  bool ipv6 = server.key.family() == base::Family::kIpv6;
  if (ipv6 && (server.persistence_prefix < 1 || server.persistence_prefix > 128)) return EINVAL;
  return 0;
}

int FakeIpvsTable::carry_out(const ipvs::AddVirtualServer& op) {
  ipvs::VirtualServerKey key = canonical(op.server.key);
  if (table_.contains(key)) return EEXIST;
  if (int error = check(op.server)) return error;
  Entry& entry = table_[key];
  entry.server = op.server;
  entry.server.key = key;
  return 0;
}

int FakeIpvsTable::carry_out(const ipvs::EditVirtualServer& op) {
  ipvs::VirtualServerKey key = canonical(op.server.key);
  auto found = table_.find(key);
  if (found == table_.end()) return ESRCH;
  if (int error = check(op.server)) return error;
  found->second.server = op.server;
  found->second.server.key = key;
  return 0;
}

int FakeIpvsTable::carry_out(const ipvs::DeleteVirtualServer& op) {
  return table_.erase(canonical(op.key)) == 1 ? 0 : ESRCH;
}

int FakeIpvsTable::carry_out(const ipvs::AddRealServer& op) {
  auto found = table_.find(canonical(op.virtual_server));
  if (found == table_.end()) return ESRCH;
  const RealServer& server = op.server;
  if (int error = check_limits(server, found->first.family())) return error;
  auto& real_servers = found->second.real_servers;
  if (real_servers.contains(server.key)) return EEXIST;
  if (!usable_address(server.key.address)) return EINVAL;
  real_servers[server.key].server = server;
  found->second.order.push_back(server.key);
  return 0;
}

int FakeIpvsTable::carry_out(const ipvs::EditRealServer& op) {
  auto found = table_.find(canonical(op.virtual_server));
  if (found == table_.end()) return ESRCH;
  const RealServer& server = op.server;
  if (int error = check_limits(server, found->first.family())) return error;
  auto& real_servers = found->second.real_servers;
  auto place = real_servers.find(server.key);
  if (place == real_servers.end()) return ENOENT;
  place->second.server = server;
  return 0;
}

int FakeIpvsTable::carry_out(const ipvs::DeleteRealServer& op) {
  auto found = table_.find(canonical(op.virtual_server));
  if (found == table_.end()) return ESRCH;
  std::erase(found->second.order, op.server);
  return found->second.real_servers.erase(op.server) == 1 ? 0 : ENOENT;
}

int FakeIpvsTable::carry_out(const ipvs::SetTimeouts& op) {
  const ipvs::Timeouts& wanted = op.timeouts;
  if (std::max({wanted.tcp_s, wanted.tcp_fin_s, wanted.udp_s}) > kLongestTimeout) return EINVAL;
  if (wanted.tcp_s != 0) timeouts_.tcp_s = wanted.tcp_s;
  if (wanted.tcp_fin_s != 0) timeouts_.tcp_fin_s = wanted.tcp_fin_s;
  if (wanted.udp_s != 0) timeouts_.udp_s = wanted.udp_s;
  return 0;
}

std::vector<base::Status> FakeIpvsTable::apply(std::span<const ipvs::IpvsOp> ops) {
  if (!ops.empty()) ++batch_count_;
  std::vector<base::Status> statuses;
  statuses.reserve(ops.size());
  for (const ipvs::IpvsOp& op : ops) {
    int error = std::visit([this](const auto& one) { return carry_out(one); }, op);
    std::string line = ipvs::to_text(op);
    statuses.push_back(ipvs::outcome_of(op, error));
    if (error != 0) line += std::string(" # ") + strerrorname_np(error);
    log_.push_back(std::move(line));
  }
  return statuses;
}

ipvs::VirtualServerState FakeIpvsTable::state_of(const Entry& entry) {
  ipvs::VirtualServerState state{entry.server, entry.traffic, {}};
  state.real_servers.reserve(entry.real_servers.size());
  for (const auto& [key, real_server] : entry.real_servers) {
    state.real_servers.push_back(real_server);
    auto newest = std::find(entry.order.rbegin(), entry.order.rend(), key);
    state.real_servers.back().place = static_cast<std::uint32_t>(newest - entry.order.rbegin());
  }
  return state;
}

base::Result<ipvs::IpvsState> FakeIpvsTable::read() {
  ++read_count_;
  ipvs::IpvsState state;
  state.timeouts = timeouts_;
  state.virtual_servers.reserve(table_.size());
  for (const auto& [key, entry] : table_) state.virtual_servers.push_back(state_of(entry));
  return state;
}

base::Result<std::vector<ipvs::VirtualServerState>> FakeIpvsTable::read_virtual_servers() {
  std::vector<ipvs::VirtualServerState> states;
  for (const auto& [key, entry] : table_) {
    states.push_back(state_of(entry));
    states.back().real_servers.clear();
  }
  return states;
}

base::Result<std::vector<ipvs::VirtualServerState>> FakeIpvsTable::read_some(
    std::span<const ipvs::VirtualServerKey> keys) {
  ++read_some_count_;
  std::set<ipvs::VirtualServerKey> wanted;
  for (const ipvs::VirtualServerKey& key : keys) wanted.insert(canonical(key));
  std::vector<ipvs::VirtualServerState> states;
  for (const ipvs::VirtualServerKey& key : wanted) {
    auto found = table_.find(key);
    if (found != table_.end()) states.push_back(state_of(found->second));
  }
  return states;
}

ipvs::RealServerState* FakeIpvsTable::find(const ipvs::VirtualServerKey& virtual_server,
                                           const ipvs::RealServerKey& server) {
  auto found = table_.find(canonical(virtual_server));
  if (found == table_.end()) return nullptr;
  auto place = found->second.real_servers.find(server);
  return place == found->second.real_servers.end() ? nullptr : &place->second;
}

bool FakeIpvsTable::set_connections(const ipvs::VirtualServerKey& virtual_server,
                                    const ipvs::RealServerKey& server, std::uint32_t active,
                                    std::uint32_t inactive, std::uint32_t persistent) {
  ipvs::RealServerState* state = find(virtual_server, server);
  if (state == nullptr) return false;
  state->active_connections = active;
  state->inactive_connections = inactive;
  state->persistent_connections = persistent;
  return true;
}

bool FakeIpvsTable::add_traffic(const ipvs::VirtualServerKey& virtual_server,
                                const ipvs::RealServerKey& server,
                                const ipvs::TrafficCounters& traffic) {
  ipvs::RealServerState* state = find(virtual_server, server);
  if (state == nullptr) return false;
  for (ipvs::TrafficCounters* counters :
       {&state->traffic, &table_.at(canonical(virtual_server)).traffic}) {
    counters->connections += traffic.connections;
    counters->packets_in += traffic.packets_in;
    counters->packets_out += traffic.packets_out;
    counters->bytes_in += traffic.bytes_in;
    counters->bytes_out += traffic.bytes_out;
  }
  return true;
}

}  // namespace fakes
