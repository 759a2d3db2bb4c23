#ifndef IPVS_AGENT_AGENT_STATE_FILE_H_
#define IPVS_AGENT_AGENT_STATE_FILE_H_

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace agent {

// A small text file in which an agent leaves something to the next one: FOLDER/NAME, with a first
// line that names the boot of the machine, and a last one by which a file that was cut off is
// known.
//
// Errors: name the file. The agent works without it.
class StateFile {
 public:
  // `name` is what the lines are about, in the plural. `boot` tells one boot of the machine from
  // another: this_boot().
  StateFile(std::string folder, std::string_view name, const std::string& boot);

  // Calls take(line) for each line between the first and the last; it returns whether the line is
  // understood. True if the file is of this boot; false if it is of another, or there is none.
  // Errors: kCorrupt where not everything in the file is understood.
  base::Result<bool> load(const std::function<bool(std::string_view)>& take) const;
  // Replaces the file, all at once; each line ends with a newline. Makes the folder where only that
  // is missing.
  base::Status save(std::string_view lines) const;
  // Takes the file away; that there is none is fine.
  base::Status remove() const;

  const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
  std::string format_;  // what the first line begins with
  std::string first_line_;
};

// What an agent does without for want of such a file: "MESSAGE; CONSEQUENCE". Ok stays ok.
base::Status with_consequence(const base::Status& failure, const std::string& consequence);
// How a file that cannot be written is mended.
inline constexpr char kGiveAgentAFolder[] =
    "give the agent a folder that it can write (ipvsAgent.stateDirectory)";

// random(4)'s boot_id; "" where there is none.
std::string this_boot();

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_STATE_FILE_H_
