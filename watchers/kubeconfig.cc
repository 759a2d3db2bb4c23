#include "watchers/kubeconfig.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <optional>
#include <utility>

#include "watchers/base64.h"
#include "watchers/credentials.h"

namespace watchers {
namespace {

// Thrown and caught in this file only, beside the library's own exceptions: reading a tree of keys
// with a check after each one hides what is read.
struct Refusal {
  base::Status status;
};

// One map of the file with the name by which messages call it: "clusters[kube].cluster".
class Section {
 public:
  Section(const YAML::Node& node, std::string file, std::string name)
      : node_(node), file_(std::move(file)), name_(std::move(name)) {
    if (!node_.IsNull() && !node_.IsMap()) {
      refuse("", base::Code::kInvalidArgument, "found a " + kind(node_) + ", allowed: a map");
    }
  }

  [[noreturn]] void refuse(const std::string& key, base::Code code, const std::string& why) const {
    std::string path = name_.empty() || key.empty() ? name_ + key : name_ + "." + key;
    throw Refusal{{code, file_ + ": " + (path.empty() ? "" : path + ": ") + why}};
  }

  bool has(const std::string& key) const { return !get(key).IsNull(); }

  // "" where the key is not given.
  std::string text(const std::string& key) const {
    if (!has(key)) return "";
    YAML::Node value = get(key);
    if (!value.IsScalar()) {
      refuse(key, base::Code::kInvalidArgument, "found a " + kind(value) + ", allowed: text");
    }
    return value.Scalar();
  }

  bool flag(const std::string& key) const {
    std::string value = text(key);
    if (value.empty() || value == "false") return false;
    if (value == "true") return true;
    refuse(key, base::Code::kInvalidArgument, "found \"" + value + "\", allowed: true or false");
  }

  Section map(const std::string& key) const {
    return Section(get(key), file_, name_.empty() ? key : name_ + "." + key);
  }

  // The map under `inner` of the entry of the list `key` whose name is `name`.
  Section entry(const std::string& key, const std::string& name, const std::string& inner) const {
    std::string names;
    YAML::Node list = get(key);
    if (!list.IsNull() && !list.IsSequence()) {
      refuse(key, base::Code::kInvalidArgument, "found a " + kind(list) + ", allowed: a list");
    }
    if (list.IsSequence()) {
      for (const YAML::Node& item : list) {
        Section named(item, file_, key + "[]");
        std::string found = named.text("name");
        if (found == name) {
          return Section(named.get(inner), file_, key + "[" + name + "]." + inner);
        }
        names += (names.empty() ? "\"" : ", \"") + found + "\"";
      }
    }
    refuse(key, base::Code::kInvalidArgument,
           "found no entry named \"" + name + "\", there " +
               (names.empty() ? "is none" : "are: " + names));
  }

 private:
  // A null node where the key is not given: the library throws at most uses of an undefined one.
  YAML::Node get(const std::string& key) const {
    // The [] of a constant node never adds the key.
    const YAML::Node& node = node_;
    YAML::Node value = node.IsMap() ? node[key] : YAML::Node();
    return value.IsDefined() ? value : YAML::Node();
  }

  static std::string kind(const YAML::Node& node) {
    if (node.IsSequence()) return "list";
    if (node.IsMap()) return "map";
    return "text";
  }

