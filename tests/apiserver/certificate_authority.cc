#include "tests/apiserver/certificate_authority.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace apiserver {
namespace {

using std::chrono::seconds;

struct OpensslDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Key = std::unique_ptr<EVP_PKEY, OpensslDeleter>;
using Certificate = std::unique_ptr<X509, OpensslDeleter>;

void require(bool done, const std::string& what) {
  if (!done) {
    throw std::runtime_error(what + ": " + ERR_reason_error_string(ERR_get_error()));
  }
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "make a P-256 key");
  return key;
}

void add_extension(X509& certificate, X509V3_CTX& context, int nid, const std::string& value) {
  std::unique_ptr<X509_EXTENSION, OpensslDeleter> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  require(extension != nullptr, "certificate extension " + value);
  X509_add_ext(&certificate, extension.get(), -1);
}

void set_random_serial(X509& certificate) {
  std::unique_ptr<BIGNUM, OpensslDeleter> serial(BN_new());
  require(BN_rand(serial.get(), 120, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1, "serial number");
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(&certificate));
}

void set_subject(X509& certificate, const std::string& common_name,
                 const std::string& organization) {
  X509_NAME* subject = X509_get_subject_name(&certificate);
  auto add = [&](const char* field, const std::string& value) {
    if (value.empty()) return;
    X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
  };
  add("O", organization);
  add("CN", common_name);
}

void set_lifetime(X509& certificate, seconds lifetime) {
  // An expired one began a day before it ended; a good one an hour ago, for clocks that differ.
  seconds begin = lifetime.count() < 0 ? lifetime - std::chrono::hours(24) : -std::chrono::hours(1);
  X509_gmtime_adj(X509_getm_notBefore(&certificate), begin.count());
  X509_gmtime_adj(X509_getm_notAfter(&certificate), lifetime.count());
}

// Writes beside the file and renames, so that a reader never sees a half.
template <typename Write>
void replace_file(const std::string& path, Write write) {
  std::string fresh = path + ".new";
  std::FILE* file = std::fopen(fresh.c_str(), "w");
  if (file == nullptr) throw std::runtime_error("cannot write " + fresh);
  bool written = write(file) == 1;
  written = std::fclose(file) == 0 && written;
  if (!written) throw std::runtime_error("cannot write " + fresh);
  std::filesystem::rename(fresh, path);
}

CertificateFiles write_files(const std::string& folder, const std::string& basename,
                             X509& certificate, EVP_PKEY& key) {
  CertificateFiles files{folder + "/" + basename + ".crt", folder + "/" + basename + ".key"};
  replace_file(files.key, [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, &key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  replace_file(files.certificate,
               [&](std::FILE* file) { return PEM_write_X509(file, &certificate); });
  return files;
}

std::string alternative_names(const CertificateRequest& request) {
  std::string names;
  auto add = [&](const char* type, const std::string& name) {
    if (!names.empty()) names += ',';
    names += type + name;
  };
  for (const std::string& name : request.dns_names) add("DNS:", name);
  for (const std::string& address : request.ip_addresses) add("IP:", address);
  return names;
}

}  // namespace

struct CertificateAuthority::Keys {
  Key key;
  Certificate certificate;
};

CertificateAuthority::CertificateAuthority(const std::string& folder, const std::string& name)
    : folder_(folder), certificate_file_(folder + "/ca.crt"), keys_(std::make_unique<Keys>()) {
  std::filesystem::create_directories(folder);
  keys_->key = new_key();
  keys_->certificate.reset(X509_new());
  X509& own = *keys_->certificate;
  X509_set_version(&own, X509_VERSION_3);
  set_random_serial(own);
  set_subject(own, name, "");
  X509_set_issuer_name(&own, X509_get_subject_name(&own));
  set_lifetime(own, std::chrono::hours(24 * 30));
  X509_set_pubkey(&own, keys_->key.get());
  X509V3_CTX context;
  X509V3_set_ctx(&context, &own, &own, nullptr, nullptr, 0);
  add_extension(own, context, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, context, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
  add_extension(own, context, NID_subject_key_identifier, "hash");
  require(X509_sign(&own, keys_->key.get(), EVP_sha256()) > 0, "sign the authority's certificate");
  write_files(folder_, "ca", own, *keys_->key);
}

CertificateAuthority::~CertificateAuthority() = default;

CertificateFiles CertificateAuthority::issue(const std::string& basename,
                                             const CertificateRequest& request) const {
  Key key = new_key();
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  set_random_serial(*certificate);
  set_subject(*certificate, request.common_name, request.organization);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(keys_->certificate.get()));
  set_lifetime(*certificate, request.lifetime);
  X509_set_pubkey(certificate.get(), key.get());
  X509V3_CTX context;
  X509V3_set_ctx(&context, keys_->certificate.get(), certificate.get(), nullptr, nullptr, 0);
  add_extension(*certificate, context, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(*certificate, context, NID_key_usage, "critical,digitalSignature");
  add_extension(*certificate, context, NID_ext_key_usage, "serverAuth,clientAuth");
  if (std::string names = alternative_names(request); !names.empty()) {
    add_extension(*certificate, context, NID_subject_alt_name, names);
  }
  Key stranger = request.trusted ? nullptr : new_key();
  EVP_PKEY* signer = request.trusted ? keys_->key.get() : stranger.get();
  require(X509_sign(certificate.get(), signer, EVP_sha256()) > 0, "sign certificate " + basename);
  return write_files(folder_, basename, *certificate, *key);
}

CertificateFiles CertificateAuthority::issue_server(
    const std::string& basename, const std::vector<std::string>& more_ip_addresses) const {
  CertificateRequest request;
  request.common_name = "kube-apiserver";
  request.dns_names = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"};
  request.ip_addresses = {"127.0.0.1", "::1"};
  request.ip_addresses.insert(request.ip_addresses.end(), more_ip_addresses.begin(),
                              more_ip_addresses.end());
  return issue(basename, request);
}

CertificateFiles CertificateAuthority::issue_client(const std::string& basename,
                                                    const std::string& user,
                                                    const std::string& group) const {
  CertificateRequest request;
  request.common_name = user;
  request.organization = group;
  return issue(basename, request);
}

}  // namespace apiserver
