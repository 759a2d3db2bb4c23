#ifndef IPVS_AGENT_WATCHERS_REST_TLS_H_
#define IPVS_AGENT_WATCHERS_REST_TLS_H_

#include <openssl/ssl.h>

#include <mutex>
#include <string>

#include "base/result.h"
#include "watchers/cluster_access.h"

namespace watchers {

// The TLS side of connections to one API server: whom to trust, which name to expect, what to show.
// Only the cluster's CA is trusted, never the system's; the name or IP address must stand in the
// certificate's subject alternative names, the common name does not count.
//
// Threading: every method may be called from any thread.
// Ownership: must outlive every SSL object made from a context that it has set up.
class TlsSetup {
 public:
  explicit TlsSetup(const ClusterAccess& access);
  TlsSetup(const TlsSetup&) = delete;
  TlsSetup& operator=(const TlsSetup&) = delete;

  // Sets up the context of one new connection. CA, client certificate and key are read from their
  // files each time, so that rotated ones are used. Errors name the file.
  base::Status apply(SSL_CTX* context);

  // What to say of a connection that failed with an error code of OpenSSL: kPermissionDenied with
  // reason and remedy where a certificate was refused by either side, otherwise kUnavailable.
  base::Status explain(unsigned long openssl_error) const;

  // The name the certificate must have: a host name or an IP address.
  const std::string& expected_name() const { return expected_name_; }

 private:
  static int verify(X509_STORE_CTX* store, void* setup);
  void remember_failure(X509_STORE_CTX* store);
  base::Status trust(SSL_CTX* context) const;
  base::Status show_client_certificate(SSL_CTX* context) const;

  const PemSource certificate_authority_;
  const PemSource client_certificate_;
  const PemSource client_key_;
  const std::string expected_name_;
  mutable std::mutex mutex_;
  std::string last_failure_;  // why the last certificate was not accepted, and the remedy
};

// Whether an error code that cpprestsdk reports is one of OpenSSL's rather than an errno.
bool is_openssl_error(unsigned long code);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_REST_TLS_H_
