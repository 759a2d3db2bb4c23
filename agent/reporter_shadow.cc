#include "agent/log_lists.h"
#include "agent/reporter.h"

// What a Reporter tells in shadow mode, in which nothing is ever applied.
namespace agent {
namespace {

// More commands than these are counted, not shown.
constexpr std::size_t kMostCommands = 20;

}  // namespace

void Reporter::tell_shadow(const Round& round) {
  const ShadowFindings& found = *round.report.shadow;
  metrics_.observe_round(round.cause, round.ended - round.began);
  std::size_t before = 0;
  bool first = !upkeep_.shadow;
  if (!first) {
    for (const auto& [table, count] : *upkeep_.shadow) before += count;
  }
  if (found.whole) {
    upkeep_.shadow = found.differences;
    // What the kernel held then was what it shall hold.
    if (found.total() == 0) last_updated_ = clock_.wall_now();
  }
  if (found.total() == 0) {
    if (found.whole && (first || before > 0)) {
      log_.info("shadow: nothing differs", {{"cause", round.cause}});
    }
    return;
  }
  std::vector<std::string> names;
  for (const AppliedService& service : round.services) {
    if (names.size() == kMostServices) break;
    names.push_back(watchers::to_string(service.key));
  }
  log_.info(found.whole ? "shadow: differs" : "shadow: would apply",
            {{"cause", round.cause},
             {"services", joined(names, ",", kMostServices, round.services.size())},
             {"operations", found.total()},
             {"commands", joined(round.report.lines, " ; ", kMostCommands, found.lines)}});
}

}  // namespace agent
