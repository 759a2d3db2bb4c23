#include "agent/health.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

#include "agent/yaml_tree.h"

namespace agent {
namespace {

// Go's zero time, which kube-proxy shows for "never".
constexpr std::string_view kNever = "0001-01-01T00:00:00Z";

std::string time_text(const std::optional<base::WallTime>& time) {
  return time ? to_rfc3339(*time) : std::string(kNever);
}

std::string bool_text(bool value) { return value ? "true" : "false"; }

std::string family_json(const FamilyHealth& family, const HealthState& state,
                        const Moment& moment) {
  bool healthy = is_healthy(family, state, moment.now);
  std::optional<base::WallTime> updated = family.last_updated;
  if (healthy) updated = moment.wall;
  return quoted(to_string(family.family)) + ":{\"lastUpdated\":" + quoted(time_text(updated)) +
         ",\"healthy\":" + bool_text(healthy) + "}";
}

// A member of the body; none where there is nothing to list.
std::string list_json(std::string_view name, const std::vector<std::string>& sentences) {
  if (sentences.empty()) return "";
  std::string text;
  for (const std::string& sentence : sentences)
    text += (text.empty() ? "" : ",") + quoted(sentence);
  return "," + quoted(name) + ":[" + text + "]";
}

HealthAnswer answer(const HealthState& state, const Moment& moment, bool with_node) {
  bool healthy = is_healthy(state, moment.now);
  bool good = healthy && (!with_node || state.node_eligible);
  std::optional<base::WallTime> updated;
  for (const FamilyHealth& family : state.families) {
    updated = std::max(updated, family.last_updated);
  }
  // While all is well, what is known is as fresh as the question.
  if (good) updated = moment.wall;
  HealthAnswer result;
  result.status = good ? 200 : 503;
  result.body = "{\"lastUpdated\":" + quoted(time_text(updated)) +
                ",\"currentTime\":" + quoted(to_rfc3339(moment.wall));
  if (with_node) result.body += ",\"nodeEligible\":" + bool_text(state.node_eligible);
  result.body += ",\"healthy\":" + bool_text(healthy) + ",\"status\":{";
  for (std::size_t i = 0; i < state.families.size(); ++i) {
    result.body += (i > 0 ? "," : "") + family_json(state.families[i], state, moment);
  }
  result.body += "}";
  // Not in kube-proxy's body; only there when something is wrong.
  std::vector<std::string> faults = state.faults;
  if (moment.now - state.published >= state.timeout) faults.emplace_back("the loop does not run");
  result.body += list_json("faults", faults) + list_json("warnings", state.warnings);
  result.body += "}";
  return result;
}

}  // namespace

bool is_healthy(const FamilyHealth& family, const HealthState& state, base::TimePoint now) {
  return !family.oldest_pending || now - *family.oldest_pending < state.timeout;
}

bool is_healthy(const HealthState& state, base::TimePoint now) {
  return state.faults.empty() && now - state.published < state.timeout &&
         std::ranges::all_of(state.families, [&](const FamilyHealth& family) {
           return is_healthy(family, state, now);
         });
}

HealthAnswer livez(const HealthState& state, const Moment& moment) {
  return answer(state, moment, /*with_node=*/false);
}

HealthAnswer healthz(const HealthState& state, const Moment& moment) {
  return answer(state, moment, /*with_node=*/true);
}

std::string to_rfc3339(base::WallTime time) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  std::time_t whole = seconds.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, 64> buffer{};
  std::size_t length = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::string text(buffer.data(), length);
  if (std::int64_t nanoseconds = (time - seconds).count(); nanoseconds != 0) {
    std::string digits = std::to_string(1'000'000'000 + nanoseconds);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits.substr(1);
  }
  return text + "Z";
}

}  // namespace agent
