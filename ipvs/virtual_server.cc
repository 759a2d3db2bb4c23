#include "ipvs/virtual_server.h"

namespace ipvs {

std::string to_string(const VirtualServerKey& key) {
  std::string text;
  if (key.firewall_mark != 0) {
    text = "FWM ";
    text += std::to_string(key.firewall_mark);
    text += ' ';
    text += base::to_string(key.family());
    return text;
  }
  text = base::to_string(key.protocol);
  text += ' ';
  bool brackets = !key.address.is_ipv4();
  if (brackets) text += '[';
  text += key.address.to_string();
  if (brackets) text += ']';
  text += ':';
  text += std::to_string(key.port);
  return text;
}

}  // namespace ipvs

std::size_t std::hash<ipvs::VirtualServerKey>::operator()(
    const ipvs::VirtualServerKey& key) const noexcept {
  std::uint64_t rest = (std::uint64_t{key.firewall_mark} << 32) |
                       (std::uint64_t{static_cast<std::uint8_t>(key.protocol)} << 16) | key.port;
  std::uint64_t mixed = std::hash<base::IpAddress>()(key.address) ^ (rest * 0x9e3779b97f4a7c15ULL);
  return mixed ^ (mixed >> 29);
}
