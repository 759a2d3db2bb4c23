#include "agent/http_message.h"

namespace agent {

HttpAnswer answer_by_path(std::map<std::string, HttpRoute> routes) {
  return [routes = std::move(routes)](const HttpRequest& request) {
    if (auto route = routes.find(request.path); route != routes.end()) return route->second();
    std::string text = "404 not found; there is:\n";
    for (const auto& [known, make] : routes) text += known + "\n";
    HttpResponse response;
    response.status = 404;
    response.body = std::make_shared<const std::string>(std::move(text));
    return response;
  };
}

}  // namespace agent
