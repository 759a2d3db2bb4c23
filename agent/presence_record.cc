#include "agent/presence_record.h"

#include <string_view>
#include <utility>

namespace agent {

PresenceRecord::PresenceRecord(std::string folder, const std::string& boot)
    : file_(std::move(folder), "in-charge", boot) {}

base::Result<bool> PresenceRecord::load() const {
  return file_.load([](std::string_view) { return false; });
}

base::Status PresenceRecord::save() const { return file_.save(""); }

base::Status PresenceRecord::remove() const { return file_.remove(); }

}  // namespace agent
