#include "ipvs/persistence.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ipvs {
namespace {

using base::IpAddress;

constexpr int kMostEntries = 100000;
constexpr base::Port kFtp = 21;
// Of the thread's own namespace; /proc/net is that of the process.
constexpr char kConnections[] = "/proc/thread-self/net/ip_vs_conn";

std::string hex(std::uint32_t value, int digits) {
  char text[9];
  std::snprintf(text, sizeof(text), "%0*X", digits, value);
  return text;
}

// "C0000201", "2001:0db8:0000:0000:0000:0000:0000:0001".
std::string address_text(const IpAddress& address) {
  std::string text;
  auto bytes = address.bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!address.is_ipv4() && i > 0 && i % 2 == 0) text += ':';
    char byte[3];
    std::snprintf(byte, sizeof(byte), address.is_ipv4() ? "%02X" : "%02x", bytes[i]);
    text += byte;
  }
  return text;
}

std::optional<IpAddress> parse_address(std::string_view text) {
  if (text.size() != 8) {
    auto address = IpAddress::parse(text);
    return address.ok() ? std::optional(*address) : std::nullopt;
  }
  std::uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const std::uint8_t bytes[] = {
      static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
      static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  return IpAddress::from_bytes(bytes);
}

// A mark in the place of an address: its first 32 bits.
IpAddress mark_address(std::uint32_t mark, base::Family family) {
  std::vector<std::uint8_t> bytes(family == base::Family::kIpv4 ? 4 : 16);
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(mark >> (24 - 8 * i));
  return IpAddress::from_bytes(bytes);
}

bool goes_by_address(const VirtualServer& server) {
  return (server.flags & kFlagPersistent) != 0 && server.persistence_engine.empty();
}

// What the line of a template begins with.
std::string beginning(const VirtualServer& server, const IpAddress& client) {
  const bool mark = server.key.firewall_mark != 0;
  std::string protocol(mark ? "IP" : base::to_string(server.key.protocol));
  protocol.resize(std::max<std::size_t>(protocol.size(), 3), ' ');
  const IpAddress network = base::IpPrefix(client, server.persistence_prefix).masked().address();
  const IpAddress destination =
      mark ? mark_address(server.key.firewall_mark, server.key.family()) : server.key.address;
  const base::Port port = mark || server.key.port == kFtp ? 0 : server.key.port;
  return protocol + " " + address_text(network) + " 0000 " + address_text(destination) + " " +
         hex(port, 4) + " ";
}

// What it ends with: the real server, the state, the seconds.
std::optional<PersistenceTemplate> parse_rest(std::string rest) {
  std::istringstream fields(std::move(rest));
  std::string address;
  std::string port;
  std::string state;
  std::uint32_t left = 0;
  if (!(fields >> address >> port >> state >> left)) return std::nullopt;
  PersistenceTemplate found;
  auto parsed = parse_address(address);
  auto [end, error] =
      std::from_chars(port.data(), port.data() + port.size(), found.server.port, 16);
  if (!parsed || error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  found.server.address = *parsed;
  found.left = std::chrono::seconds(left);
  return found;
}

std::string remembered_text(const PersistenceTemplate& there) {
  return there.server.port == 0 ? there.server.address.to_string() : to_string(there.server);
}

}  // namespace

FoundTemplates find_templates(std::istream& connections, std::span<const VirtualServer> servers,
                              const IpAddress& client) {
  FoundTemplates found;
  std::vector<std::pair<std::string, VirtualServerKey>> wanted;
  for (const VirtualServer& server : servers) {
    if (!goes_by_address(server) || server.key.family() != client.family()) continue;
    wanted.emplace_back(beginning(server, client), server.key);
  }
  std::string line;
  for (int entries = 0; !wanted.empty() && std::getline(connections, line); ++entries) {
    if (entries == kMostEntries) {
      found.complete =
          base::Status(base::Code::kResourceExhausted,
                       "the kernel has more than " + std::to_string(kMostEntries) +
                           " connections, and only so many are looked through; `ipvsadm -Lnc` "
                           "lists all");
      break;
    }
    auto match = std::ranges::find_if(
        wanted, [&](const auto& each) { return line.starts_with(each.first); });
    if (match == wanted.end()) continue;
    auto there = parse_rest(line.substr(match->first.size()));
    if (!there) continue;
    found.by_virtual_server[match->second] = *there;
    wanted.erase(match);
  }
  return found;
}

FoundTemplates read_templates(std::span<const VirtualServer> servers, const IpAddress& client) {
  if (std::ranges::none_of(servers, goes_by_address)) return {};
  std::ifstream file(kConnections);
  if (!file) {
    FoundTemplates none;
    none.complete =
        base::Status(base::Code::kUnavailable, std::string(kConnections) + " cannot be read");
    return none;
  }
  return find_templates(file, servers, client);
}

ForetoldChoice with_persistence(ForetoldChoice scheduled, const VirtualServerState& state,
                                const FoundTemplates& found) {
  if ((state.server.flags & kFlagPersistent) == 0) return scheduled;
  if (!goes_by_address(state.server)) {
    scheduled.why =
        "session affinity goes by the engine " + state.server.persistence_engine +
        ", not by the client's address; for one that it does not know: " + scheduled.why;
    return scheduled;
  }
  auto place = found.by_virtual_server.find(state.server.key);
  if (place == found.by_virtual_server.end()) {
    scheduled.why =
        (found.complete.ok()
             ? std::string("the kernel has no session of the client, so the scheduler chooses: ")
             : "whether the kernel has a session of the client is not known (" +
                   found.complete.message() + "); if not, the scheduler chooses: ") +
        scheduled.why;
    return scheduled;
  }
  const PersistenceTemplate& there = place->second;
  auto real = std::ranges::find_if(state.real_servers, [&](const RealServerState& each) {
    const RealServerKey& key = each.server.key;
    return key.address == there.server.address &&
           (there.server.port == 0 || key.port == there.server.port);
  });
  const bool gone = real == state.real_servers.end();
  if (gone || real->server.weight == 0) {
    scheduled.why = "its session with " + remembered_text(there) + " does not count, as that " +
                    (gone ? "is gone" : "has weight 0") +
                    ", so the scheduler chooses: " + scheduled.why;
    return scheduled;
  }
  return {.server = real->server.key,
          .why = "by its session, which lasts for " + std::to_string(there.left.count()) +
                 " s more, and " + std::to_string(state.server.timeout_s) +
                 " s from each new connection",
          .session_left = there.left};
}

}  // namespace ipvs
