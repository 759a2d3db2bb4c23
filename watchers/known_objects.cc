#include "watchers/known_objects.h"

namespace watchers {

bool KnownObjects::note(const ObjectKey& key, const std::string& version) {
  auto [place, is_new] = entries_.try_emplace(key);
  Entry& entry = place->second;
  bool changed = is_new || version.empty() || entry.version != version;
  entry.version = version;
  entry.seen_in = list_;
  return changed;
}

void KnownObjects::touch(const ObjectKey& key) {
  auto found = entries_.find(key);
  if (found != entries_.end()) found->second.seen_in = list_;
}

std::vector<ObjectKey> KnownObjects::end_list() {
  std::vector<ObjectKey> gone;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (entry->second.seen_in == list_) {
      ++entry;
    } else {
      gone.push_back(entry->first);
      entry = entries_.erase(entry);
    }
  }
  return gone;
}

}  // namespace watchers
