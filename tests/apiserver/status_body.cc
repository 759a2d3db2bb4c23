#include "tests/apiserver/status_body.h"

#include <nlohmann/json.hpp>

namespace apiserver {
namespace {

using Json = nlohmann::json;
// Keeps the members in the order the real server prints them in.
using OrderedJson = nlohmann::ordered_json;

}  // namespace

std::string status_text(int code, const std::string& reason, const std::string& message) {
  return status_text(code, reason, message, Json());
}

std::string status_text(int code, const std::string& reason, const std::string& message,
                        const Json& details) {
  OrderedJson status;
  status["kind"] = "Status";
  status["apiVersion"] = "v1";
  status["metadata"] = OrderedJson::object();
  status["status"] = "Failure";
  status["message"] = message;
  if (!reason.empty()) status["reason"] = reason;
  if (!details.is_null()) status["details"] = details;
  status["code"] = code;
  return status.dump();
}

HttpResponse failure(int code, const std::string& reason, const std::string& message) {
  return failure(code, reason, message, Json());
}

HttpResponse failure(int code, const std::string& reason, const std::string& message,
                     const Json& details) {
  HttpResponse response;
  response.status = code;
  response.body = status_text(code, reason, message, details) + "\n";
  return response;
}

HttpResponse unauthorized() { return failure(401, "Unauthorized", "Unauthorized"); }

HttpResponse no_such_page() {
  return {404, "text/plain; charset=utf-8", {}, "404 page not found\n"};
}

HttpResponse no_such_resource() {
  return failure(404, "NotFound", "the server could not find the requested resource",
                 Json::object());
}

HttpResponse not_found(const ResourceType& type, const std::string& name) {
  Json details = {{"name", name}, {"kind", type.plural}};
  std::string what = type.plural;
  if (!type.group.empty()) {
    details["group"] = type.group;
    what += "." + type.group;
  }
  return failure(404, "NotFound", what + " \"" + name + "\" not found", details);
}

HttpResponse too_large_version(Version wanted, Version current) {
  Json causes = Json::array(
      {{{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}}});
  HttpResponse response = failure(504, "Timeout",
                                  "Timeout: Too large resource version: " + std::to_string(wanted) +
                                      ", current: " + std::to_string(current),
                                  {{"causes", causes}, {"retryAfterSeconds", 1}});
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

std::string expired_status(const std::string& message) {
  return status_text(410, "Expired", message);
}

}  // namespace apiserver
