#include "agent/traffic_page.h"

#include <cstdint>
#include <functional>
#include <string_view>

#include "ipvs/real_server.h"

namespace agent {
namespace {

using ipvs::RealServerState;
using ipvs::TrafficCounters;
using ipvs::VirtualServerState;

std::string escaped(std::string_view value) {
  std::string text;
  for (char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

std::string_view word_of(VipKind kind) {
  switch (kind) {
    case VipKind::kClusterIp: return "cluster_ip";
    case VipKind::kLoadBalancer: return "load_balancer";
    case VipKind::kExternalIp: return "external_ip";
    case VipKind::kNodePort: return "node_port";
  }
  return "unknown";
}

std::string labels_of(const TrafficOwner& owner) {
  return "namespace=\"" + escaped(owner.service->space) + "\",service=\"" +
         escaped(owner.service->name) + "\",address=\"" + owner.address.to_string() + "\",port=\"" +
         std::to_string(owner.port) + "\",protocol=\"" +
         std::string(base::to_string(owner.protocol)) + "\",kind=\"" +
         std::string(word_of(owner.kind)) + "\",clients=\"" +
         std::string(to_string(owner.clients)) + "\"";
}

// One metric of the page: its head, then its samples.
class Family {
 public:
  Family(std::string& page, std::string_view name, std::string_view type, std::string_view help)
      : page_(page), name_(name) {
    page_ += "# HELP ";
    page_ += name_;
    page_ += ' ';
    page_ += help;
    page_ += "\n# TYPE ";
    page_ += name_;
    page_ += ' ';
    page_ += type;
    page_ += '\n';
  }

  void add(std::string_view labels, std::string_view more, std::uint64_t value) {
    page_ += name_;
    page_ += '{';
    page_ += labels;
    page_ += more;
    page_ += "} ";
    page_ += std::to_string(value);
    page_ += '\n';
  }

 private:
  std::string& page_;
  std::string_view name_;
};

constexpr std::string_view kIn = ",direction=\"in\"";
constexpr std::string_view kOut = ",direction=\"out\"";

// Each sample of a family: called with the labels and the counters' or connections' holder.
template <typename State>
using Samples = std::function<void(const std::function<void(std::string_view, const State&)>&)>;

template <typename State>
void add_counters(std::string& page, const char* connections, const char* packets,
                  const char* bytes, const std::string& of, const Samples<State>& samples) {
  Family taken(page, connections, "counter", "Connections that IPVS has given to " + of + ".");
  samples([&](std::string_view labels, const State& state) {
    taken.add(labels, "", state.traffic.connections);
  });
  auto both_ways = [&](Family family, std::uint64_t TrafficCounters::*in,
                       std::uint64_t TrafficCounters::*out) {
    samples([&](std::string_view labels, const State& state) {
      family.add(labels, kIn, state.traffic.*in);
      family.add(labels, kOut, state.traffic.*out);
    });
  };
  both_ways(Family(page, packets, "counter", "Packets to " + of + " (in) and its answers (out)."),
            &TrafficCounters::packets_in, &TrafficCounters::packets_out);
  both_ways(Family(page, bytes, "counter", "Bytes to " + of + " (in) and its answers (out)."),
            &TrafficCounters::bytes_in, &TrafficCounters::bytes_out);
}

void add_services(std::string& page, const std::vector<TrafficRow>& rows,
                  const std::vector<std::string>& labels) {
  Samples<VirtualServerState> services = [&](const auto& sample) {
    for (std::size_t i = 0; i < rows.size(); ++i) sample(labels[i], rows[i].state);
  };
  add_counters(page, "ipvs_agent_service_connections_total", "ipvs_agent_service_packets_total",
               "ipvs_agent_service_bytes_total", "an address of a Service", services);
  auto sum_of = [&](const char* name, const char* help, auto value) {
    Family family(page, name, "gauge", help);
    services([&](std::string_view each, const VirtualServerState& state) {
      std::uint64_t sum = 0;
      for (const RealServerState& real : state.real_servers) sum += value(real);
      family.add(each, "", sum);
    });
  };
  sum_of("ipvs_agent_service_active_connections",
         "Established connections of an address of a Service; of UDP, none.",
         [](const RealServerState& real) { return real.active_connections; });
  sum_of("ipvs_agent_service_inactive_connections",
         "Other connections of an address of a Service: opening, closing, and all of UDP.",
         [](const RealServerState& real) { return real.inactive_connections; });
  sum_of("ipvs_agent_service_endpoints",
         "Endpoints that an address of a Service gives new connections to.",
         [](const RealServerState& real) { return real.server.weight > 0 ? 1U : 0U; });
}

void add_endpoints(std::string& page, const std::vector<TrafficRow>& rows,
                   const std::vector<std::string>& labels) {
  Samples<RealServerState> endpoints = [&](const auto& sample) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (const RealServerState& real : rows[i].state.real_servers) {
        sample(labels[i] + ",endpoint=\"" + ipvs::to_string(real.server.key) + "\"", real);
      }
    }
  };
  add_counters(page, "ipvs_agent_endpoint_connections_total", "ipvs_agent_endpoint_packets_total",
               "ipvs_agent_endpoint_bytes_total", "an endpoint by an address of its Service",
               endpoints);
  auto value_of = [&](const char* name, const char* help, auto value) {
    Family family(page, name, "gauge", help);
    endpoints([&](std::string_view each, const RealServerState& real) {
      family.add(each, "", value(real));
    });
  };
  value_of("ipvs_agent_endpoint_active_connections",
           "Established connections of an endpoint; of UDP, none.",
           [](const RealServerState& real) { return real.active_connections; });
  value_of("ipvs_agent_endpoint_inactive_connections",
           "Other connections of an endpoint: opening, closing, and all of UDP.",
           [](const RealServerState& real) { return real.inactive_connections; });
  value_of("ipvs_agent_endpoint_weight", "Weight of an endpoint; 0: it gets no new connections.",
           [](const RealServerState& real) { return real.server.weight; });
  value_of("ipvs_agent_endpoint_draining",
           "1 while an endpoint that was removed keeps its connections, otherwise 0.",
           [](const RealServerState& real) { return real.server.weight == 0 ? 1U : 0U; });
}

}  // namespace

std::string traffic_page(const std::vector<TrafficRow>& rows, bool endpoints) {
  std::string page;
  if (rows.empty()) return page;
  std::vector<std::string> labels;
  labels.reserve(rows.size());
  bool any_endpoint = false;
  for (const TrafficRow& row : rows) {
    labels.push_back(labels_of(row.owner));
    any_endpoint = any_endpoint || !row.state.real_servers.empty();
  }
  add_services(page, rows, labels);
  if (endpoints && any_endpoint) add_endpoints(page, rows, labels);
  return page;
}

}  // namespace agent
