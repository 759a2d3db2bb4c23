#include "agent/service_health_server.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/sorted.h"

namespace agent {
namespace {

using watchers::ObjectKey;

// One prober may watch every Service, each with a connection that it keeps.
constexpr unsigned kMostConnections = 4096;
constexpr unsigned kMostConnectionsOfOne = 2048;
constexpr std::size_t kConnectionMemory = 8192;  // bytes

}  // namespace

ServiceHealthServer::ServiceHealthServer(std::function<bool()> proxy_healthy, Log& log,
                                         base::Duration retry_interval)
    : proxy_healthy_(std::move(proxy_healthy)),
      log_(log),
      server_(
          {.answer = [this](const HttpRequest& request) { return answer(request); },
           .on_listen = [this](const auto& wanted, const auto& bound) { listened(wanted, bound); },
           .connection_limit = kMostConnections,
           .connection_limit_per_client = kMostConnectionsOfOne,
           .connection_memory = kConnectionMemory,
           .retry_interval = retry_interval}) {}

ServiceHealthServer::~ServiceHealthServer() { server_.stop(); }

base::Status ServiceHealthServer::start() {
  return server_.start().in("health checks of Services");
}

void ServiceHealthServer::set(const ObjectKey& service, const ServiceHealth& health) {
  base::Port before = 0;
  {
    std::lock_guard lock(mutex_);
    if (auto place = services_.find(service); place != services_.end()) before = place->second.port;
    if (health.port == 0) {
      services_.erase(service);
    } else {
      services_[service] = health;
    }
  }
  if (before == health.port) return;
  if (before != 0) release(before, service);
  if (health.port != 0) claim(health.port, service);
}

void ServiceHealthServer::claim(base::Port port, const ObjectKey& service) {
  ObjectKey owner;
  {
    std::lock_guard lock(mutex_);
    auto [place, is_free] = ports_.try_emplace(port);
    if (is_free) {
      place->second.owner = service;
    } else {
      waiting_ += place->second.waiting.insert(service).second;
      owner = place->second.owner;
    }
  }
  if (owner != ObjectKey()) {
    log_.warning("health check port is another Service's; it waits until that lets it go",
                 {{"service", to_string(service)}, {"port", port}, {"owner", to_string(owner)}});
    return;
  }
  for (const base::IpAddress& address : addresses_) (void)server_.listen({address, port});
}

void ServiceHealthServer::release(base::Port port, const ObjectKey& service) {
  {
    std::lock_guard lock(mutex_);
    PortUse& use = ports_.at(port);
    if (use.owner != service) {
      waiting_ -= use.waiting.erase(service);
      return;
    }
    if (!use.waiting.empty()) {
      use.owner = use.waiting.extract(use.waiting.begin()).value();
      --waiting_;
      log_.info("health check port has another Service now",
                {{"service", to_string(use.owner)}, {"port", port}});
      return;
    }
    failing_ -= !use.failed.empty();
    ports_.erase(port);
  }
  for (const base::IpAddress& address : addresses_) server_.close({address, port});
}

void ServiceHealthServer::listen_at(std::vector<base::IpAddress> addresses) {
  base::sort_unique(addresses);
  if (addresses == addresses_) return;
  std::vector<base::IpAddress> before;
  auto lacks = [](const auto& list, const base::IpAddress& address) {
    return !std::binary_search(list.begin(), list.end(), address);
  };
  std::vector<base::Port> ports;
  {
    std::lock_guard lock(mutex_);
    before = std::exchange(addresses_, std::move(addresses));
    for (auto& [port, use] : ports_) {
      ports.push_back(port);
      for (const base::IpAddress& address : before) {
        if (lacks(addresses_, address)) note_failure(use, address, false);
      }
    }
  }
  for (base::Port port : ports) {
    // What is given up first: a listener at every address keeps one at a single address out.
    for (const base::IpAddress& address : before) {
      if (lacks(addresses_, address)) server_.close({address, port});
    }
    for (const base::IpAddress& address : addresses_) {
      if (lacks(before, address)) (void)server_.listen({address, port});
    }
  }
}

ServiceHealthServer::Counts ServiceHealthServer::counts() const {
  std::lock_guard lock(mutex_);
  return {services_.size(), addresses_.empty() ? services_.size() : waiting_ + failing_};
}

// With mutex_ held.
void ServiceHealthServer::note_failure(PortUse& use, const base::IpAddress& address, bool failed) {
  bool before = !use.failed.empty();
  if (failed) {
    use.failed.insert(address);
  } else {
    use.failed.erase(address);
  }
  failing_ += !use.failed.empty();
  failing_ -= before;
}

void ServiceHealthServer::listened(const ListenAddress& wanted,
                                   const base::Result<ListenAddress>& bound) {
  ObjectKey owner;
  bool changed = false;
  {
    std::lock_guard lock(mutex_);
    auto place = ports_.find(wanted.port);
    if (place == ports_.end()) return;  // given up meanwhile
    owner = place->second.owner;
    changed = place->second.failed.contains(wanted.address);
    note_failure(place->second, wanted.address, !bound.ok());
  }
  if (!bound) {
    log_.warning("health check of a Service cannot be served; trying again",
                 {{"service", to_string(owner)}, {"error", bound.status().message()}});
    if (on_refusal_) on_refusal_(owner, bound.status().message());
  } else if (changed) {
    log_.info("health check of a Service is served now",
              {{"service", to_string(owner)}, {"address", to_string(wanted)}});
  }
}

HttpResponse ServiceHealthServer::answer(const HttpRequest& request) const {
  ObjectKey service;
  ServiceHealth health;
  {
    std::lock_guard lock(mutex_);
    if (auto use = ports_.find(request.port); use != ports_.end()) {
      if (auto known = services_.find(use->second.owner); known != services_.end()) {
        service = known->first;
        health = known->second;
      }
    }
  }
  HttpResponse response;
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (health.port == 0) {
    // The Service went while the connection was open.
    response.status = 503;
    response.headers.emplace_back("Connection", "close");
    return response;
  }
  bool proxy_healthy = proxy_healthy_();
  response.status = health.local_endpoints > 0 && proxy_healthy ? 200 : 503;
  response.content_type = "application/json";
  response.headers.emplace_back("X-Load-Balancing-Endpoint-Weight",
                                std::to_string(health.local_endpoints));
  response.body =
      std::make_shared<const std::string>(service_health_body(service, health, proxy_healthy));
  return response;
}

}  // namespace agent
