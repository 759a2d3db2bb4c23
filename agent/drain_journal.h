#ifndef IPVS_AGENT_AGENT_DRAIN_JOURNAL_H_
#define IPVS_AGENT_AGENT_DRAIN_JOURNAL_H_

#include <span>
#include <string>
#include <vector>

#include "agent/drains.h"
#include "agent/state_file.h"
#include "base/result.h"

namespace agent {

// The file in which the drains of an agent wait for the next one, so that a restart lengthens none:
// FOLDER/drains, one line a drain, in ipvsadm's grammar behind the time at which it began.
//
// Times are those of the monotonic clock, which goes on over a restart of the agent and begins anew
// with the machine, as the kernel's connections do: a file of another boot says nothing.
// Errors: name the file and the remedy. The agent works without it; only deadlines start anew.
class DrainJournal {
 public:
  // `boot` tells one boot of the machine from another: this_boot().
  DrainJournal(std::string folder, const std::string& boot);

  // What an agent of this boot has left; nothing where there is no file, or one of another boot.
  // Errors: kCorrupt where not everything in the file is understood: then nothing of it counts.
  base::Result<std::vector<RememberedDrain>> load() const;
  // Replaces the file, all at once. Makes the folder where only that is missing.
  base::Status save(std::span<const RememberedDrain> drains) const;

  const std::string& path() const { return file_.path(); }

 private:
  StateFile file_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_DRAIN_JOURNAL_H_
