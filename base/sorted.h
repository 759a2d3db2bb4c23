#ifndef IPVS_AGENT_BASE_SORTED_H_
#define IPVS_AGENT_BASE_SORTED_H_

#include <algorithm>
#include <vector>

namespace base {

// Puts the values in order and keeps each once.
template <typename T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace base

#endif  // IPVS_AGENT_BASE_SORTED_H_
