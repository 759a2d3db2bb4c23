// The part of Api that creates, replaces, patches and deletes.
#include <nlohmann/json.hpp>

#include "tests/apiserver/api.h"
#include "tests/apiserver/service_defaults.h"
#include "tests/apiserver/status_body.h"

namespace apiserver {
namespace {

using Json = nlohmann::json;

// The failure of a write as the answer the real server gives.
HttpResponse refusal(const base::Status& status, const ResourceType& type,
                     const std::string& name) {
  Json details = {{"name", name}, {"kind", type.plural}};
  if (!type.group.empty()) details["group"] = type.group;
  switch (status.code()) {
    case base::Code::kNotFound: return not_found(type, name);
    case base::Code::kAlreadyExists:
      return failure(409, "AlreadyExists", status.message(), details);
    case base::Code::kOutOfDate: return failure(409, "Conflict", status.message(), details);
    default:
      details["kind"] = type.kind;
      return failure(422, "Invalid",
                     type.kind + " \"" + name +
                         "\" is invalid: metadata.name: Required value: " + status.message(),
                     details);
  }
}

HttpResponse answer_with(const StoredObject& object, int code) {
  HttpResponse response;
  response.status = code;
  response.body = object.text() + "\n";
  return response;
}

// What was sent is no object of this kind; nullopt when it is.
std::optional<HttpResponse> misfit(const Json& object, const ResourceType& type) {
  if (!object.is_object()) {
    return failure(400, "BadRequest",
                   "the object provided is unrecognized (must be of type " + type.kind +
                       "): it is no JSON object");
  }
  std::string kind = object.value("kind", type.kind);
  std::string version = object.value("apiVersion", type.api_version());
  if (kind == type.kind && version == type.api_version()) return std::nullopt;
  return failure(400, "BadRequest",
                 kind + " in version \"" + version + "\" cannot be handled as a " + type.kind);
}

std::string name_in(const Json& object) {
  if (!object.contains("metadata") || !object["metadata"].is_object()) return "";
  return object["metadata"].value("name", "");
}

}  // namespace

HttpResponse Api::write(const HttpRequest& request, const ResourcePath& path) {
  if (request.method == "POST" && path.name.empty()) return create(request, path);
  if (request.method == "PUT" && !path.name.empty()) return replace(request, path, false);
  if (request.method == "PATCH" && !path.name.empty()) return replace(request, path, true);
  if (request.method == "DELETE" && !path.name.empty()) return erase(path);
  return failure(405, "MethodNotAllowed",
                 "the server does not allow this method on the requested resource", Json::object());
}

HttpResponse Api::create(const HttpRequest& request, const ResourcePath& path) {
  Json object = Json::parse(request.body, nullptr, false);
  if (auto refused = misfit(object, *path.type)) return *refused;
  Json& metadata = object["metadata"];
  if (!path.space.empty()) metadata["namespace"] = path.space;
  if (!metadata.contains("name") && metadata.contains("generateName")) {
    metadata["name"] =
        metadata["generateName"].get<std::string>() + std::to_string(store_.version());
  }
  if (features_.default_services) set_defaults(*path.type, object, store_);
  std::string name = name_in(object);
  auto created = store_.create(*path.type, std::move(object));
  if (!created) return refusal(created.status(), *path.type, name);
  return answer_with(**created, 201);
}

HttpResponse Api::replace(const HttpRequest& request, const ResourcePath& path, bool merge) {
  Json object = Json::parse(request.body, nullptr, false);
  if (!object.is_object()) {
    return failure(400, "BadRequest", "the body is no JSON object");
  }
  std::string type = request.header("content-type");
  if (merge && type.find("merge-patch+json") == std::string::npos) {
    return failure(415, "UnsupportedMediaType",
                   "the body of the request was in an unknown format - accepted media types "
                   "include: application/merge-patch+json, "
                   "application/strategic-merge-patch+json");
  }
  if (merge) {
    auto present = store_.get(*path.type, path.space, path.name);
    if (!present) return not_found(*path.type, path.name);
    Json merged = (*present)->json();
    // A patch that names no version is meant for whatever is there when it arrives.
    merged["metadata"].erase("resourceVersion");
    merged.merge_patch(object);
    object = std::move(merged);
  }
  if (auto refused = misfit(object, *path.type)) return *refused;
  if (name_in(object) != path.name) {
    return failure(400, "BadRequest",
                   "the name of the object (" + name_in(object) +
                       ") does not match the name on the URL (" + path.name + ")");
  }
  if (!path.space.empty()) object["metadata"]["namespace"] = path.space;
  if (features_.default_services) set_defaults(*path.type, object, store_);
  auto updated = store_.update(*path.type, std::move(object));
  if (!updated) return refusal(updated.status(), *path.type, path.name);
  return answer_with(**updated, 200);
}

HttpResponse Api::erase(const ResourcePath& path) {
  auto erased = store_.erase(*path.type, path.space, path.name);
  if (!erased) return not_found(*path.type, path.name);
  // Services come back as they were, the others as a Status.
  if (path.type->kind == "Service") return answer_with(**erased, 200);
  nlohmann::ordered_json details = {{"name", path.name}};
  if (!path.type->group.empty()) details["group"] = path.type->group;
  details["kind"] = path.type->plural;
  details["uid"] = (*erased)->json()["metadata"]["uid"].get<std::string>();
  nlohmann::ordered_json status = {{"kind", "Status"},
                                   {"apiVersion", "v1"},
                                   {"metadata", nlohmann::ordered_json::object()},
                                   {"status", "Success"},
                                   {"details", details}};
  HttpResponse response;
  response.body = status.dump() + "\n";
  return response;
}

}  // namespace apiserver
