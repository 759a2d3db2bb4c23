#include "agent/status_pages.h"

#include <utility>

namespace agent {
namespace {

HttpResponse page(std::string content_type, std::shared_ptr<const std::string> body) {
  HttpResponse response;
  response.content_type = std::move(content_type);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.body = std::move(body);
  return response;
}

HttpRoute constant_page(std::string content_type, std::string body) {
  return [content_type = std::move(content_type),
          body = std::make_shared<const std::string>(std::move(body))] {
    return page(content_type, body);
  };
}

HttpRoute health_page(const Published<HealthState>& health, const base::Clock& clock,
                      HealthAnswer (*make)(const HealthState&, const Moment&),
                      StatusObserver observer) {
  return [&health, &clock, make, observer = std::move(observer)] {
    HealthAnswer answer = make(*health.get(), {clock.now(), clock.wall_now()});
    if (observer) observer(answer.status);
    HttpResponse response =
        page("application/json", std::make_shared<const std::string>(std::move(answer.body)));
    response.status = answer.status;
    return response;
  };
}

}  // namespace

std::map<std::string, HttpRoute> health_pages(const Published<HealthState>& health,
                                              const base::Clock& clock, StatusObserver on_healthz,
                                              StatusObserver on_livez) {
  return {{"/healthz", health_page(health, clock, healthz, std::move(on_healthz))},
          {"/livez", health_page(health, clock, livez, std::move(on_livez))}};
}

std::map<std::string, HttpRoute> metrics_pages(TextSource metrics, TextSource configz) {
  const std::string text = "text/plain; charset=utf-8";
  return {
      {"/metrics",
       [metrics = std::move(metrics)] {
         return page("text/plain; version=0.0.4; charset=utf-8", metrics());
       }},
      {"/healthz", constant_page(text, "ok")},
      {"/proxyMode", constant_page(text, "ipvs")},
      {"/configz", [configz = std::move(configz)] { return page("application/json", configz()); }}};
}

}  // namespace agent
