#include "agent/browser_request.h"

#include <algorithm>
#include <utility>

#include "agent/listen_address.h"

namespace agent {
namespace {

// Names of Kubernetes are in lower case.
std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

}  // namespace

bool names_loopback(std::string_view host) {
  const std::string name = lower(std::string(host));
  if (name == "localhost" || name == "localhost.") return true;
  for (std::string_view local : {"localhost:", "localhost.:"}) {
    if (!name.starts_with(local)) continue;
    const std::string_view port = std::string_view(name).substr(local.size());
    return std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  }
  // Without brackets an IPv6 address is none here.
  if (!name.starts_with('[') && std::ranges::count(name, ':') > 1) return false;
  auto address = parse_listen_address(name, 0);
  return address.ok() && address->address.is_loopback();
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string parameter(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.parameters) {
    if (key == name) return value;
  }
  return "";
}

base::Result<StatusQuestion> services_question(const HttpRequest& request) {
  StatusQuestion question;
  question.space = lower(trimmed(parameter(request, "namespace")));
  question.text = lower(trimmed(parameter(request, "text")));
  question.troubled = parameter(request, "troubled") == "1";
  if (std::string after = parameter(request, "after"); !after.empty()) {
    auto key = service_key("after", after);
    if (!key.ok()) return key.status();
    question.after = *std::move(key);
  }
  return question;
}

base::Result<watchers::ObjectKey> service_key(std::string_view name, const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == text.size()) {
    return base::Status(base::Code::kInvalidArgument,
                        std::string(name) + ": found \"" + text + "\", allowed: NAMESPACE/NAME");
  }
  return watchers::ObjectKey{text.substr(0, slash), text.substr(slash + 1)};
}

}  // namespace agent
