#include "tests/cluster/control_plane.h"

#include <charconv>
#include <fstream>
#include <string_view>
#include <system_error>

namespace cluster {
namespace {

using base::Code;
using base::Result;
using base::Status;

// Longer than the control plane's own patience (plane.go), so that its reason is what one reads.
constexpr std::chrono::minutes kPatience{4};

std::string path_of(Part part, std::string_view action) {
  std::string path;
  switch (part) {
    case Part::kEtcd: path = "/etcd/"; break;
    case Part::kApiServer: path = "/apiserver/"; break;
    case Part::kControllers: path = "/controllers/"; break;
  }
  return path.append(action);
}

std::string query_of(const std::vector<std::string>& flags) {
  std::string query;
  for (const std::string& flag : flags) {
    query += query.empty() ? "?flag=" : "&flag=";
    for (char c : flag) {
      if (c == '&' || c == '+' || c == '%' || c == ' ' || c == '#') {
        constexpr std::string_view kDigits = "0123456789ABCDEF";
        query += {'%', kDigits[static_cast<unsigned char>(c) >> 4], kDigits[c & 15]};
      } else {
        query += c;
      }
    }
  }
  return query;
}

std::string_view kind_name(ServingCertificate kind) {
  switch (kind) {
    case ServingCertificate::kGood: return "good";
    case ServingCertificate::kExpired: return "expired";
    case ServingCertificate::kWrongName: return "wrong-name";
    case ServingCertificate::kNewAuthority: return "new-authority";
  }
  return "";
}

Status replace_file(const std::filesystem::path& path, const std::string& content) {
  std::error_code error;
  std::filesystem::path fresh = path;
  fresh += ".new";
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(fresh);
  file << content;
  file.close();
  if (file.fail()) return {Code::kInternal, "cannot write " + fresh.string()};
  std::filesystem::rename(fresh, path, error);
  if (error) return Status::from_errno(error.value(), "rename " + fresh.string());
  return {};
}

}  // namespace

Status ControlPlane::ready() { return call("GET", "/ready").status(); }

Status ControlPlane::stop(Part part) { return post(path_of(part, "stop")); }
Status ControlPlane::kill(Part part) { return post(path_of(part, "kill")); }
Status ControlPlane::pause(Part part) { return post(path_of(part, "pause")); }
Status ControlPlane::resume(Part part) { return post(path_of(part, "resume")); }

Status ControlPlane::start(Part part, const std::vector<std::string>& flags) {
  return post(path_of(part, "start") + query_of(flags));
}

Status ControlPlane::restart(Part part, const std::vector<std::string>& flags) {
  return post(path_of(part, "restart") + query_of(flags));
}

Result<std::int64_t> ControlPlane::compact() {
  Result<std::string> answer = call("POST", "/etcd/compact");
  if (!answer.ok()) return answer.status();
  std::int64_t revision = 0;
  if (std::from_chars(answer->data(), answer->data() + answer->size(), revision).ec !=
      std::errc()) {
    return Status(Code::kCorrupt, "/etcd/compact answered '" + *answer + "': want a revision");
  }
  return revision;
}

Status ControlPlane::rotate_serving_certificate(ServingCertificate kind) {
  return post("/rotate/serving-cert?kind=" + std::string(kind_name(kind)));
}

Status ControlPlane::rotate_client_certificate(std::chrono::seconds lifetime) {
  return post("/rotate/client-cert?ttl=" + std::to_string(lifetime.count()) + "s");
}

Status ControlPlane::rotate_token(bool revoke) {
  return post(std::string("/rotate/token?revoke=") + (revoke ? "true" : "false"));
}

Result<Credentials> ControlPlane::administrator() {
  auto certificate = file("admin/client.crt");
  if (!certificate.ok()) return certificate.status();
  auto key = file("admin/client.key");
  if (!key.ok()) return key.status();
  return Credentials{.certificate = *certificate, .key = *key};
}

Result<Credentials> ControlPlane::agent_with_certificate() {
  auto authority = file("agent/ca.crt");
  if (!authority.ok()) return authority.status();
  auto certificate = file("agent/client.crt");
  if (!certificate.ok()) return certificate.status();
  auto key = file("agent/client.key");
  if (!key.ok()) return key.status();
  return Credentials{.authority = *authority, .certificate = *certificate, .key = *key};
}

Result<Credentials> ControlPlane::agent_with_token() {
  auto authority = file("agent/ca.crt");
  if (!authority.ok()) return authority.status();
  auto token = file("agent/serviceaccount/token");
  if (!token.ok()) return token.status();
  return Credentials{.authority = *authority, .token = *token};
}

Status ControlPlane::write_agent_files(const std::filesystem::path& folder) {
  auto certificate = agent_with_certificate();
  if (!certificate.ok()) return certificate.status();
  auto token = agent_with_token();
  if (!token.ok()) return token.status();
  Status status = replace_file(folder / "client.key", certificate->key);
  if (status.ok()) status = replace_file(folder / "client.crt", certificate->certificate);
  if (status.ok()) status = replace_file(folder / "ca.crt", certificate->authority);
  if (status.ok()) status = replace_file(folder / "token", token->token);
  return status;
}

Result<std::string> ControlPlane::file(const std::string& name) {
  return call("GET", "/files/" + name);
}

Result<std::string> ControlPlane::call(const std::string& method, const std::string& path) {
  HttpRequest request;
  request.method = method;
  request.url = environment_.control_url() + path;
  request.deadline = kPatience;
  Result<HttpAnswer> answer = http_.send(request);
  if (!answer.ok()) return answer.status().in("control plane");
  if (answer->status != 200) {
    return Status(Code::kInternal, "control plane: " + method + " " + path + ": " + answer->body);
  }
  return std::move(answer->body);
}

}  // namespace cluster
