#ifndef IPVS_AGENT_AGENT_PRESENCE_RECORD_H_
#define IPVS_AGENT_AGENT_PRESENCE_RECORD_H_

#include <string>

#include "agent/state_file.h"
#include "base/result.h"

namespace agent {

// The file by which an agent knows that the virtual servers it finds at its start are those that an
// agent left: FOLDER/in-charge, without lines of its own, of one boot of the machine, because the
// kernel's tables begin empty with it.
//
// Errors: name the file. The agent works without it.
class PresenceRecord {
 public:
  // `boot`: this_boot().
  PresenceRecord(std::string folder, const std::string& boot);

  // Whether an agent has been in charge of this node since the boot. Errors: kCorrupt.
  base::Result<bool> load() const;
  base::Status save() const;
  // An agent has taken all that was its own out of the kernel. That there is no file is fine.
  base::Status remove() const;

 private:
  StateFile file_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_PRESENCE_RECORD_H_
