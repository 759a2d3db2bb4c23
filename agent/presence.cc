#include "agent/presence.h"

#include <string>

#include "agent/presence_record.h"
#include "agent/state_file.h"

namespace agent {

void Presence::keep(PresenceRecord& record) {
  record_ = &record;
  auto known = record.load();
  first_here_ = known.ok() && !*known;
}

void Presence::judge(const BelievedHost& found, const DesiredHost& desired) {
  adopted_.reset();
  if (first_here_ || others_wrote_) adopted_ = adoption_of(found, desired);
}

base::Status Presence::save() {
  if (record_ == nullptr) return {};
  base::Status status = with_consequence(
      record_->save(),
      std::string("the next start may tell of a takeover that was none; ") + kGiveAgentAFolder);
  if (status.ok()) record_ = nullptr;
  return status;
}

}  // namespace agent
