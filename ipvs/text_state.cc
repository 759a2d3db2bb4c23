#include <algorithm>
#include <unordered_map>

#include "ipvs/text.h"

namespace ipvs {
namespace {

base::Status at_line(std::size_t number, const base::Status& status) {
  return status.in("line " + std::to_string(number));
}

}  // namespace

base::Result<IpvsState> parse_state(std::string_view text) {
  IpvsState state;
  std::unordered_map<VirtualServerKey, std::size_t> places;
  std::size_t number = 0;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    base::Result<IpvsOp> op = parse_op(line);
    if (!op) return at_line(number, op.status());
    if (auto* add = std::get_if<AddVirtualServer>(&*op)) {
      if (!places.emplace(add->server.key, state.virtual_servers.size()).second) {
        return at_line(number, base::Status(base::Code::kInvalidArgument,
                                            to_string(add->server.key) + " is there twice"));
      }
      state.virtual_servers.push_back({std::move(add->server), {}, {}});
    } else if (auto* real = std::get_if<AddRealServer>(&*op)) {
      auto place = places.find(real->virtual_server);
      if (place == places.end()) {
        return at_line(number,
                       base::Status(base::Code::kInvalidArgument,
                                    "no -A line before it for " + to_string(real->virtual_server)));
      }
      RealServerState added;
      added.server = real->server;
      state.virtual_servers[place->second].real_servers.push_back(added);
    } else {
      return at_line(number, base::Status(base::Code::kInvalidArgument,
                                          "a saved table has only -A and -a lines"));
    }
  }
  sort(state);
  return state;
}

}  // namespace ipvs
