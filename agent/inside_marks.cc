#include "agent/inside_marks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/sorted.h"

namespace agent {
namespace {

// FNV-1a: the same on every machine and in every version.
std::uint64_t hash_of(const ipvs::VirtualServerKey& address) {
  std::uint64_t hash = 0xcbf29ce484222325;
  auto mix = [&](unsigned byte) { hash = (hash ^ (byte & 0xff)) * 0x100000001b3; };
  for (unsigned byte : address.address.bytes()) mix(byte);
  mix(address.port);
  mix(static_cast<unsigned>(address.port) >> 8);
  mix(static_cast<unsigned>(address.protocol));
  return hash;
}

// Lays the low bits of a number into the bits of the mask.
std::uint32_t spread(std::uint64_t number, std::uint32_t mask) {
  std::uint32_t mark = 0;
  for (int bit = 0; bit < 32; ++bit) {
    if ((mask >> bit & 1) == 0) continue;
    mark |= static_cast<std::uint32_t>(number & 1) << bit;
    number >>= 1;
  }
  return mark;
}

std::uint64_t mark_count(std::uint32_t mask) {
  std::uint64_t values = 1;
  for (; mask != 0; mask &= mask - 1) values *= 2;
  return values - 1;  // 0 is no mark
}

// A persistent virtual server of a mark leads to the port that the client connects to, whatever the
// real servers' ports say (ip_vs_sched_persist() of the kernel's ip_vs_core.c: it translates only
// the virtual server's own port, and that of a mark has none).
bool would_lose_sessions(const PlannedVirtualServer& inside) {
  const base::Port port = inside.server.key.port;
  return (inside.server.flags & ipvs::kFlagPersistent) != 0 &&
         std::ranges::any_of(inside.real_servers,
                             [&](const ipvs::RealServer& real) { return real.key.port != port; });
}

// The hash of a client's address leads it where it was before, for as long as the real servers
// stay; the fallback passes over those that drain.
void choose_by_client(ipvs::VirtualServer& server, const std::string& hash_scheduler) {
  server.flags &= ~ipvs::kFlagPersistent;
  server.timeout_s = 0;
  if (hash_scheduler.empty()) return;
  server.scheduler = hash_scheduler;
  server.flags = ipvs::kFlagScheduler1;
}

}  // namespace

ipvs::VirtualServerKey marked_key(base::Family family, std::uint32_t mark) {
  ipvs::VirtualServerKey key;
  if (family == base::Family::kIpv6) {
    key.address = base::IpAddress::from_bytes(std::array<std::uint8_t, 16>{});
  }
  key.firewall_mark = mark;
  return key;
}

InsideMarks::InsideMarks(std::uint32_t mask, std::uint32_t masquerade)
    : mask_(mask), masquerade_(masquerade) {}

ipvs::VirtualServerKey InsideMarks::plain(const ipvs::VirtualServerKey& marked) const {
  ipvs::VirtualServerKey key = marked;
  key.firewall_mark &= ~masquerade_;
  return key;
}

void InsideMarks::remember(const ipvs::VirtualServerKey& address, std::uint32_t mark) {
  ipvs::VirtualServerKey key = plain(marked_key(address.family(), mark));
  // One outside of the mask is from another configuration: ours to remove, not to give again.
  bool first = given_.insert(key).second;
  if (first && key.firewall_mark != 0 && (key.firewall_mark & ~mask_) == 0) {
    marks_.try_emplace(address, key.firewall_mark);
  }
}

void InsideMarks::avoid(const ipvs::VirtualServerKey& marked) { foreign_.insert(plain(marked)); }

std::optional<std::uint32_t> InsideMarks::mark_of(const ipvs::VirtualServerKey& address) {
  auto known = marks_.find(address);
  if (known != marks_.end()) return known->second;
  const std::uint64_t count = mark_count(mask_);
  if (count == 0) return std::nullopt;
  const std::uint64_t first = hash_of(address) % count;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint32_t mark = spread((first + i) % count + 1, mask_);
    ipvs::VirtualServerKey key = marked_key(address.family(), mark);
    if (foreign_.contains(key) || !given_.insert(key).second) continue;
    marks_.emplace(address, mark);
    return mark;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> InsideMarks::known(const ipvs::VirtualServerKey& address) const {
  auto found = marks_.find(address);
  return found == marks_.end() ? std::nullopt : std::optional(found->second);
}

bool InsideMarks::has_room_for(std::size_t addresses) const {
  return given_.size() + foreign_.size() + addresses <= mark_count(mask_);
}

bool InsideMarks::is_given(const ipvs::VirtualServerKey& marked) const {
  return given_.contains(plain(marked));
}

void give_marks(ServicePlan& plan, InsideMarks& marks, bool pods_are_told,
                const std::string& hash_scheduler) {
  for (PlannedVirtualServer& inside : std::exchange(plan.inside, {})) {
    const ipvs::VirtualServerKey address = inside.server.key;
    std::optional<std::uint32_t> mark = marks.mark_of(address);
    if (!mark) {
      plan.problems.push_back("no firewall mark is left for " + to_string(address) +
                              ": clients inside the cluster reach what those outside reach; give "
                              "ipvsAgent.insideTrafficMarkMask more bits");
      continue;
    }
    if (would_lose_sessions(inside)) choose_by_client(inside.server, hash_scheduler);
    const bool node_port = inside.kind == VipKind::kNodePort;
    SetEntry entry{
        .set = SetId::kInside,
        .family = address.family(),
        .entry = {
            .ip = address.address, .protocol = address.protocol, .port = address.port, .ip2 = {}}};
    plan.set_entries.push_back(entry);
    entry.set = SetId::kInsideMark;
    entry.entry.mark = *mark | (node_port ? marks.masquerade() : 0);
    entry.entry.mark_mask = marks.mask() | (node_port ? marks.masquerade() : 0);
    plan.set_entries.push_back(entry);
    if (pods_are_told && !node_port) {
      plan.virtual_servers.push_back(inside);
      plan.virtual_servers.back().server.key = marked_key(address.family(), *mark);
    }
    inside.server.key = marked_key(address.family(), *mark | marks.masquerade());
    plan.virtual_servers.push_back(std::move(inside));
  }
  std::sort(plan.virtual_servers.begin(), plan.virtual_servers.end(),
            [](const auto& a, const auto& b) { return a.server.key < b.server.key; });
  base::sort_unique(plan.set_entries);
}

}  // namespace agent
