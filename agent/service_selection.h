#ifndef IPVS_AGENT_AGENT_SERVICE_SELECTION_H_
#define IPVS_AGENT_AGENT_SERVICE_SELECTION_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "agent/loop.h"
#include "agent/status_answer.h"

namespace agent {

// Some of the Services that a question asks for, and what lies around them.
struct ServiceSelection {
  std::vector<const watchers::Service*> services;  // in order; they live as long as the snapshot
  std::size_t matching = 0;                        // asked for, selected or not
  std::size_t before = 0;                          // asked for, but for StatusQuestion::after
  // What `after` must be for the selection before this one; an empty key: nothing. No value where
  // there is none before.
  std::optional<watchers::ObjectKey> previous;
};

// The first `most` of those behind StatusQuestion::after. `most` is one more than a page has.
ServiceSelection select_services(const Loop& loop, const StatusQuestion& question,
                                 std::size_t most);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_SERVICE_SELECTION_H_
