#ifndef IPVS_AGENT_AGENT_LABEL_SELECTOR_H_
#define IPVS_AGENT_AGENT_LABEL_SELECTOR_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace agent {

// Which labels an object must have, as kubectl's --selector takes it:
// "app=web,tier!=db,env in (a, b),env notin (c),team,!legacy". All parts must hold.
class LabelSelector {
 public:
  // Matches everything.
  LabelSelector() = default;

  // Errors: kInvalidArgument, with the part that was not understood.
  static base::Result<LabelSelector> parse(std::string_view text);

  // `labels` as watchers::Service has them: "app=web,tier=front".
  bool matches(std::string_view labels) const;
  bool empty() const { return parts_.empty(); }

 private:
  enum class Kind { kIn, kNotIn, kExists, kExistsNot };
  struct Part {
    Kind kind = Kind::kExists;
    std::string key;
    std::vector<std::string> values;
  };
  std::vector<Part> parts_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LABEL_SELECTOR_H_
