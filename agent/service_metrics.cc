#include "agent/service_metrics.h"

#include <fnmatch.h>

#include <algorithm>

namespace agent {

bool is_selected(const watchers::ObjectKey& service, const std::vector<std::string>& select) {
  if (select.empty()) return false;
  const std::string name = watchers::to_string(service);
  return std::any_of(select.begin(), select.end(), [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME | FNM_NOESCAPE) == 0;
  });
}

}  // namespace agent
