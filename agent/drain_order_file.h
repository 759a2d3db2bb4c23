#ifndef IPVS_AGENT_AGENT_DRAIN_ORDER_FILE_H_
#define IPVS_AGENT_AGENT_DRAIN_ORDER_FILE_H_

#include <optional>
#include <set>
#include <string>

#include "agent/drain_orders.h"
#include "agent/state_file.h"
#include "base/result.h"

namespace agent {

// The file in which drain orders wait for the next agent, over a boot of the machine as well:
// FOLDER/drain-orders, one a line.
// Errors: name the file.
class DrainOrderFile {
 public:
  // `folder`: "" for no file: nothing is loaded or saved.
  explicit DrainOrderFile(const std::string& folder);

  // Nothing where there is no file. Errors: kCorrupt with the line that is none.
  base::Result<std::set<DrainOrder>> load() const;
  // Replaces the file, all at once.
  base::Status save(const std::set<DrainOrder>& orders) const;

 private:
  std::optional<StateFile> file_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_DRAIN_ORDER_FILE_H_
