// Whom the API client trusts, what it shows of itself, and what it says when either is refused.
#include <gmock/gmock.h>

#include <mutex>
#include <set>

#include "tests/faults/rest_fixture.h"

namespace {

using base::Code;
using fakes::http_answer;
using fakes::TlsConnection;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;
using testing::AllOf;
using testing::HasSubstr;

class RestTrust : public RestTest {
 protected:
  // Serves with a certificate that says `text`.
  void serve_as(const fakes::CertificateText& text) {
    serve({.identity = authority_.issue(text)}, always(http_answer(200, "{}")));
  }
  // Answers with the name in the client's certificate.
  void serve_by_client_certificate() {
    serve({.identity = authority_.issue(loopback_certificate()),
           .client_authority = client_authority_.certificate()},
          [](TlsConnection& connection) {
            while (connection.read_request()) {
              connection.write(http_answer(200, connection.client_name()));
            }
          });
  }
  std::string answer() {
    auto response = get();
    return response ? read_all(*response->body).bytes : response.status().message();
  }

  fakes::TestAuthority client_authority_{"client-ca"};
};

TEST_F(RestTrust, RefusesAnotherAuthority) {
  serve_as(loopback_certificate());
  access_.certificate_authority.text = fakes::TestAuthority("other-ca").certificate();
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kPermissionDenied);
  EXPECT_THAT(
      status.message(),
      AllOf(HasSubstr("https://127.0.0.1:"), HasSubstr("unable to get local issuer certificate"),
            HasSubstr("CN=test-ca"), HasSubstr("certificate-authority must hold the CA")));
}

TEST_F(RestTrust, RefusesTheSystemsAuthorities) {
  serve_as(loopback_certificate());
  EXPECT_EQ(answer(), "{}");
  client_.reset();
  access_.certificate_authority.text = fakes::TestAuthority("other-ca").certificate();
  std::string file = write_file("system.pem", authority_.certificate());
  ASSERT_EQ(setenv("SSL_CERT_FILE", file.c_str(), 1), 0);
  EXPECT_EQ(failure().code(), Code::kPermissionDenied);
  ASSERT_EQ(setenv("SSL_CERT_FILE", "/dev/null", 1), 0);
}

TEST_F(RestTrust, RefusesASelfSignedCertificate) {
  fakes::TestAuthority own;
  serve_as(loopback_certificate());
  server_.reset();
  serve({.identity = own.self()}, always(http_answer(200, "{}")));
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kPermissionDenied);
  EXPECT_THAT(status.message(), HasSubstr("self-signed certificate"));
}

TEST_F(RestTrust, RefusesAnExpiredCertificate) {
  fakes::CertificateText text = loopback_certificate();
  text.valid_from = -48h;
  text.valid_until = -24h;
  serve_as(text);
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kPermissionDenied);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("https://127.0.0.1:"), HasSubstr("CN=kube-apiserver"),
                    HasSubstr("certificate has expired on "),
                    HasSubstr("renew the API server's certificate")));
}

TEST_F(RestTrust, RefusesACertificateOfTheFuture) {
  fakes::CertificateText text = loopback_certificate();
  text.valid_from = 24h;
  text.valid_until = 48h;
  serve_as(text);
  EXPECT_THAT(failure().message(),
              AllOf(HasSubstr("certificate is not yet valid"), HasSubstr("clock")));
}

TEST_F(RestTrust, RefusesAnAddressThatIsNotInTheCertificate) {
  fakes::CertificateText text;
  text.names = {"kubernetes", "localhost"};
  text.addresses = {"10.96.0.1", "fd00::1"};
  serve_as(text);
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kPermissionDenied);
  EXPECT_THAT(
      status.message(),
      AllOf(HasSubstr("IP address mismatch"),
            HasSubstr("expected 127.0.0.1, found kubernetes, localhost, 10.96.0.1, fd00::1"),
            HasSubstr("tls-server-name")));
}

TEST_F(RestTrust, RefusesAnAddressThatIsOnlyTheCommonName) {
  fakes::CertificateText text;
  text.common_name = "127.0.0.1";
  serve_as(text);
  EXPECT_THAT(failure().message(), HasSubstr("IP address mismatch"));
}

TEST_F(RestTrust, RefusesANameThatIsOnlyTheCommonName) {
  fakes::CertificateText text;
  text.common_name = "localhost";
  serve_as(text);
  access_.server.host = "localhost";
  EXPECT_THAT(failure().message(), HasSubstr("expected localhost, found none"));
}

TEST_F(RestTrust, ExpectsTheServerNameThatIsConfigured) {
  fakes::CertificateText text;
  text.names = {"kubernetes"};
  serve_as(text);
  access_.tls_server_name = "kubernetes";
  EXPECT_EQ(answer(), "{}");
  client_.reset();
  access_.tls_server_name = "other";
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kPermissionDenied);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("ostname mismatch"), HasSubstr("expected other, found kubernetes")));
}

