#include "watchers/objects.h"

#include <string_view>

namespace watchers {
namespace {

// Equal values, or both not given.
template <typename T>
bool equal_values(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b) {
  return a == b || (a && b && *a == *b);
}

}  // namespace

std::string to_string(const ObjectKey& key) {
  return key.space.empty() ? key.name : key.space + "/" + key.name;
}

bool operator==(const Endpoint& a, const Endpoint& b) {
  return a.address == b.address && a.ready == b.ready && a.serving == b.serving &&
         a.terminating == b.terminating && equal_values(a.node, b.node) &&
         equal_values(a.hints, b.hints);
}

}  // namespace watchers

std::size_t std::hash<watchers::ObjectKey>::operator()(
    const watchers::ObjectKey& key) const noexcept {
  std::size_t space = std::hash<std::string>()(key.space);
  // The golden-ratio step of boost::hash_combine: "a/b" and "b/a" differ.
  return std::hash<std::string>()(key.name) + 0x9e3779b97f4a7c15U + (space << 6U) + (space >> 2U);
}
