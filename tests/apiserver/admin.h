#ifndef IPVS_AGENT_TESTS_APISERVER_ADMIN_H_
#define IPVS_AGENT_TESTS_APISERVER_ADMIN_H_

#include <string>

#include "base/result.h"
#include "tests/apiserver/http.h"
#include "tests/apiserver/listener.h"
#include "tests/apiserver/test_api_server.h"

namespace apiserver {

// Commands to a running server by plain HTTP on the loopback: POST /COMMAND?PARAMETER=VALUE. GET /
// lists them. README.md beside this file describes each.
//
// Threading: thread-safe.
class Admin {
 public:
  // `address` is where it listens, as the server's.
  Admin(TestApiServer& server, const std::string& address);

  base::Status start() { return listener_.start(); }
  void stop() { listener_.stop(); }
  std::string url() const { return "http://" + listener_.address(); }

 private:
  void serve(Connection& connection);
  HttpResponse obey(const HttpRequest& request);

  TestApiServer& server_;
  Listener listener_;
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_ADMIN_H_
