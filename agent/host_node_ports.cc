#include <algorithm>

#include "agent/host.h"
#include "agent/node_port_journal.h"

// On which addresses virtual servers for node ports are, or were, ours.
namespace agent {
namespace {

constexpr char kProblem[] = "node port journal";

}  // namespace

void Host::keep_node_ports(NodePortJournal& journal) {
  node_port_journal_ = &journal;
  auto addresses = journal.load();
  if (addresses.ok()) {
    node_port_addresses_ = *std::move(addresses);
    return;
  }
  problems_[kProblem] = addresses.status().message() +
                        "; virtual servers for node ports on addresses that the node lost while no "
                        "agent ran stay; the next change of its addresses replaces the file";
}

// To be called before the virtual servers are made.
void Host::note_node_ports(const Touched& touched) {
  if (node_port_journal_ == nullptr) return;
  for (const ipvs::VirtualServerKey& key : touched.virtual_servers) {
    const PlannedVirtualServer* planned = desired_.virtual_server(key);
    if (planned == nullptr || planned->kind != VipKind::kNodePort || key.firewall_mark != 0) {
      continue;
    }
    node_ports_unsaved_ = node_port_addresses_.insert(key.address).second || node_ports_unsaved_;
  }
  save_node_ports();
}

// What the start has cleaned up need not be remembered.
void Host::forget_node_ports() {
  auto of_node = [&](const base::IpAddress& address) {
    return std::any_of(node_addresses_.begin(), node_addresses_.end(),
                       [&](const netconf::NodeAddress& node) { return node.address == address; });
  };
  const std::size_t gone = std::erase_if(node_port_addresses_, [&](const auto& address) {
    return believed_.virtual_servers_on(address) == 0 && !of_node(address);
  });
  node_ports_unsaved_ = node_ports_unsaved_ || gone > 0;
  save_node_ports();
}

void Host::save_node_ports() {
  if (!node_ports_unsaved_ || node_port_journal_ == nullptr) return;
  base::Status status = node_port_journal_->save(node_port_addresses_);
  node_ports_unsaved_ = !status.ok();
  if (status.ok()) {
    problems_.erase(kProblem);
  } else {
    problems_[kProblem] = status.message() +
                          "; virtual servers for node ports stay on addresses that the node loses "
                          "while no agent runs; give the agent a folder that it can write "
                          "(ipvsAgent.stateDirectory)";
  }
}

}  // namespace agent
