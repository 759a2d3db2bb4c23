#ifndef IPVS_AGENT_AGENT_SAVED_DRAINS_H_
#define IPVS_AGENT_AGENT_SAVED_DRAINS_H_

#include <cstdint>
#include <optional>

#include "agent/drains.h"
#include "base/clock.h"
#include "base/result.h"

namespace agent {

class DrainJournal;

// How far the journal knows the drains of a host, and when it is told of what it lacks: at most
// once a second, so that what a burst of changes drains is written together, and 30 s after a write
// that failed. Nothing without a journal.
//
// Threading: one owner.
// Errors: why the journal is not as it should be, and what follows from that; the same again, until
// a later write has mended it.
class SavedDrains {
 public:
  static constexpr char kProblem[] = "drain journal";  // by which a failure is known

  // Has the drains remember what the journal knows. It outlives this.
  base::Status keep(DrainJournal& journal, Drains& drains);

  // When to save() them; no value where the journal knows all.
  std::optional<base::TimePoint> due(const Drains& drains) const;
  // Writes the journal if that is due.
  base::Status save(const Drains& drains, base::TimePoint now);

 private:
  DrainJournal* journal_ = nullptr;
  std::uint64_t revision_ = 0;  // of the drains, that the journal has
  base::TimePoint next_{};
  base::Status failure_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_SAVED_DRAINS_H_
