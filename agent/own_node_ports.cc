#include "agent/own_node_ports.h"

#include <string>
#include <utility>

#include "agent/node_port_journal.h"
#include "agent/state_file.h"

namespace agent {

base::Status OwnNodePorts::keep(NodePortJournal& journal) {
  journal_ = &journal;
  auto addresses = journal.load();
  failure_ = with_consequence(
      addresses.status(),
      "virtual servers for node ports on addresses that the node lost while no agent ran stay; the "
      "next change of its addresses replaces the file");
  if (addresses.ok()) addresses_ = *std::move(addresses);
  return failure_;
}

base::Status OwnNodePorts::note(std::span<const ipvs::VirtualServerKey> touched,
                                const DesiredHost& desired) {
  if (journal_ == nullptr) return {};
  for (const ipvs::VirtualServerKey& key : touched) {
    const PlannedVirtualServer* planned = desired.virtual_server(key);
    if (planned == nullptr || planned->kind != VipKind::kNodePort || key.firewall_mark != 0) {
      continue;
    }
    unsaved_ = addresses_.insert(key.address).second || unsaved_;
  }
  return save();
}

base::Status OwnNodePorts::forget(const std::function<bool(const base::IpAddress&)>& is_needed) {
  const std::size_t gone =
      std::erase_if(addresses_, [&](const base::IpAddress& one) { return !is_needed(one); });
  unsaved_ = unsaved_ || gone > 0;
  return save();
}

base::Status OwnNodePorts::save() {
  if (!unsaved_ || journal_ == nullptr) return failure_;
  failure_ = with_consequence(
      journal_->save(addresses_),
      std::string("virtual servers for node ports stay on addresses that the node loses while no "
                  "agent runs; ") +
          kGiveAgentAFolder);
  unsaved_ = !failure_.ok();
  return failure_;
}

}  // namespace agent
