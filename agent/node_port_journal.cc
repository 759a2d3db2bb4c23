#include "agent/node_port_journal.h"

#include <string_view>
#include <utility>

namespace agent {

NodePortJournal::NodePortJournal(std::string folder, const std::string& boot)
    : file_(std::move(folder), "node-port-addresses", boot) {}

base::Result<std::set<base::IpAddress>> NodePortJournal::load() const {
  std::set<base::IpAddress> addresses;
  base::Result<bool> of_this_boot = file_.load([&](std::string_view line) {
    auto address = base::IpAddress::parse(line);
    if (address) addresses.insert(*address);
    return static_cast<bool>(address);
  });
  if (!of_this_boot.ok()) return of_this_boot.status();
  if (!*of_this_boot) addresses.clear();
  return addresses;
}

base::Status NodePortJournal::save(const std::set<base::IpAddress>& addresses) const {
  std::string lines;
  for (const base::IpAddress& address : addresses) lines += address.to_string() + "\n";
  return file_.save(lines);
}

}  // namespace agent
