#include "ipvs/real_server.h"

namespace ipvs {

std::string to_string(const RealServerKey& key) {
  std::string text;
  bool brackets = !key.address.is_ipv4();
  if (brackets) text += '[';
  text += key.address.to_string();
  if (brackets) text += ']';
  text += ':';
  text += std::to_string(key.port);
  return text;
}

}  // namespace ipvs
