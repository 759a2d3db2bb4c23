#include "ipvs/ipvs_table.h"

#include <algorithm>

namespace ipvs {

void sort(IpvsState& state) {
  auto by_key = [](const VirtualServerState& a, const VirtualServerState& b) {
    return a.server.key < b.server.key;
  };
  std::sort(state.virtual_servers.begin(), state.virtual_servers.end(), by_key);
  for (VirtualServerState& virtual_server : state.virtual_servers) {
    sort(virtual_server.real_servers);
  }
}

void sort(std::vector<RealServerState>& real_servers) {
  std::sort(real_servers.begin(), real_servers.end(),
            [](const RealServerState& a, const RealServerState& b) {
              return a.server.key < b.server.key;
            });
}

}  // namespace ipvs
