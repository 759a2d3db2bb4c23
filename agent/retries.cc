#include "agent/retries.h"

#include <algorithm>
#include <chrono>

namespace agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

base::Duration wait_before_jitter(FailureClass failure, int failures) {
  bool at_once = failure == FailureClass::kDrift || failure == FailureClass::kInterrupted;
  if (at_once && failures == 1) return base::Duration::zero();
  bool rejected = failure == FailureClass::kRejected;
  base::Duration first = rejected ? base::Duration(seconds(30)) : base::Duration(milliseconds(500));
  base::Duration cap = rejected ? base::Duration(minutes(5)) : base::Duration(seconds(30));
  int doublings = std::min(failures - 1, 10);
  return std::min(first * (1 << doublings), cap);
}

}  // namespace

std::string to_string(const HostThing& thing) {
  struct Visitor {
    std::string operator()(const ipvs::VirtualServerKey& key) { return ipvs::to_string(key); }
    std::string operator()(const base::IpAddress& address) {
      return "address " + address.to_string();
    }
    std::string operator()(const SetEntry& entry) {
      return "ipset " + set_name(entry.set, entry.family) + " entry " +
             netconf::to_text(set_type(entry.set), entry.entry);
    }
    std::string operator()(const RulesOf& rules) {
      return std::string(base::to_string(rules.family)) + " iptables rules";
    }
  };
  return std::visit(Visitor(), thing);
}

void Retries::failed(const HostThing& thing, const base::Status& failure, base::TimePoint now) {
  auto [place, first] = waiting_.try_emplace(thing);
  Waiting& waiting = place->second;
  if (first) {
    waiting.since = now;
  } else if (waiting.scheduled) {
    order_.erase({waiting.due, thing});
  }
  waiting.scheduled = true;
  ++waiting.failures;
  waiting.failure = classify(failure);
  waiting.message = failure.message();
  base::Duration wait = wait_before_jitter(waiting.failure, waiting.failures);
  double jitter = std::uniform_real_distribution<double>(1.0, 1.5)(random_);
  waiting.due =
      now +
      base::Duration(static_cast<base::Duration::rep>(static_cast<double>(wait.count()) * jitter));
  order_.emplace(waiting.due, thing);
}

std::vector<HostThing> Retries::take_due(base::TimePoint now) {
  std::vector<HostThing> things;
  while (!order_.empty() && order_.begin()->first <= now) {
    things.push_back(order_.begin()->second);
    waiting_.at(things.back()).scheduled = false;
    order_.erase(order_.begin());
  }
  taken_.insert(taken_.end(), things.begin(), things.end());
  return things;
}

void Retries::end_round() {
  for (const HostThing& thing : taken_) {
    auto place = waiting_.find(thing);
    if (place != waiting_.end() && !place->second.scheduled) waiting_.erase(place);
  }
  taken_.clear();
}

std::optional<base::TimePoint> Retries::next() const {
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first;
}

}  // namespace agent
