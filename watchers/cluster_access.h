#ifndef IPVS_AGENT_WATCHERS_CLUSTER_ACCESS_H_
#define IPVS_AGENT_WATCHERS_CLUSTER_ACCESS_H_

#include <string>
#include <string_view>

#include "base/protocol.h"
#include "base/result.h"

namespace watchers {

// Where the API server listens.
struct ServerUrl {
  bool tls = true;
  std::string host;  // a name or an IP address; IPv6 without brackets
  base::Port port = 443;
  std::string
      path;  // prefix of every request: "" or "/k8s/clusters/c1", without a slash at the end

  // From "https://HOST[:PORT][/PATH]". Plain http is taken for a loopback address only: everything
  // else would show the credentials to the network. Errors: kInvalidArgument.
  static base::Result<ServerUrl> parse(std::string_view text);

  // With brackets around IPv6, and always with the port.
  std::string to_string() const;

  friend bool operator==(const ServerUrl&, const ServerUrl&) = default;
};

// PEM text, given itself or as the file it is read from whenever it is needed.
struct PemSource {
  std::string text = {};  // wins over `file`
  std::string file = {};  // absolute, or relative to the working directory

  bool given() const { return !text.empty() || !file.empty(); }
  // Reads the file. Errors name it: kNotFound, kPermissionDenied, or kInvalidArgument where there
  // is no "-----BEGIN ...LABEL-----" in it.
  base::Result<std::string> read(std::string_view label) const;

  friend bool operator==(const PemSource&, const PemSource&) = default;
};

// All that is needed to talk to one API server as one user.
struct ClusterAccess {
  std::string origin;  // for messages: where this was found
  ServerUrl server;
  std::string tls_server_name;  // the name its certificate must have; "": the URL's host
  PemSource certificate_authority;
  PemSource client_certificate;  // both or neither
  PemSource client_key;
  std::string token;       // used where token_file is not given or could never be read
  std::string token_file;  // read again when it rotates

  friend bool operator==(const ClusterAccess&, const ClusterAccess&) = default;
};

// Reads a whole small file (at most 4 MiB). Errors: from errno, kInvalidArgument when it is larger.
base::Result<std::string> read_file(const std::string& path);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_CLUSTER_ACCESS_H_
