#ifndef IPVS_AGENT_AGENT_RETRIES_H_
#define IPVS_AGENT_AGENT_RETRIES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/desired_host.h"
#include "agent/failure.h"
#include "base/clock.h"

namespace agent {

// The masquerade and filter rules of one family, as one thing that can fail.
struct RulesOf {
  base::Family family = base::Family::kIpv4;
  friend auto operator<=>(const RulesOf&, const RulesOf&) = default;
};

// A thing of the host whose last operation can have failed.
using HostThing = std::variant<ipvs::VirtualServerKey, base::IpAddress, SetEntry, RulesOf>;

std::string to_string(const HostThing& thing);

// The things whose last operation failed, and when each is tried again. What others wait for is
// never held up by it.
//
// Threading: one owner.
class Retries {
 public:
  struct Waiting {
    int failures = 0;
    base::TimePoint since;  // of the first failure in a row
    base::TimePoint due;
    bool scheduled = true;  // false: its time came, and a round is at work on it
    FailureClass failure = FailureClass::kTransient;
    std::string message;
  };

  explicit Retries(std::uint64_t seed) : random_(seed) {}

  // The thing failed. A first drift is due at once; then the waits double from 0.5 s to 30 s, and
  // for what the kernel rejects from 30 s to 5 min, each lengthened by up to half at random.
  void failed(const HostThing& thing, const base::Status& failure, base::TimePoint now);

  // The things whose time has come, for a round that begins now.
  std::vector<HostThing> take_due(base::TimePoint now);
  // The round is over: what was taken for it and has not failed again agrees by now and is
  // forgotten. Nothing else ends a wait: a later operation that succeeds proves only itself, while
  // what the failed one did is known when the thing has been read again.
  void end_round();
  // What was taken is still being read when its round ends: it stays at work beyond it, until it
  // fails again or is resumed for the round that knows.
  void hold(const HostThing& thing) { std::erase(taken_, thing); }
  void resume(const HostThing& thing) { taken_.push_back(thing); }
  // When the next one is due; no value where nothing waits.
  std::optional<base::TimePoint> next() const;
  const std::map<HostThing, Waiting>& all() const { return waiting_; }
  std::size_t size() const { return waiting_.size(); }

 private:
  std::map<HostThing, Waiting> waiting_;
  std::set<std::pair<base::TimePoint, HostThing>> order_;
  std::vector<HostThing> taken_;
  std::mt19937_64 random_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_RETRIES_H_
