#include "ipvs/foretold_choice.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <numeric>
#include <vector>

namespace ipvs {
namespace {

constexpr std::uint32_t kPlaces = 256;
constexpr int kPlaceBits = 8;
constexpr std::uint32_t kMaglevPlaces = 4093;
// The greatest weight counts at most this many bits in a Maglev table.
constexpr int kMaglevWeightBits = 6;
constexpr std::uint64_t kMaglevKey = 2654435761U;
constexpr std::uint64_t kMaglevSkipKey = 2654446892U;

// The 32-bit words of an address, folded into one.
std::uint32_t fold(const base::IpAddress& address) {
  std::uint32_t folded = 0;
  auto bytes = address.bytes();
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    folded ^= std::uint32_t{bytes[i]} << 24 | std::uint32_t{bytes[i + 1]} << 16 |
              std::uint32_t{bytes[i + 2]} << 8 | std::uint32_t{bytes[i + 3]};
  }
  return folded;
}

// Fibonacci hashing with the kernel's 32-bit golden ratio.
std::uint32_t golden_hash(std::uint32_t value) { return value * 0x61C88647U >> (32 - kPlaceBits); }

// SipHash-1-3 of one 32-bit word, with a key of two equal halves; its lower half.
std::uint32_t sip_hash(std::uint32_t word, std::uint64_t key) {
  std::array<std::uint64_t, 4> v = {key ^ 0x736f6d6570736575U, key ^ 0x646f72616e646f6dU,
                                    key ^ 0x6c7967656e657261U, key ^ 0x7465646279746573U};
  auto round = [&v] {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = std::rotl(v[1], 13) ^ v[0];
    v[3] = std::rotl(v[3], 16) ^ v[2];
    v[0] = std::rotl(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = std::rotl(v[1], 17) ^ v[2];
    v[3] = std::rotl(v[3], 21) ^ v[0];
    v[2] = std::rotl(v[2], 32);
  };
  const std::uint64_t block = std::uint64_t{4} << 56 | word;  // the length is in the last byte
  v[3] ^= block;
  round();
  v[0] ^= block;
  v[2] ^= 0xff;
  for (int i = 0; i < 3; ++i) round();
  return static_cast<std::uint32_t>(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

using Servers = std::vector<const RealServer*>;
// Which real server has each place; empty without real servers.
using Places = std::vector<const RealServer*>;

// In the order of the kernel's list.
Servers listed(const VirtualServerState& state) {
  std::vector<const RealServerState*> states;
  for (const RealServerState& real : state.real_servers) states.push_back(&real);
  std::sort(states.begin(), states.end(),
            [](const auto* a, const auto* b) { return a->place < b->place; });
  Servers servers;
  for (const RealServerState* real : states) servers.push_back(&real->server);
  return servers;
}

// In turn, each as often in a row as its weight says, once at least.
Places in_turn(const Servers& servers, bool by_weight) {
  Places places;
  while (!servers.empty() && places.size() < kPlaces) {
    for (const RealServer* server : servers) {
      std::uint32_t times = by_weight ? std::max(server->weight, 1U) : 1U;
      places.insert(places.end(), std::min(times, kPlaces), server);
    }
  }
  if (!places.empty()) places.resize(kPlaces);
  return places;
}

// Each real server has an order of its own of all places, and takes in its turn the next that is
// free, as often as its share of the weights says.
Places by_preference(const Servers& servers) {
  struct Preference {
    const RealServer* server;
    std::uint32_t next;
    std::uint32_t skip;
    std::uint32_t times;
  };
  std::uint32_t divisor = 0;
  std::uint32_t greatest = 0;
  for (const RealServer* server : servers) {
    divisor = std::gcd(divisor, server->weight);
    greatest = std::max(greatest, server->weight);
  }
  const int shift =
      std::max(static_cast<int>(std::bit_width(greatest / divisor)) - kMaglevWeightBits, 0);
  std::vector<Preference> preferences;
  for (const RealServer* server : servers) {
    const std::uint32_t name = fold(server->key.address) + server->key.port;
    preferences.push_back(
        {.server = server,
         .next = sip_hash(name, kMaglevKey) % kMaglevPlaces,
         .skip = sip_hash(name, kMaglevSkipKey) % (kMaglevPlaces - 1) + 1,
         .times = std::max(static_cast<std::uint32_t>(server->weight / divisor >> shift), 1U)});
  }
  Places places(kMaglevPlaces);
  std::size_t taken = 0;
  while (taken < places.size()) {
    for (Preference& preference : preferences) {
      for (std::uint32_t i = 0; i < preference.times && taken < places.size(); ++i) {
        while (places[preference.next] != nullptr) {
          preference.next = (preference.next + preference.skip) % kMaglevPlaces;
        }
        places[preference.next] = preference.server;
        ++taken;
      }
    }
  }
  return places;
}

ForetoldChoice nobody(std::string why) { return {.server = std::nullopt, .why = std::move(why)}; }

// The place that `hash` of an offset names; with `fallback`, the first behind it of somebody who
// takes connections.
template <typename Hash>
ForetoldChoice at_place(const Places& places, Hash hash, bool fallback, const std::string& way) {
  const auto size = static_cast<std::uint32_t>(places.size());
  const std::uint32_t first = hash(0U) % size;
  const RealServer* server = places[first];
  std::string note;
  for (std::uint32_t i = 0; fallback && server->weight == 0 && i < size; ++i) {
    note = "; the first choice has weight 0, and the scheduler falls back";
    server = places[hash((first + i) % size) % size];
  }
  if (server->weight == 0) {
    return nobody(
        "none, its packets are dropped or refused: " + way + " leads to " + to_string(server->key) +
        ", which has weight 0, " +
        (fallback ? "as all others that were tried have" : "and the scheduler does not fall back"));
  }
  return {.server = server->key, .why = "by " + way + note};
}

ForetoldChoice by_scheduler(const VirtualServerState& state, const Servers& servers,
                            const base::IpAddress& destination, const Client& client) {
  const std::string& scheduler = state.server.scheduler;
  const bool fallback = (state.server.flags & kFlagScheduler1) != 0;
  const bool ports = (state.server.flags & kFlagScheduler2) != 0;
  if (scheduler == "dh") {
    return at_place(
        in_turn(servers, false), [&](std::uint32_t) { return golden_hash(fold(destination)); },
        false, "the hash of the address that is asked for, the same for every client");
  }
  if (ports && client.port == 0) {
    return nobody("cannot be foretold: " + scheduler +
                  "-port makes the client's port count, and none was given");
  }
  const std::uint32_t name = fold(client.address) + (ports ? client.port : 0U);
  const std::string way =
      ports ? "the hash of the client's address and port" : "the hash of the client's address";
  if (scheduler == "sh") {
    return at_place(
        in_turn(servers, true), [&](std::uint32_t offset) { return offset + golden_hash(name); },
        fallback, way);
  }
  if (std::any_of(servers.begin(), servers.end(),
                  [](const RealServer* server) { return server->weight == 0; })) {
    return nobody(
        "cannot be foretold: a real server has weight 0, and mh gives it the places of its last "
        "other weight, which the kernel does not tell");
  }
  if constexpr (sizeof(void*) != 8 || std::endian::native != std::endian::little) {
    return nobody("cannot be foretold on this processor");
  }
  return at_place(
      by_preference(servers),
      [&](std::uint32_t offset) { return sip_hash(offset + name, kMaglevKey); }, fallback, way);
}

}  // namespace

ForetoldChoice foretell_choice(const VirtualServerState& state, const base::IpAddress& destination,
                               const Client& client) {
  const std::string& scheduler = state.server.scheduler;
  if (scheduler != "sh" && scheduler != "dh" && scheduler != "mh") {
    return nobody("cannot be foretold: " + scheduler +
                  " goes by turns, connections or weights at that moment, not by the client");
  }
  const Servers servers = listed(state);
  if (servers.empty()) return nobody("none: there is no real server");
  if (std::any_of(servers.begin(), servers.end(),
                  [](const RealServer* server) { return server->upper_threshold != 0; })) {
    return nobody(
        "cannot be foretold: a real server has a limit of connections, and whether it has reached "
        "it is the kernel's to know");
  }
  return by_scheduler(state, servers, destination, client);
}

}  // namespace ipvs
