#include "agent/service_traffic.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace agent {
namespace {

using ipvs::VirtualServerKey;
using ipvs::VirtualServerState;

// What was read serves so many times as long as reading it took.
constexpr int kRest = 20;

using Services = std::unordered_set<watchers::ObjectKey>;

// The Services to show, of all that have a virtual server in `list`.
Services choose(const std::vector<VirtualServerState>& list,
                const std::vector<TrafficOwner>& owners, const ServiceMetrics& options) {
  std::unordered_map<watchers::ObjectKey, std::uint64_t> connections;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (owners[i].service != nullptr) {
      connections[*owners[i].service] += list[i].traffic.connections;
    }
  }
  Services chosen;
  std::vector<std::pair<std::uint64_t, const watchers::ObjectKey*>> others;
  for (const auto& [service, count] : connections) {
    if (options.mode == ServiceMetricsMode::kAll || is_selected(service, options.select)) {
      chosen.insert(service);
    } else if (options.mode == ServiceMetricsMode::kTop) {
      others.emplace_back(count, &service);
    }
  }
  std::size_t top = std::min(others.size(), static_cast<std::size_t>(options.top));
  auto end = others.begin() + static_cast<std::ptrdiff_t>(top);
  std::partial_sort(others.begin(), end, others.end(), [](const auto& a, const auto& b) {
    return std::tie(b.first, *a.second) < std::tie(a.first, *b.second);
  });
  for (auto it = others.begin(); it != end; ++it) chosen.insert(*it->second);
  return chosen;
}

std::vector<VirtualServerKey> keys_of(const std::vector<VirtualServerState>& list) {
  std::vector<VirtualServerKey> keys;
  keys.reserve(list.size());
  for (const VirtualServerState& state : list) keys.push_back(state.server.key);
  return keys;
}

void add_metric(std::string& page, const char* name, const char* type, const char* help,
                const std::string& value) {
  page += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n" +
          name + " " + value + "\n";
}

}  // namespace

ServiceTraffic::ServiceTraffic(std::unique_ptr<ipvs::IpvsTable> table, const base::Clock& clock,
                               ServiceMetrics options)
    : clock_(clock), options_(std::move(options)), table_(std::move(table)) {}

void ServiceTraffic::planned(const DesiredHost& desired, const Touched& touched) {
  if (options().mode != ServiceMetricsMode::kNone) owners_.note(desired, touched.virtual_servers);
}

void ServiceTraffic::reconfigure(const ServiceMetrics& options, const DesiredHost& desired) {
  ServiceMetricsMode before = this->options().mode;
  if (options.mode == ServiceMetricsMode::kNone) owners_.clear();
  if (before == ServiceMetricsMode::kNone && options.mode != ServiceMetricsMode::kNone) {
    owners_.note(desired, desired.everything().virtual_servers);
  }
  std::lock_guard lock(options_mutex_);
  options_ = options;
}

ServiceMetrics ServiceTraffic::options() const {
  std::lock_guard lock(options_mutex_);
  return options_;
}

std::string ServiceTraffic::page() {
  const ServiceMetrics options = this->options();
  std::lock_guard lock(reading_mutex_);
  if (options.mode == ServiceMetricsMode::kNone) {
    text_ = std::string();
    read_once_ = false;
    return "";
  }
  if (!read_once_ || clock_.now() >= next_read_ || options != shown_) refresh(options);
  std::string page = text_;
  add_metric(page, "ipvs_agent_traffic_services", "gauge",
             "Services whose traffic this page shows.", std::to_string(services_shown_));
  add_metric(page, "ipvs_agent_traffic_read_seconds", "gauge",
             "Seconds that the newest reading of the Services' traffic took.",
             std::to_string(std::chrono::duration<double>(took_).count()));
  add_metric(page, "ipvs_agent_traffic_read_failures_total", "counter",
             "Times that the Services' traffic could not be read from the kernel.",
             std::to_string(failures_));
  return page;
}

void ServiceTraffic::refresh(const ServiceMetrics& options) {
  base::TimePoint began = clock_.now();
  base::Result<std::vector<TrafficRow>> rows = read(options);
  if (rows.ok()) {
    text_ = traffic_page(*rows, options.endpoints);
    Services services;
    for (const TrafficRow& row : *rows) services.insert(*row.owner.service);
    services_shown_ = services.size();
    text_made_ = began;
  } else {
    ++failures_;
    if (began - text_made_ >= kMaxAge) {
      text_ = std::string();
      services_shown_ = 0;
    }
  }
  shown_ = options;
  read_once_ = true;
  base::TimePoint ended = clock_.now();
  took_ = ended - began;
  next_read_ = ended + std::max(kLife, kRest * took_);
}

base::Result<std::vector<TrafficRow>> ServiceTraffic::read(const ServiceMetrics& options) {
  base::Result<std::vector<VirtualServerState>> list = table_->read_virtual_servers();
  if (!list.ok()) return list.status();
  const std::vector<TrafficOwner> owners = owners_.owners_of(keys_of(*list));
  const Services chosen = choose(*list, owners, options);
  std::unordered_map<VirtualServerKey, const TrafficOwner*> wanted;
  std::vector<VirtualServerKey> keys;
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (owners[i].service == nullptr || !chosen.contains(*owners[i].service)) continue;
    keys.push_back((*list)[i].server.key);
    wanted.emplace(keys.back(), &owners[i]);
  }
  *list = {};
  base::Result<std::vector<VirtualServerState>> states = table_->read_some(keys);
  if (!states.ok()) return states.status();
  std::vector<TrafficRow> rows;
  rows.reserve(states->size());
  for (VirtualServerState& state : *states) {
    const TrafficOwner* owner = wanted.at(state.server.key);
    rows.push_back({*owner, std::move(state)});
  }
  return rows;
}

}  // namespace agent
