#ifndef IPVS_AGENT_WATCHERS_REST_CPPREST_H_
#define IPVS_AGENT_WATCHERS_REST_CPPREST_H_

#include <memory>
#include <string>

#include "base/clock.h"
#include "watchers/cluster_access.h"
#include "watchers/rest_client.h"

namespace watchers {

// The RestClient on cpprestsdk: HTTP/1.1, one TCP connection for each request that runs, idle ones
// used again. What goes wrong is one of the Codes that RestClient names, and reads "URL: reason;
// remedy". A 401 makes the token and the certificates be read again; a request whose token has
// changed by that is sent once more.
//
// Threading: as RestClient says. All clients of a process share the library's one thread, which
// only moves bytes; connections, time-outs and cancellations are serial there because the library's
// closing of a connection races with its TLS operations otherwise.
// Construct the first one before other threads run: it sets SSL_CERT_FILE and SSL_CERT_DIR so that
// OpenSSL does not parse the system's CAs, which are never trusted here, for every connection.
// Kernel notes: connections use TCP keepalive and TCP_USER_TIMEOUT (tcp(7)): one to a host that has
// vanished fails within 30 s.
class CpprestClient final : public RestClient {
 public:
  // `clock` must outlive the client.
  CpprestClient(const ClusterAccess& access, const base::Clock& clock);
  // Ends what runs and waits until the library has let go of it, so that the process can end; 2 s
  // at most where it still looks for the address of the server.
  ~CpprestClient() override;

  base::Result<Response> get(const std::string& path, const RequestOptions& options) override;
  base::Result<Response> post(const std::string& path, const std::string& json,
                              const RequestOptions& options) override;
  void shut_down() override;

 private:
  class Requests;
  std::shared_ptr<Requests> requests_;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_REST_CPPREST_H_
