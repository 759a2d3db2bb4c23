#include "tests/apiserver/api.h"

#include <algorithm>
#include <utility>

#include "tests/apiserver/discovery.h"
#include "tests/apiserver/status_body.h"

namespace apiserver {
namespace {

constexpr std::string_view kBearer = "Bearer ";

FaultScope::Verb verb_of(const HttpRequest& request) {
  if (request.method != "GET") return FaultScope::Verb::kAny;
  std::string watch = request.parameter("watch");
  return watch == "1" || watch == "true" ? FaultScope::Verb::kWatch : FaultScope::Verb::kList;
}

std::string verb_name(const HttpRequest& request, const ResourcePath& path) {
  if (request.method == "POST") return "create";
  if (request.method == "PUT") return "update";
  if (request.method == "PATCH") return "patch";
  if (request.method == "DELETE") return "delete";
  if (verb_of(request) == FaultScope::Verb::kWatch) return "watch";
  return path.name.empty() ? "list" : "get";
}

HttpResponse forbidden_answer(const HttpRequest& request, const ResourcePath& path,
                              const std::string& user) {
  std::string where =
      path.space.empty() ? "at the cluster scope" : "in the namespace \"" + path.space + "\"";
  std::string what = path.group.empty() ? path.plural : path.plural + "." + path.group;
  return failure(403, "Forbidden",
                 what + " is forbidden: User \"" + user + "\" cannot " + verb_name(request, path) +
                     " resource \"" + path.plural + "\" in API group \"" + path.group + "\" " +
                     where);
}

bool speaks_json(const HttpRequest& request) {
  std::string accept = request.header("accept");
  return accept.empty() || accept.find("json") != std::string::npos ||
         accept.find("*/*") != std::string::npos ||
         accept.find("application/*") != std::string::npos;
}

}  // namespace

void Access::allow_token(const std::string& token, const std::string& user) {
  std::lock_guard lock(mutex_);
  tokens_[token] = user;
}

void Access::reject_token(const std::string& token) {
  std::lock_guard lock(mutex_);
  tokens_.erase(token);
}

void Access::forbid(const std::string& path_prefix, bool on) {
  std::lock_guard lock(mutex_);
  if (on) {
    forbidden_.insert(path_prefix);
  } else {
    forbidden_.erase(path_prefix);
  }
}

void Access::allow_anonymous(bool on) {
  std::lock_guard lock(mutex_);
  anonymous_ = on;
}

std::optional<std::string> Access::user(const HttpRequest& request,
                                        const Connection& connection) const {
  if (auto name = connection.client_name()) return name;
  std::string authorization = request.header("authorization");
  std::lock_guard lock(mutex_);
  if (authorization.empty() && anonymous_) return "system:anonymous";
  if (!authorization.starts_with(kBearer)) return std::nullopt;
  auto found = tokens_.find(authorization.substr(kBearer.size()));
  if (found == tokens_.end()) return std::nullopt;
  return found->second;
}

bool Access::forbidden(const std::string& path) const {
  std::lock_guard lock(mutex_);
  return std::any_of(forbidden_.begin(), forbidden_.end(),
                     [&](const std::string& prefix) { return path.starts_with(prefix); });
}

Api::Api(ObjectStore& store, Faults& faults, Access& access, ApiFeatures& features)
    : store_(store), faults_(faults), access_(access), features_(features) {}

void Api::serve(Connection& connection) {
  std::string unread;
  while (auto request = read_request(connection, unread)) {
    connection.limit_rate(faults_.body_rate);
    if (!answer(*request, connection)) return;
    if (request->header("connection") == "close") return;
  }
}

// False when the connection is of no more use.
bool Api::answer(const HttpRequest& request, Connection& connection) {
  auto path = parse_resource_path(request.path);
  FaultScope::Verb verb = verb_of(request);
  std::string resource = path ? path->plural : "";
  count(resource, verb);
  if (auto fault = faults_.take(resource, verb)) {
    while (fault->hang) {
      if (!connection.wait(std::chrono::hours(1))) return false;
    }
    return write_response(connection, fault->response);
  }
  if (auto page = public_page(request.path)) return write_response(connection, *page);
  auto user = access_.user(request, connection);
  if (!user) return write_response(connection, unauthorized());
  if (access_.forbidden(request.path)) {
    return write_response(connection,
                          forbidden_answer(request, path.value_or(ResourcePath{}), *user));
  }
  if (!speaks_json(request)) {
    return write_response(connection,
                          failure(406, "NotAcceptable",
                                  "only the following media types are accepted: application/json"));
  }
  if (auto page = discovery_page(request.path, features_.endpoint_slices)) {
    return write_response(connection, *page);
  }
  if (!path) return write_response(connection, no_such_page());
  bool hidden = path->group == "discovery.k8s.io" && !features_.endpoint_slices;
  if (hidden || !has_group(path->group, path->version)) {
    return write_response(connection, no_such_page());
  }
  if (path->type == nullptr) return write_response(connection, no_such_resource());
  return answer_resource(request, *path, connection);
}

bool Api::answer_resource(const HttpRequest& request, const ResourcePath& path,
                          Connection& connection) {
  if (request.method != "GET") return write_response(connection, write(request, path));
  bool watch = verb_of(request) == FaultScope::Verb::kWatch;
  if (!path.name.empty() && !watch) return write_response(connection, get(path));
  auto filter = filter_of(request, path);
  if (!filter) {
    return write_response(connection, failure(400, "BadRequest", filter.status().message()));
  }
  return watch ? answer_watch(request, *filter, connection)
               : answer_list(request, *filter, connection);
}

base::Result<ObjectFilter> Api::filter_of(const HttpRequest& request,
                                          const ResourcePath& path) const {
  ObjectFilter filter;
  filter.type = path.type;
  filter.space = path.space;
  filter.name = path.name;
  auto labels = Selector::parse(request.parameter("labelSelector"));
  if (!labels) return labels.status();
  filter.labels = *std::move(labels);
  auto fields = Selector::parse(request.parameter("fieldSelector"));
  if (!fields) return fields.status();
  filter.fields = *std::move(fields);
  for (const std::string& field : filter.fields.keys()) {
    if (field == "metadata.name" || field == "metadata.namespace") continue;
    bool of_service = (field == "spec.clusterIP" || field == "spec.type") &&
                      path.type->kind == "Service" && features_.service_field_selectors;
    if (of_service) continue;
    return base::Status(base::Code::kInvalidArgument,
                        "Unable to find \"" + path.type->api_version() +
                            ", Resource=" + path.type->plural + "\" that match label selector \"" +
                            request.parameter("labelSelector") + "\", field selector \"" +
                            request.parameter("fieldSelector") +
                            "\": field label not supported: " + field);
  }
  return filter;
}

HttpResponse Api::get(const ResourcePath& path) const {
  auto found = store_.get(*path.type, path.space, path.name);
  if (!found) return not_found(*path.type, path.name);
  HttpResponse response;
  response.body = (*found)->text() + "\n";
  return response;
}

std::size_t Api::requests(const FaultScope& scope) const {
  std::lock_guard lock(counts_mutex_);
  std::size_t total = 0;
  for (const auto& [what, count] : counts_) {
    if (!scope.resource.empty() && what.first != scope.resource) continue;
    if (scope.verb != FaultScope::Verb::kAny && what.second != scope.verb) continue;
    total += count;
  }
  return total;
}

void Api::count(const std::string& resource, FaultScope::Verb verb) {
  std::lock_guard lock(counts_mutex_);
  ++counts_[{resource, verb}];
}

}  // namespace apiserver
