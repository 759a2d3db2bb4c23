#ifndef IPVS_AGENT_WATCHERS_REST_CPPREST_CLIENTS_H_
#define IPVS_AGENT_WATCHERS_REST_CPPREST_CLIENTS_H_

#include <cpprest/http_client.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "watchers/cluster_access.h"
#include "watchers/rest_client.h"

namespace watchers {

// The library's client objects for one server, which hold its connections, one for each idle
// time-out and wish for compression: those belong to a client object. All are set up with our TLS
// and keepalive.
//
// Threading: the library's one thread owns it.
// Errors: the library throws; failure() turns what it throws into a Status.
class CpprestClients {
 public:
  explicit CpprestClients(const ClusterAccess& access);

  // The client object for requests with these options. It lives until many others were asked for,
  // or clear(). Requests that run keep what they need.
  web::http::client::http_client& client_for(const RequestOptions& options);
  // The next requests connect anew, with the certificates as they are then.
  void clear();

  // The family of the address that the next connection goes to: the library asks for a socket
  // before it looks a name up.
  void connect_by_ipv6(bool ipv6);

  // The exception that is being handled, thrown by the library for a request with these options.
  // What it says of one that was cancelled is of no account: its exchange has told so before.
  base::Status failure(const RequestOptions& options) const;

 private:
  struct Connecting;

  const ServerUrl server_;
  const std::shared_ptr<Connecting> connecting_;
  std::map<std::pair<base::Duration, bool>, web::http::client::http_client> clients_;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_REST_CPPREST_CLIENTS_H_
