#include "agent/host_scan.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <variant>

#include "agent/host_inspection.h"
#include "ipvs/text.h"

namespace agent {
namespace {

using base::Family;
using base::Status;
using ipvs::VirtualServerKey;

constexpr std::size_t kVirtualServersAPart = 100;

struct Beginning {
  bool started = false;
  std::size_t services_waiting = 0;
  std::vector<VirtualServerKey> keys;
  std::vector<Family> families;
  std::string device;
};

// What of the virtual servers of one part differs, each by itself.
struct PartOfTable {
  std::vector<std::pair<VirtualServerKey, HostChange>> changes;
  Status failure;
};

std::string found_text(const HostChange& change) {
  if (!change.remove.empty()) return "nothing wants it";
  if (std::holds_alternative<ipvs::AddVirtualServer>(change.serve.front())) return "is gone";
  if (std::holds_alternative<ipvs::EditVirtualServer>(change.serve.front())) {
    return "has other attributes";
  }
  return "its real servers differ";
}

PartOfTable look_at(const Loop& loop, std::span<const VirtualServerKey> keys) {
  PartOfTable part;
  HostInspection inspection(loop.host());
  auto all = inspection.virtual_servers(keys);
  part.failure = all.status();
  if (!all.ok() || all->empty()) return part;
  for (const VirtualServerKey& key : keys) {
    auto one = inspection.virtual_servers(std::span(&key, 1));
    if (!one.ok()) part.failure = one.status();
    if (one.ok() && !one->empty()) part.changes.emplace_back(key, *std::move(one));
  }
  return part;
}

// Asks part by part and gathers the answers.
class Scanner {
 public:
  explicit Scanner(LoopQuestions& questions) : questions_(questions) {}

  base::Result<HostScan> scan() {
    auto beginning = questions_.ask([](Loop& loop, base::TimePoint) {
      HostInspection inspection(loop.host());
      return Beginning{.started = loop.started(),
                       .services_waiting = loop.pending_count(),
                       .keys = inspection.virtual_server_keys(),
                       .families = inspection.families(),
                       .device = loop.host().options().device};
    });
    if (!beginning.ok()) return beginning.status();
    scan_.started = beginning->started;
    scan_.services_waiting = beginning->services_waiting;
    if (!scan_.started) return std::move(scan_);
    device_ = beginning->device;
    Status status = virtual_servers(beginning->keys);
    if (status.ok()) status = addresses();
    for (Family family : beginning->families) {
      if (status.ok()) status = rules(family);
      for (SetId id : all_sets()) {
        if (status.ok()) status = set(id, family);
      }
    }
    if (status.ok()) status = foreign();
    if (!status.ok()) return status;
    for (std::string& line : change_.lines(device_)) scan_.commands.push_back(std::move(line));
    return std::move(scan_);
  }

 private:
  Status virtual_servers(const std::vector<VirtualServerKey>& keys) {
    scan_.virtual_servers = keys.size();
    for (std::size_t begin = 0; begin < keys.size(); begin += kVirtualServersAPart) {
      std::size_t end = std::min(keys.size(), begin + kVirtualServersAPart);
      std::vector<VirtualServerKey> part(keys.begin() + static_cast<std::ptrdiff_t>(begin),
                                         keys.begin() + static_cast<std::ptrdiff_t>(end));
      auto found = questions_.ask(
          [part = std::move(part)](Loop& loop, base::TimePoint) { return look_at(loop, part); });
      if (!found.ok()) return found.status();
      if (!found->failure.ok()) scan_.unread.push_back(found->failure.message());
      for (const auto& [key, change] : found->changes) {
        add(ipvs::to_string(key), found_text(change), change);
      }
    }
    return {};
  }

  Status addresses() {
    return part(
        "the addresses of " + device_, [](const HostInspection& host) { return host.addresses(); },
        [&](const HostChange& change) {
          for (const netconf::AddressOp& op : change.bind) {
            HostChange one;
            one.bind = {op};
            add(std::get<netconf::BindAddress>(op).address.to_string(), "is not on " + device_,
                one);
          }
          for (const netconf::AddressOp& op : change.unbind) {
            HostChange one;
            one.unbind = {op};
            add(std::get<netconf::UnbindAddress>(op).address.to_string(),
                "is on " + device_ + ", and nothing wants it", one);
          }
        });
  }

  Status set(SetId id, Family family) {
    ++scan_.sets;
    return part(
        "ipset " + set_name(id, family),
        [id, family](const HostInspection& host) { return host.set(id, family); },
        [&](const HostChange& change) {
          std::size_t lacks = change.add_entries.size() + change.steer.size();
          std::size_t has = change.remove_entries.size() + change.stop_steering.size();
          if (lacks + has == 0) return;
          add("ipset " + set_name(id, family),
              "lacks " + std::to_string(lacks) + " entries and has " + std::to_string(has) +
                  " that nothing wants",
              change);
        });
  }

  Status rules(Family family) {
    return part(
        std::string(base::to_string(family)) + " iptables rules",
        [family](const HostInspection& host) { return host.rules(family); },
        [&](const std::vector<netconf::IptablesOp>& ops) {
          if (ops.empty()) return;
          // They come first, as in a round: nothing is forwarded before its rule exists.
          scan_.commands.push_back(std::string(family == Family::kIpv4 ? "iptables" : "ip6tables") +
                                   "-restore --noflush <<'EOF'\n" + netconf::to_restore_text(ops) +
                                   "EOF");
          scan_.differences.push_back({std::string(base::to_string(family)) + " iptables rules",
                                       std::to_string(ops.size()) + " chains and jumps differ",
                                       {scan_.commands.back()}});
        });
  }

  Status foreign() {
    return part(
        "the list of virtual servers", [](const HostInspection& host) { return host.foreign(); },
        [&](std::vector<ipvs::VirtualServerState> list) { scan_.foreign = std::move(list); });
  }

  template <typename Look, typename Take>
  Status part(const std::string& what, Look look, Take take) {
    // Behind a pointer: whether the kernel could be read is another question than whether the loop
    // has answered.
    auto found = questions_.ask([look](Loop& loop, base::TimePoint) {
      auto result = look(HostInspection(loop.host()));
      return std::make_shared<decltype(result)>(std::move(result));
    });
    if (!found.ok()) return found.status();
    if (auto& value = **found; value.ok()) {
      take(*std::move(value));
    } else {
      scan_.unread.push_back(value.status().in(what).message());
    }
    return {};
  }

  void add(std::string what, std::string found, const HostChange& change) {
    change_.append(change);
    scan_.differences.push_back({std::move(what), std::move(found), change.lines(device_)});
  }

  LoopQuestions& questions_;
  std::string device_;
  HostChange change_;
  HostScan scan_;
};

}  // namespace

base::Result<HostScan> scan_host(LoopQuestions& questions) { return Scanner(questions).scan(); }

}  // namespace agent
