#ifndef IPVS_AGENT_AGENT_OWN_NODE_PORTS_H_
#define IPVS_AGENT_AGENT_OWN_NODE_PORTS_H_

#include <functional>
#include <set>
#include <span>

#include "agent/desired_host.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "ipvs/ipvs_table.h"

namespace agent {

class NodePortJournal;

// The addresses on which virtual servers for node ports are, or were since the boot, an agent's:
// the node's addresses now or formerly, as a journal keeps them. None without a journal.
//
// Threading: one owner.
// Errors: every method returns why the journal is not as it should be, and what follows from that;
// the same again, until a later call has mended it. The addresses are known all the same.
class OwnNodePorts {
 public:
  static constexpr char kProblem[] = "node port journal";  // by which a failure is known

  // Takes over what the journal knows. It outlives this.
  base::Status keep(NodePortJournal& journal);

  // Takes in the addresses of those of the virtual servers that are wanted for node ports. To be
  // called before they are made.
  base::Status note(std::span<const ipvs::VirtualServerKey> touched, const DesiredHost& desired);
  // Forgets the addresses that are not needed any longer, as nothing of ours is left there.
  base::Status forget(const std::function<bool(const base::IpAddress&)>& is_needed);

  bool contains(const base::IpAddress& address) const { return addresses_.contains(address); }

 private:
  base::Status save();

  NodePortJournal* journal_ = nullptr;
  std::set<base::IpAddress> addresses_;
  bool unsaved_ = false;
  base::Status failure_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_OWN_NODE_PORTS_H_
