#include "tests/fakes/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace fakes {
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
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

void need(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string pem(X509* certificate) {
  Bio bio(BIO_new(BIO_s_mem()));
  need(PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM_write_bio_X509");
  return text_of(bio.get());
}

std::string pem(EVP_PKEY* key) {
  Bio bio(BIO_new(BIO_s_mem()));
  need(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
       "PEM_write_bio_PrivateKey");
  return text_of(bio.get());
}

void extend(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  Extension extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  need(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

Certificate unsigned_certificate(const CertificateText& text, EVP_PKEY* key) {
  static std::atomic<long> serial = 1;
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), text.valid_from.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), text.valid_until.count());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text.common_name.c_str()), -1,
                             -1, 0);
  need(X509_set_pubkey(certificate.get(), key) == 1, "X509_set_pubkey");
  return certificate;
}

}  // namespace

struct TestAuthority::Signer {
  Key key;
  Certificate certificate;
};

TestAuthority::TestAuthority(const std::string& name) : signer_(std::make_unique<Signer>()) {
  signer_->key.reset(EVP_EC_gen("P-256"));
  CertificateText text;
  text.common_name = name;
  signer_->certificate = unsigned_certificate(text, signer_->key.get());
  X509* own = signer_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, NID_basic_constraints, "critical,CA:TRUE");
  need(X509_sign(own, signer_->key.get(), EVP_sha256()) > 0, "X509_sign");
  certificate_ = pem(own);
}

TestAuthority::~TestAuthority() = default;

Identity TestAuthority::self() const { return {certificate_, pem(signer_->key.get())}; }

Identity TestAuthority::issue(const CertificateText& text) const {
  Key key(EVP_EC_gen("P-256"));
  Certificate certificate = unsigned_certificate(text, key.get());
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer_->certificate.get()));
  std::string alternatives;
  for (const std::string& name : text.names) alternatives += ",DNS:" + name;
  for (const std::string& address : text.addresses) alternatives += ",IP:" + address;
  if (!alternatives.empty()) {
    extend(certificate.get(), NID_subject_alt_name, alternatives.substr(1));
  }
  need(X509_sign(certificate.get(), signer_->key.get(), EVP_sha256()) > 0, "X509_sign");
  return {pem(certificate.get()), pem(key.get())};
}

}  // namespace fakes
