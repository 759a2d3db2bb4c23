#include "agent/saved_drains.h"

#include <chrono>

#include "agent/drain_journal.h"
#include "agent/state_file.h"

namespace agent {
namespace {

constexpr std::chrono::seconds kPeriod(1);
constexpr std::chrono::seconds kAgain(30);  // after a write that failed

}  // namespace

base::Status SavedDrains::keep(DrainJournal& journal, Drains& drains) {
  journal_ = &journal;
  auto remembered = journal.load();
  failure_ = with_consequence(remembered.status(),
                              "drains that an earlier agent began get their whole time again; the "
                              "next drain replaces the file");
  if (remembered.ok()) {
    drains.remember(*remembered);
    revision_ = drains.revision();
  }
  return failure_;
}

std::optional<base::TimePoint> SavedDrains::due(const Drains& drains) const {
  if (journal_ == nullptr || revision_ == drains.revision()) return std::nullopt;
  return next_;
}

base::Status SavedDrains::save(const Drains& drains, base::TimePoint now) {
  const std::optional<base::TimePoint> due_at = due(drains);
  if (!due_at || now < *due_at) return failure_;
  failure_ = with_consequence(journal_->save(drains.to_remember()),
                              "drains get their whole time again when the agent restarts; give it "
                              "a folder that it can write (ipvsAgent.stateDirectory)");
  if (failure_.ok()) revision_ = drains.revision();
  next_ = now + (failure_.ok() ? kPeriod : kAgain);
  return failure_;
}

}  // namespace agent
