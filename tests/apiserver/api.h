#ifndef IPVS_AGENT_TESTS_APISERVER_API_H_
#define IPVS_AGENT_TESTS_APISERVER_API_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "tests/apiserver/connection.h"
#include "tests/apiserver/faults.h"
#include "tests/apiserver/http.h"
#include "tests/apiserver/object_store.h"
#include "tests/apiserver/watch_stream.h"

namespace apiserver {

// What a server does with a watch that asks for sendInitialEvents (streaming lists).
enum class InitialEvents {
  kSend,    // as servers since 1.34 do
  kForbid,  // 422 Invalid: the feature gate is off (1.27 to 1.33)
  kIgnore,  // the parameter is not known (before 1.27)
};

// Which features of which server it imitates. Read for each request, so that they can be changed
// while it runs.
struct ApiFeatures {
  std::atomic<InitialEvents> initial_events = InitialEvents::kSend;
  std::atomic<bool> endpoint_slices = true;          // false: no discovery.k8s.io/v1
  std::atomic<bool> service_field_selectors = true;  // spec.clusterIP, spec.type (since 1.31)
  std::atomic<base::Duration> bookmark_interval{base::Duration(std::chrono::seconds(60))};
  std::atomic<bool> default_services = true;  // fill in Services that come by HTTP
};

// Who may ask for what.
//
// Threading: every method may be called from any thread.
class Access {
 public:
  // Accepts the bearer token as the user's.
  void allow_token(const std::string& token, const std::string& user);
  // From now on the token is unknown (401).
  void reject_token(const std::string& token);
  // Answers 403 to requests of any user for paths that begin so.
  void forbid(const std::string& path_prefix, bool on);
  // Serves requests that show no credentials at all.
  void allow_anonymous(bool on);

  // The user, or nullopt (401).
  std::optional<std::string> user(const HttpRequest& request, const Connection& connection) const;
  bool forbidden(const std::string& path) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> tokens_;
  std::set<std::string> forbidden_;
  bool anonymous_ = false;
};

// The requests of the Kubernetes API, answered from an ObjectStore.
//
// Threading: serve() runs in one thread for each connection.
class Api {
 public:
  Api(ObjectStore& store, Faults& faults, Access& access, ApiFeatures& features);

  // Answers the requests of one connection until it ends.
  void serve(Connection& connection);

  // How many requests in scope have come so far.
  std::size_t requests(const FaultScope& scope) const;

 private:
  bool answer(const HttpRequest& request, Connection& connection);
  bool answer_resource(const HttpRequest& request, const ResourcePath& path,
                       Connection& connection);
  bool answer_list(const HttpRequest& request, const ObjectFilter& filter, Connection& connection);
  bool answer_watch(const HttpRequest& request, const ObjectFilter& filter, Connection& connection);
  HttpResponse get(const ResourcePath& path) const;
  HttpResponse write(const HttpRequest& request, const ResourcePath& path);
  HttpResponse create(const HttpRequest& request, const ResourcePath& path);
  HttpResponse replace(const HttpRequest& request, const ResourcePath& path, bool merge);
  HttpResponse erase(const ResourcePath& path);
  base::Result<ObjectFilter> filter_of(const HttpRequest& request, const ResourcePath& path) const;
  void count(const std::string& resource, FaultScope::Verb verb);

  ObjectStore& store_;
  Faults& faults_;
  Access& access_;
  ApiFeatures& features_;
  mutable std::mutex counts_mutex_;
  std::map<std::pair<std::string, FaultScope::Verb>, std::size_t> counts_;
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_API_H_
