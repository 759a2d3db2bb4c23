#ifndef IPVS_AGENT_AGENT_NODE_PORT_JOURNAL_H_
#define IPVS_AGENT_AGENT_NODE_PORT_JOURNAL_H_

#include <set>
#include <string>

#include "agent/state_file.h"
#include "base/ip_address.h"
#include "base/result.h"

namespace agent {

// The file that tells the next agent on which addresses this one made virtual servers for node
// ports: FOLDER/node-port-addresses, one address a line. The kernel's sets list node ports by
// number alone, so that what is ours could not be told from what is foreign on an address that the
// node lost while no agent ran.
//
// Errors: name the file. The agent works without it; such virtual servers then stay.
class NodePortJournal {
 public:
  // `boot`: this_boot().
  NodePortJournal(std::string folder, const std::string& boot);

  // What an agent of this boot has left. Errors: kCorrupt: then nothing of it counts.
  base::Result<std::set<base::IpAddress>> load() const;
  base::Status save(const std::set<base::IpAddress>& addresses) const;

 private:
  StateFile file_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_NODE_PORT_JOURNAL_H_
