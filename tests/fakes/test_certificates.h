#ifndef IPVS_AGENT_TESTS_FAKES_TEST_CERTIFICATES_H_
#define IPVS_AGENT_TESTS_FAKES_TEST_CERTIFICATES_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace fakes {

// A certificate and its private key, both as PEM text.
struct Identity {
  std::string certificate;
  std::string key;
};

// What a certificate says. Times count from now.
struct CertificateText {
  std::string common_name = "test";
  std::vector<std::string> names{};      // DNS subject alternative names
  std::vector<std::string> addresses{};  // IP subject alternative names
  std::chrono::seconds valid_from{-3600};
  std::chrono::seconds valid_until{3600};
};

// A certificate authority made for one test. Failures of OpenSSL throw std::runtime_error.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "test-ca");
  ~TestAuthority();

  // Its own certificate, PEM.
  const std::string& certificate() const { return certificate_; }
  // Itself, for a server that uses it as its own certificate.
  Identity self() const;
  Identity issue(const CertificateText& text) const;

 private:
  struct Signer;
  std::unique_ptr<Signer> signer_;
  std::string certificate_;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_TEST_CERTIFICATES_H_
