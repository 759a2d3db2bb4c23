#include "ipvs/schedulers.h"

#include <algorithm>
#include <array>

#include "ipvs/virtual_server.h"

namespace ipvs {
namespace {

constexpr std::array<Scheduler, 14> kSchedulers = {{
    {"dh", "by a hash of the destination address", "", ""},
    {"fo", "always the available real server with the highest weight", "", ""},
    {"lblc", "one real server for each destination address, fewest connections when it is full", "",
     ""},
    {"lblcr", "a set of real servers for each destination address, fewest connections among them",
     "", ""},
    {"lc", "fewest active connections", "", ""},
    {"mh", "by a Maglev hash of the source address: few flows move when servers change",
     "mh-fallback", "mh-port"},
    {"nq", "an idle real server if there is one, else the shortest expected delay", "", ""},
    {"ovf", "the highest weight, until its active connections exceed the weight", "", ""},
    {"rr", "each real server in turn", "", ""},
    {"sed", "shortest expected delay: (active connections + 1) / weight", "", ""},
    {"sh", "by a hash of the source address", "sh-fallback", "sh-port"},
    {"twos", "two real servers drawn at random by weight, the less busy of them", "", ""},
    {"wlc", "fewest connections divided by weight", "", ""},
    {"wrr", "each real server in turn, as often as its weight says", "", ""},
}};

constexpr std::array<std::string_view, 3> kPlainNames = {"flag-1", "flag-2", "flag-3"};
constexpr std::array<std::uint32_t, 3> kBits = {kFlagScheduler1, kFlagScheduler2, kFlagScheduler3};

std::string_view own_name(const Scheduler* scheduler, std::size_t bit) {
  if (scheduler == nullptr || bit > 1) return "";
  return bit == 0 ? scheduler->flag1 : scheduler->flag2;
}

}  // namespace

std::span<const Scheduler> schedulers() { return kSchedulers; }

const Scheduler* find_scheduler(std::string_view name) {
  const auto* found = std::find_if(kSchedulers.begin(), kSchedulers.end(),
                                   [&](const Scheduler& s) { return s.name == name; });
  return found == kSchedulers.end() ? nullptr : found;
}

std::string scheduler_flags_text(std::string_view scheduler, std::uint32_t flags) {
  const Scheduler* known = find_scheduler(scheduler);
  std::string text;
  for (std::size_t i = 0; i < kBits.size(); ++i) {
    if ((flags & kBits[i]) == 0) continue;
    if (!text.empty()) text += ',';
    std::string_view name = own_name(known, i);
    text += name.empty() ? kPlainNames[i] : name;
  }
  return text;
}

base::Result<std::uint32_t> parse_scheduler_flags(std::string_view scheduler,
                                                  std::string_view text) {
  const Scheduler* known = find_scheduler(scheduler);
  std::uint32_t flags = 0;
  while (true) {
    std::size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    std::uint32_t bit = 0;
    for (std::size_t i = 0; i < kBits.size() && !word.empty(); ++i) {
      if (word == kPlainNames[i] || word == own_name(known, i)) bit = kBits[i];
    }
    if (bit == 0) {
      std::string message = "scheduler flag \"" + std::string(word) + "\" is not known to " +
                            std::string(scheduler) + "; allowed: flag-1, flag-2, flag-3";
      for (std::size_t i : {0, 1}) {
        if (!own_name(known, i).empty()) message += ", " + std::string(own_name(known, i));
      }
      return base::Status(base::Code::kInvalidArgument, std::move(message));
    }
    flags |= bit;
    if (comma == std::string_view::npos) return flags;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace ipvs
