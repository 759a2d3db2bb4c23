#include <utility>

#include "agent/host.h"
#include "agent/presence_record.h"

// Whether what a Host finds at its start was left by an agent, or by others.
namespace agent {
namespace {

constexpr char kProblem[] = "record of the agent's presence";

}  // namespace

void Host::keep_presence(PresenceRecord& record) {
  presence_ = &record;
  auto known = record.load();
  // What cannot be read may well be an agent's: nothing is claimed of it.
  first_here_ = known.ok() && !*known;
}

// To be called with everything read, before the first write of a round. A start from nothing is
// recorded at once: should it end half way, the next agent finds what this one has made.
void Host::note_adoption() {
  adopted_.reset();
  if (options_.shadow) return;
  if (first_here_ || others_wrote_) adopted_ = adoption_of(believed_, desired_);
  if (!adopted_) save_presence();
}

void Host::save_presence() {
  if (presence_ == nullptr) return;
  base::Status status = presence_->save();
  presence_ = status.ok() ? nullptr : presence_;
  if (status.ok()) {
    problems_.erase(kProblem);
  } else {
    problems_[kProblem] = status.message() +
                          "; the next start may tell of a takeover that was none; give the agent a "
                          "folder that it can write (ipvsAgent.stateDirectory)";
  }
}

}  // namespace agent
