#ifndef IPVS_AGENT_TESTS_APISERVER_CERTIFICATE_AUTHORITY_H_
#define IPVS_AGENT_TESTS_APISERVER_CERTIFICATE_AUTHORITY_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace apiserver {

// The files of one certificate (PEM).
struct CertificateFiles {
  std::string certificate;
  std::string key;
};

struct CertificateRequest {
  std::string common_name;                // a client's user, or "kube-apiserver"
  std::string organization;               // a client's group
  std::vector<std::string> dns_names;     // subject alternative names of a server
  std::vector<std::string> ip_addresses;  // likewise
  // From now; negative `lifetime` makes a certificate that has expired.
  std::chrono::seconds lifetime = std::chrono::hours(24);
  // The authority's own certificate signs; false signs with a key nobody knows, so that it does not
  // verify.
  bool trusted = true;
};

// A certificate authority for one test: elliptic-curve keys, everything in one folder.
//
// Errors: throws std::runtime_error with what OpenSSL or the file system says; there is nothing a
// test could do about it.
class CertificateAuthority {
 public:
  // Makes a new authority; its certificate is FOLDER/ca.crt, its key FOLDER/ca.key. The folder is
  // made where it is missing.
  explicit CertificateAuthority(const std::string& folder, const std::string& name = "test-ca");
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  const std::string& certificate_file() const { return certificate_file_; }
  const std::string& folder() const { return folder_; }

  // Writes FOLDER/BASENAME.crt and .key, replacing each in one step, as a rotation does.
  CertificateFiles issue(const std::string& basename, const CertificateRequest& request) const;
  // For 127.0.0.1, ::1, localhost and the names of the kubernetes Service.
  CertificateFiles issue_server(const std::string& basename,
                                const std::vector<std::string>& more_ip_addresses = {}) const;
  CertificateFiles issue_client(const std::string& basename, const std::string& user,
                                const std::string& group = "system:nodes") const;

 private:
  struct Keys;

  const std::string folder_;
  const std::string certificate_file_;
  std::unique_ptr<Keys> keys_;
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_CERTIFICATE_AUTHORITY_H_