  YAML::Node node_;
  std::string file_;
  std::string name_;
};

std::string beside(const std::string& file, const std::string& name) {
  std::size_t slash = file.rfind('/');
  if (name.empty() || name.front() == '/' || slash == std::string::npos) return name;
  return file.substr(0, slash + 1) + name;
}

// `key` names the file, `key`-data holds the PEM text in base64 and wins.
PemSource pem(const Section& section, const std::string& file, const std::string& key,
              std::string_view label) {
  PemSource source;
  std::string data_key = key + "-data";
  std::string used = key;
  if (std::string data = section.text(data_key); !data.empty()) {
    used = data_key;
    std::optional<std::string> text = decode_base64(data);
    if (!text) {
      section.refuse(data_key, base::Code::kInvalidArgument,
                     "found text that is not base64, allowed: a PEM file in base64, as "
                     "`base64 -w0 FILE` prints it");
    }
    source.text = *std::move(text);
  } else {
    source.file = beside(file, section.text(key));
  }
  if (!source.given()) return source;
  if (base::Result<std::string> read = source.read(label); !read) {
    section.refuse(used, read.status().code(), read.status().message());
  }
  return source;
}

void read_cluster(const Section& cluster, const std::string& file, const std::string& override_url,
                  ClusterAccess& access) {
  bool overridden = !override_url.empty();
  std::string server = overridden ? override_url : cluster.text("server");
  if (server.empty()) {
    cluster.refuse("server", base::Code::kInvalidArgument,
                   "found nothing, allowed: https://HOST[:PORT]");
  }
  base::Result<ServerUrl> url = ServerUrl::parse(server);
  if (!url) {
    cluster.refuse(overridden ? "server (overridden)" : "server", url.status().code(),
                   url.status().message());
  }
  access.server = *std::move(url);
  if (cluster.flag("insecure-skip-tls-verify")) {
    cluster.refuse("insecure-skip-tls-verify", base::Code::kUnsupported,
                   "found true, allowed: false; the server's certificate is always verified. "
                   "Remove the key and name the cluster's CA in certificate-authority or "
                   "certificate-authority-data (and in tls-server-name a name that the certificate "
                   "has, if it does not have the URL's)");
  }
  if (std::string proxy = cluster.text("proxy-url"); !proxy.empty()) {
    cluster.refuse("proxy-url", base::Code::kUnsupported,
                   "found \"" + proxy +
                       "\", allowed: nothing; proxies are not supported. Remove the key and give "
                       "a server URL that the node reaches directly");
  }
  access.tls_server_name = cluster.text("tls-server-name");
  access.certificate_authority = pem(cluster, file, "certificate-authority", "CERTIFICATE");
  if (access.server.tls && !access.certificate_authority.given()) {
    cluster.refuse("certificate-authority", base::Code::kInvalidArgument,
                   "found nothing, allowed: the file with the cluster's CA certificate (or its "
                   "base64 in certificate-authority-data); the system's CAs are not trusted. On a "
                   "control-plane node it is often /etc/kubernetes/pki/ca.crt");
  }
}

void refuse_unsupported(const Section& user) {
  static constexpr std::array<std::pair<const char*, const char*>, 5> kUnsupported = {{
      {"exec", "credential plugins are not run"},
      {"auth-provider", "auth-provider plugins are not run"},
      {"username", "basic authentication is not supported"},
      {"password", "basic authentication is not supported"},
      {"as", "impersonation is not supported"},
  }};
  for (const auto& [key, why] : kUnsupported) {
    if (user.has(key)) {
      user.refuse(key, base::Code::kUnsupported,
                  std::string(why) +
                      "; allowed: token, tokenFile, or client-certificate with client-key. "
                      "`kubectl create token` makes a token for a service account");
    }
  }
}

void read_user(const Section& user, const std::string& file, ClusterAccess& access) {
  refuse_unsupported(user);
  access.client_certificate = pem(user, file, "client-certificate", "CERTIFICATE");
  access.client_key = pem(user, file, "client-key", "PRIVATE KEY");
  if (access.client_certificate.given() != access.client_key.given()) {
    bool has_key = access.client_key.given();
    user.refuse(has_key ? "client-certificate" : "client-key", base::Code::kInvalidArgument,
                std::string("found nothing, but a ") +
                    (has_key ? "client-key" : "client-certificate") +
                    " is given; allowed: both or neither");
  }
  access.token = user.text("token");
  if (!access.token.empty() && !is_bearer_token(access.token)) {
    user.refuse("token", base::Code::kInvalidArgument,
                "found white space or control characters in it, allowed: the token alone");
  }
  access.token_file = beside(file, user.text("tokenFile"));
  if (!access.token_file.empty()) {
    if (base::Result<std::string> token = read_file(access.token_file); !token) {
      user.refuse("tokenFile", token.status().code(), token.status().message());
    }
  }
}

ClusterAccess read_config(const YAML::Node& node, const std::string& file,
                          const std::string& wanted_context, const std::string& server) {
  Section root(node, file, "");
  std::string kind = root.text("kind");
  if (!kind.empty() && kind != "Config") {
    root.refuse("kind", base::Code::kInvalidArgument,
                "found \"" + kind + "\", allowed: Config; this is no kubeconfig");
  }
  std::string name = wanted_context.empty() ? root.text("current-context") : wanted_context;
  if (name.empty()) {
    root.refuse("current-context", base::Code::kInvalidArgument,
                "found nothing, allowed: the name of one of the contexts; set it with `kubectl "
                "config use-context NAME`, or name the context");
  }
  Section context = root.entry("contexts", name, "context");
  std::string cluster = context.text("cluster");
  if (cluster.empty()) {
    context.refuse("cluster", base::Code::kInvalidArgument,
                   "found nothing, allowed: the name of one of the clusters");
  }
  ClusterAccess access;
  access.origin = "context \"" + name + "\" of " + file;
  read_cluster(root.entry("clusters", cluster, "cluster"), file, server, access);
  if (std::string user = context.text("user"); !user.empty()) {
    read_user(root.entry("users", user, "user"), file, access);
  }
  return access;
}

}  // namespace

base::Result<ClusterAccess> parse_kubeconfig(std::string_view text, const std::string& file,
                                             const std::string& context,
                                             const std::string& server) {
  try {
    return read_config(YAML::Load(std::string(text)), file, context, server);
  } catch (const Refusal& refusal) {
    return refusal.status;
  } catch (const YAML::Exception& error) {
    std::string where = error.mark.is_null() ? "" : ":" + std::to_string(error.mark.line + 1);
    return base::Status(base::Code::kInvalidArgument,
                        file + where + ": found text that is neither YAML nor JSON (" + error.msg +
                            "), allowed: a kubeconfig");
  }
}

base::Result<ClusterAccess> find_cluster_access(const AccessOptions& options) {
  if (options.kubeconfig.empty()) {
    return access_of({options.service_host, options.service_port, options.service_account},
                     options.server);
  }
  base::Result<std::string> text = read_file(options.kubeconfig);
  if (!text) {
    return base::Status(
        text.status().code(),
        "kubeconfig " + text.status().message() + "; allowed: a file that the agent can read",
        text.status().error_number());
  }
  return parse_kubeconfig(*text, options.kubeconfig, options.context, options.server);
}

}  // namespace watchers