TEST_F(RestTrust, NamesTheCaFileThatCannotBeRead) {
  serve_as(loopback_certificate());
  access_.certificate_authority = {.text = "", .file = folder_ / "ca.crt"};
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr((folder_ / "ca.crt").string()));
  // The same client takes the file as soon as it is there.
  write_file("ca.crt", authority_.certificate());
  EXPECT_EQ(answer(), "{}");
}

TEST_F(RestTrust, ShowsAClientCertificateGivenAsText) {
  serve_by_client_certificate();
  fakes::Identity client = client_authority_.issue({.common_name = "node-1"});
  access_.client_certificate.text = client.certificate;
  access_.client_key.text = client.key;
  EXPECT_EQ(answer(), "node-1");
}

TEST_F(RestTrust, ShowsTheClientCertificateThatTheFileHoldsNow) {
  serve_by_client_certificate();
  fakes::Identity old = client_authority_.issue({.common_name = "old"});
  access_.client_certificate.file = write_file("client.crt", old.certificate);
  access_.client_key.file = write_file("client.key", old.key);
  EXPECT_EQ(answer(), "old");
  fakes::Identity rotated = client_authority_.issue({.common_name = "rotated"});
  write_file("client.crt", rotated.certificate);
  write_file("client.key", rotated.key);
  // A connection of another time-out class is a new connection.
  auto response = get("/api", {.idle_timeout = 61s});
  ASSERT_TRUE(response) << response.status().message();
  EXPECT_EQ(read_all(*response->body).bytes, "rotated");
}

TEST_F(RestTrust, TellsAKeyOfAnotherCertificate) {
  serve_by_client_certificate();
  access_.client_certificate.text = client_authority_.issue({}).certificate;
  access_.client_key.text = client_authority_.issue({}).key;
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("key values mismatch"));
}

TEST_F(RestTrust, TellsThatTheServerWantsAClientCertificate) {
  serve_by_client_certificate();
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kPermissionDenied) << status.message();
  EXPECT_THAT(status.message(), AllOf(HasSubstr("certificate required"),
                                      HasSubstr("no client certificate is configured")));
}

TEST_F(RestTrust, TellsThatTheClientCertificateHasExpired) {
  serve_by_client_certificate();
  fakes::CertificateText text{.common_name = "node-1"};
  text.valid_from = -48h;
  text.valid_until = -24h;
  fakes::Identity client = client_authority_.issue(text);
  access_.client_certificate.text = client.certificate;
  access_.client_key.text = client.key;
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kPermissionDenied) << status.message();
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("certificate expired"), HasSubstr("renew the client certificate")));
}

TEST_F(RestTrust, TellsATokenFileThatCannotBeRead) {
  serve_as(loopback_certificate());
  access_.token_file = folder_ / "token";
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr((folder_ / "token").string()));
}

TEST_F(RestTrust, SendsAgainWithTheTokenThatRotated) {
  std::mutex mutex;
  std::string good = "one";
  int requests = 0;
  serve([&](TlsConnection& connection) {
    while (auto request = connection.read_request()) {
      std::lock_guard lock(mutex);
      ++requests;
      bool known = request->find("Authorization:Bearer " + good + "\r\n") != std::string::npos;
      connection.write(known ? http_answer(200, "welcome " + good) : http_answer(401, "who?"));
    }
  });
  access_.token_file = write_file("token", "one\n");
  EXPECT_EQ(answer(), "welcome one");
  {
    std::lock_guard lock(mutex);
    good = "two";
    requests = 0;
  }
  // The file still holds the old one: a plain 401, and no second try.
  auto refused = get();
  ASSERT_TRUE(refused) << refused.status().message();
  EXPECT_EQ(refused->head.status, 401);
  EXPECT_EQ(read_all(*refused->body).bytes, "who?");
  EXPECT_EQ(requests, 1);
  // The file rotates; no time passes on the clock.
  write_file("token", "two\n");
  EXPECT_EQ(answer(), "welcome two");
}

TEST_F(RestTrust, SendsWithTheRotatedTokenAfterAMinute) {
  serve([&](TlsConnection& connection) {
    while (auto request = connection.read_request()) {
      std::size_t begin = request->find("Bearer ") + 7;
      connection.write(
          http_answer(200, request->substr(begin, request->find('\r', begin) - begin)));
    }
  });
  access_.token_file = write_file("token", "one\n");
  EXPECT_EQ(answer(), "one");
  write_file("token", "two\n");
  EXPECT_EQ(answer(), "one");
  clock_.advance(60s);
  EXPECT_EQ(answer(), "two");
}

}  // namespace
