#include "agent/real_server_list.h"

#include <algorithm>

namespace agent {
namespace {

auto place_of(const RealServerList::Servers& servers, const ipvs::RealServerKey& key) {
  return std::lower_bound(servers.begin(), servers.end(), key,
                          [](const ipvs::RealServer& a, const auto& b) { return a.key < b; });
}

}  // namespace

bool RealServerList::put(const ipvs::RealServer& server) {
  const auto place = place_of(get(), server.key);
  const auto index = place - begin();
  const bool known = place != end() && place->key == server.key;
  if (known && *place == server) return false;
  Servers& servers = own();
  if (known) {
    servers[static_cast<std::size_t>(index)] = server;
    return false;
  }
  // They come one by one; doubling would leave much of the memory of many small lists unused.
  if (servers.size() == servers.capacity()) {
    servers.reserve(servers.size() + servers.size() / 4 + 2);
  }
  servers.insert(servers.begin() + index, server);
  return true;
}

bool RealServerList::erase(const ipvs::RealServerKey& key) {
  const auto place = place_of(get(), key);
  if (place == end() || place->key != key) return false;
  const auto index = place - begin();
  Servers& servers = own();
  servers.erase(servers.begin() + index);
  return true;
}

const RealServerList::Servers& RealServerList::get() const {
  static const Servers kNone;
  return servers_ ? *servers_ : kNone;
}

RealServerList::Servers& RealServerList::own() {
  if (!servers_) {
    servers_ = std::make_shared<Servers>();
  } else if (servers_.use_count() > 1) {
    servers_ = std::make_shared<Servers>(*servers_);
  }
  return *servers_;
}

}  // namespace agent
