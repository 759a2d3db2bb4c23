#ifndef IPVS_AGENT_WATCHERS_KNOWN_OBJECTS_H_
#define IPVS_AGENT_WATCHERS_KNOWN_OBJECTS_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "watchers/objects.h"

namespace watchers {

// Which objects of a source were delivered, and in which version: what a complete list is compared
// with, to deliver only what changed and to find what is gone.
//
// Threading: one owner.
class KnownObjects {
 public:
  // The object was seen. Returns whether it is new or in another version than before; an object
  // without version always is.
  bool note(const ObjectKey& key, const std::string& version);
  // The object was seen but is not usable: it stays as it is known, if it is.
  void touch(const ObjectKey& key);
  void forget(const ObjectKey& key) { entries_.erase(key); }

  // A complete list begins: what is not seen before end_list() is gone. A list that breaks off is
  // simply begun again.
  void begin_list() { ++list_; }
  // Forgets what is gone and returns it.
  std::vector<ObjectKey> end_list();

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string version;
    std::uint64_t seen_in = 0;  // the list
  };

  std::unordered_map<ObjectKey, Entry> entries_;
  std::uint64_t list_ = 0;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_KNOWN_OBJECTS_H_
