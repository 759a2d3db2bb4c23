#ifndef IPVS_AGENT_AGENT_SERVICE_METRICS_H_
#define IPVS_AGENT_AGENT_SERVICE_METRICS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "watchers/objects.h"

namespace agent {

// Of which Services the page of metrics shows the traffic.
enum class ServiceMetricsMode : std::uint8_t {
  kNone,
  kTop,       // those with the most connections, and those named
  kSelected,  // those named
  kAll,
};

struct ServiceMetrics {
  ServiceMetricsMode mode = ServiceMetricsMode::kTop;
  std::int64_t top = 100;           // Services, >= 1
  std::vector<std::string> select;  // namespace/name, in which * stands for anything but a slash
  bool endpoints = false;           // shows each endpoint of those Services, too

  friend bool operator==(const ServiceMetrics&, const ServiceMetrics&) = default;
};

// Whether a pattern of `select` stands for the Service.
bool is_selected(const watchers::ObjectKey& service, const std::vector<std::string>& select);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_SERVICE_METRICS_H_
