#include "watchers/rest_tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>
#include <span>

#include "base/ip_address.h"

namespace watchers {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

Bio reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string written(BIO* bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

// Without it OpenSSL asks at the terminal for the password of an encrypted key.
int no_password(char*, int, int, void*) { return -1; }

std::string reason(unsigned long error) {
  const char* text = ERR_reason_error_string(error);
  return text != nullptr ? text : "OpenSSL error " + std::to_string(error);
}

base::Status pem_failure(const PemSource& source, const std::string& what) {
  std::string text = reason(ERR_get_error());
  ERR_clear_error();
  return {base::Code::kInvalidArgument,
          (source.text.empty() ? source.file : "the text given") + ": " + what + ": " + text};
}

std::string name_text(const X509_NAME* name) {
  Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  return written(bio.get());
}

std::string time_text(const ASN1_TIME* time) {
  Bio bio(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(bio.get(), time);
  return written(bio.get());
}

// The subject alternative names, as "kubernetes, 10.96.0.1".
std::string alternative_names(const X509* certificate) {
  Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string text;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    std::string one;
    if (name->type == GEN_DNS || name->type == GEN_IPADD) {
      const ASN1_STRING* value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
      std::span<const unsigned char> bytes(ASN1_STRING_get0_data(value),
                                           static_cast<std::size_t>(ASN1_STRING_length(value)));
      if (name->type == GEN_DNS) {
        one.assign(bytes.begin(), bytes.end());
      } else if (bytes.size() == 4 || bytes.size() == 16) {
        one = base::IpAddress::from_bytes(bytes).to_string();
      }
    }
    if (!one.empty()) text += (text.empty() ? "" : ", ") + one;
  }
  return text.empty() ? "none" : text;
}

// What is wrong in particular, and what to do.
std::string detail(int error, const X509* certificate, const std::string& expected) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return " on " + time_text(X509_get0_notAfter(certificate)) +
             "; renew the API server's certificate, or correct the node's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return " before " + time_text(X509_get0_notBefore(certificate)) +
             "; correct the clock of the node or of whoever signed the certificate";
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return ": expected " + expected + ", found " + alternative_names(certificate) +
             "; use a server URL with one of these names, or set tls-server-name to one of them";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return ", issued by " + name_text(X509_get_issuer_name(certificate)) +
             "; certificate-authority must hold the CA that signed this server's certificate";
    default: return "; the server's certificate or the cluster's CA must be made anew";
  }
}

}  // namespace

TlsSetup::TlsSetup(const ClusterAccess& access)
    : certificate_authority_(access.certificate_authority),
      client_certificate_(access.client_certificate),
      client_key_(access.client_key),
      expected_name_(access.tls_server_name.empty() ? access.server.host : access.tls_server_name) {
}

base::Status TlsSetup::apply(SSL_CTX* context) {
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // A quiet watch needs no 32 KiB of buffers.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cert_verify_callback(context, &TlsSetup::verify, this);

  X509_VERIFY_PARAM* expected = SSL_CTX_get0_param(context);
  bool is_address = base::IpAddress::parse(expected_name_).ok();
  X509_VERIFY_PARAM_set_hostflags(
      expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  int set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(expected, expected_name_.c_str())
                       : X509_VERIFY_PARAM_set1_host(expected, expected_name_.c_str(), 0);
  if (set != 1) {
    return {base::Code::kInternal, "OpenSSL does not take the server name " + expected_name_};
  }
  base::Status trusted = trust(context);
  return trusted.ok() ? show_client_certificate(context) : trusted;
}

base::Status TlsSetup::trust(SSL_CTX* context) const {
  base::Result<std::string> pem = certificate_authority_.read("CERTIFICATE");
  if (!pem) return pem.status().in("CA certificate");
  // A store of its own: the one the context came with holds the system's CAs.
  X509_STORE* store = X509_STORE_new();
  SSL_CTX_set_cert_store(context, store);
  Bio bio = reader(*pem);
  int added = 0;
  while (Certificate ca{PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)}) {
    X509_STORE_add_cert(store, ca.get());
    ++added;
  }
  if (added == 0) return pem_failure(certificate_authority_, "no readable certificate");
  ERR_clear_error();
  return {};
}

base::Status TlsSetup::show_client_certificate(SSL_CTX* context) const {
  if (!client_certificate_.given()) return {};
  base::Result<std::string> chain = client_certificate_.read("CERTIFICATE");
  if (!chain) return chain.status().in("client certificate");
  base::Result<std::string> key_text = client_key_.read("PRIVATE KEY");
  if (!key_text) return key_text.status().in("client key");

  Bio bio = reader(*chain);
  Certificate own(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return pem_failure(client_certificate_, "no usable client certificate");
  }
  while (X509* issuer = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) {
    SSL_CTX_add0_chain_cert(context, issuer);
  }
  ERR_clear_error();
  Bio key_bio = reader(*key_text);
  Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_password, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return pem_failure(client_key_,
                       "no usable private key (encrypted keys are not supported, and "
                       "it must belong to the client certificate)");
  }
  return {};
}

int TlsSetup::verify(X509_STORE_CTX* store, void* setup) {
  int accepted = X509_verify_cert(store);
  if (accepted != 1) static_cast<TlsSetup*>(setup)->remember_failure(store);
  return accepted;
}

void TlsSetup::remember_failure(X509_STORE_CTX* store) {
  int error = X509_STORE_CTX_get_error(store);
  const X509* certificate = X509_STORE_CTX_get_current_cert(store);
  if (certificate == nullptr) certificate = X509_STORE_CTX_get0_cert(store);
  std::string text = X509_verify_cert_error_string(error);
  if (certificate != nullptr) {
    text = "\"" + name_text(X509_get_subject_name(certificate)) + "\": " + text +
           detail(error, certificate, expected_name_);
  }
  std::lock_guard lock(mutex_);
  last_failure_ = std::move(text);
}

base::Status TlsSetup::explain(unsigned long openssl_error) const {
  int number = ERR_GET_REASON(openssl_error);
  if (number == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    std::lock_guard lock(mutex_);
    return {base::Code::kPermissionDenied,
            "the server's certificate is not accepted: " + last_failure_};
  }
  switch (number) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return {base::Code::kPermissionDenied,
              "the server refused this client, it says: " + reason(openssl_error) +
                  (client_certificate_.given()
                       ? "; renew the client certificate, or use one that the cluster's CA signed"
                       : "; no client certificate is configured")};
    default: return {base::Code::kUnavailable, "TLS: " + reason(openssl_error)};
  }
}

bool is_openssl_error(unsigned long code) { return ERR_GET_LIB(code) == ERR_LIB_SSL; }

}  // namespace watchers
