#include "agent/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace agent {

Machine this_machine() {
  Machine machine;
  machine.processors = std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
  machine.ipv6 = access("/proc/net/if_inet6", F_OK) == 0;
  utsname names{};
  return uname(&names) == 0 ? with_kernel_release(machine, names.release) : machine;
}

Machine with_kernel_release(Machine machine, std::string_view release) {
  std::size_t dot = release.find('.');
  if (dot == std::string_view::npos) return machine;
  auto number = [](std::string_view text) {
    int value = 0;
    for (char c : text) {
      if (c < '0' || c > '9') break;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  machine.kernel_major = number(release.substr(0, dot));
  machine.kernel_minor = number(release.substr(dot + 1));
  return machine;
}

std::string node_name(std::string hostname_override) {
  std::string name = std::move(hostname_override);
  if (name.empty()) {
    std::array<char, 256> buffer{};
    gethostname(buffer.data(), buffer.size() - 1);
    name = buffer.data();
  }
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

}  // namespace agent
