#include <algorithm>
#include <utility>

#include "agent/host.h"

// What a Host does about somebody who keeps rewriting what is ours.
namespace agent {
namespace {

constexpr char kProblem[] = "another proxy";

template <typename Key>
void leave_out(std::vector<Key>& keys, const Key& key) {
  keys.erase(std::remove(keys.begin(), keys.end(), key), keys.end());
}

}  // namespace

// Takes out of `touched` what waits for its repair. A change of the API repairs it all the same.
void Host::hold_back(Touched& touched, std::vector<Drift>& drift, base::TimePoint now) {
  for (Drift& found : drift) {
    found.held = rivals_.found(found.thing, now);
    if (!found.held) continue;
    if (const auto* key = std::get_if<ipvs::VirtualServerKey>(&found.thing)) {
      leave_out(touched.virtual_servers, *key);
    } else if (const auto* address = std::get_if<base::IpAddress>(&found.thing)) {
      leave_out(touched.addresses, *address);
    } else if (const auto* entry = std::get_if<SetEntry>(&found.thing)) {
      leave_out(touched.set_entries, *entry);
    } else {
      base::Family family = std::get<RulesOf>(found.thing).family;
      rendered_for_[family == base::Family::kIpv6] = filled_sets(family);
    }
  }
  tell_of_rivals();
}

void Host::tell_of_rivals() {
  if (!rivals_.suspect()) {
    problems_.erase(kProblem);
    return;
  }
  problems_[kProblem] = "something else keeps rewriting what this agent writes, such as " +
                        to_string(*rivals_.suspect()) +
                        "; two proxies on one node undo each other's work, so repairs come less "
                        "and less often: stop "
                        "one of the two (kubectl -n kube-system get daemonsets shows kube-proxy "
                        "and its like)";
}

}  // namespace agent
