#include <algorithm>
#include <chrono>
#include <vector>

#include "agent/host.h"

// How a Host keeps its drains: in memory and under observation.
namespace agent {
namespace {

using base::TimePoint;

constexpr std::chrono::seconds kDrainPollPeriod(2);

const RealServerList kNoRealServers;

}  // namespace

void Host::keep_drains(DrainJournal& journal) {
  note_problem(SavedDrains::kProblem, saved_drains_.keep(journal, drains_));
}

// Takes note of what the round made of the drains.
void Host::settle_drains(const HostChange& change, RoundReport& report, TimePoint now) {
  for (const auto& [key, servers] : change.draining) {
    std::vector<ipvs::RealServerKey> draining = servers;
    // One that could not be deleted stays finished: it gets no second drain.
    const BelievedVirtualServer* believed = believed_.virtual_server(key);
    for (const ipvs::RealServer& real : believed ? believed->real_servers : kNoRealServers) {
      const Drain* drain = drains_.find(key, real.key);
      if (drain != nullptr && drain->finished && real.weight == 0) draining.push_back(real.key);
    }
    Drains::Change drains = drains_.set(key, draining, now);
    for (Drain& drain : drains.started) report.started_drains.push_back({key, drain});
    for (Drain& drain : drains.forgotten) {
      DrainEnd end = desired_.virtual_server(key) ? DrainEnd::kReturned : DrainEnd::kRemoved;
      report.ended_drains.push_back({key, drain, end});
    }
    believed_.share(key, desired_.real_servers(key));
  }
  if (drains_.size() == 0) {
    next_drain_poll_ = TimePoint::max();
  } else if (next_drain_poll_ == TimePoint::max() || !started_) {
    next_drain_poll_ = now + std::chrono::seconds(1);
  }
  note_problem(SavedDrains::kProblem, saved_drains_.save(drains_, now));
}

Touched Host::poll_drains(TimePoint now, std::vector<EndedDrain>& ended) {
  Touched touched;
  note_problem(SavedDrains::kProblem, saved_drains_.save(drains_, now));
  if (!started_ || now < next_drain_poll_ || drains_.size() == 0) return touched;
  next_drain_poll_ = now + kDrainPollPeriod;
  std::vector<ipvs::VirtualServerKey> keys;
  for (const auto& [key, drains] : drains_.all()) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  auto states = tables_.ipvs.read_some(keys);
  if (!states.ok()) return touched;  // the next poll reads them
  auto present = states->begin();
  for (const ipvs::VirtualServerKey& key : keys) {
    while (present != states->end() && present->server.key < key) ++present;
    if (present != states->end() && present->server.key == key) continue;
    // Somebody deleted it, and its drains with it.
    if (believed_.observe_absent(key)) touched.virtual_servers.push_back(key);
  }
  for (const ipvs::VirtualServerState& state : *states) {
    bool differed = believed_.observe(state, desired_.real_servers(state.server.key));
    drains_.observe(state, now, [&](const auto& key, const Drain& drain, DrainEnd end) {
      ended.push_back({key, drain, end});
      touched.virtual_servers.push_back(key);
    });
    if (differed) touched.virtual_servers.push_back(state.server.key);
  }
  return touched;
}

}  // namespace agent
