#include "tests/cluster/environment.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace cluster {
namespace {

using base::Code;
using base::Port;
using base::Result;
using base::Status;

Result<std::string> variable(const char* name) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  if (text == nullptr || *text == '\0') {
    return Status(Code::kInvalidArgument,
                  std::string(name) + " is not set: start this program with tests/cluster/run");
  }
  return std::string(text);
}

Result<Port> port(const char* name) {
  Result<std::string> text = variable(name);
  if (!text.ok()) return text.status();
  const std::string_view digits = *text;
  const char* last = digits.data() + digits.size();
  Port value = 0;
  auto [end, error] = std::from_chars(digits.data(), last, value);
  if (error != std::errc() || end != last || value == 0) {
    return Status(Code::kInvalidArgument,
                  std::string(name) + " is '" + *text + "': want a port from 1 to 65535");
  }
  return value;
}

}  // namespace

Result<Environment> Environment::read() {
  Result<std::string> host = variable("CLUSTER_HOST");
  Result<Port> api = port("CLUSTER_API_PORT");
  Result<Port> control = port("CLUSTER_CONTROL_PORT");
  for (const Status& status : {host.status(), api.status(), control.status()}) {
    if (!status.ok()) return status;
  }
  return Environment{*host, *api, *control};
}

std::string Environment::api_url() const {
  return "https://" + host + ":" + std::to_string(api_port);
}

std::string Environment::control_url() const {
  return "http://" + host + ":" + std::to_string(control_port);
}

}  // namespace cluster
