#ifndef IPVS_AGENT_AGENT_PRESENCE_H_
#define IPVS_AGENT_AGENT_PRESENCE_H_

#include <optional>

#include "agent/adoption.h"
#include "agent/believed_host.h"
#include "agent/desired_host.h"
#include "base/result.h"

namespace agent {

class PresenceRecord;

// Whether what is found at a start was left by an agent of this node or by others: an agent's if a
// record says that one was here since the boot, and nothing shows that others wrote after it.
// Without a record only the latter counts.
//
// Threading: one owner.
class Presence {
 public:
  static constexpr char kProblem[] = "record of the agent's presence";  // of what save() returns

  // Reads the record; it outlives this. What cannot be read may well be an agent's: nothing is
  // claimed of it.
  void keep(PresenceRecord& record);

  // Others have written before this start, and after any agent.
  void note_others() { others_wrote_ = true; }

  // Compares what was found, all of it, with what is wanted. To be called before the first write of
  // a round.
  void judge(const BelievedHost& found, const DesiredHost& desired);
  // What others had left, where judge() found any.
  const std::optional<Adoption>& adopted() const { return adopted_; }

  // Makes the record, once: an agent is here now. Errors: why there is none yet, and what follows
  // from that; the next call tries again.
  base::Status save();

 private:
  PresenceRecord* record_ = nullptr;  // null once it is saved
  bool first_here_ = false;           // it says that no agent was here since the boot
  bool others_wrote_ = false;
  std::optional<Adoption> adopted_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_PRESENCE_H_
