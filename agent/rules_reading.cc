#include "agent/rules_reading.h"

#include <chrono>
#include <utility>

#include "agent/failure.h"
#include "agent/masquerade_rules.h"

namespace agent {

void RulesReading::begin(base::Family family, bool retry) {
  Reading& reading = of(family);
  reading.retry = reading.retry || retry;
  if (goes_on(family)) return;
  reading.outdated = false;
  reading.rules = from_.begin_read(family, rule_tables());
}

std::optional<RulesReading::Outcome> RulesReading::take(base::Family family) {
  Reading& reading = of(family);
  while (goes_on(family) &&
         reading.rules.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    auto rules = reading.rules.get();
    if (std::exchange(reading.outdated, false)) {
      reading.refusal = {};
      reading.rules = from_.begin_read(family, rule_tables());
      continue;
    }
    const bool all_tables = reading.refusal.ok();
    if (all_tables && !rules.ok() && classify(rules.status()) == FailureClass::kRejected) {
      reading.refusal = rules.status();
      reading.rules = from_.begin_read(family, needed_rule_tables());
      continue;
    }
    base::Status refusal = std::exchange(reading.refusal, {});
    const bool retry = std::exchange(reading.retry, false);
    if (!all_tables && !rules.ok()) return Outcome{std::move(refusal), {}, retry};
    return Outcome{std::move(rules), std::move(refusal), retry};
  }
  return std::nullopt;
}

}  // namespace agent
