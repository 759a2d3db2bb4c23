#ifndef IPVS_AGENT_TESTS_APISERVER_SELECTOR_H_
#define IPVS_AGENT_TESTS_APISERVER_SELECTOR_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace apiserver {

// A label or field selector: a comma list of `key`, `!key`, `key=v`, `key==v` and `key!=v`, all of
// which must hold. As in Kubernetes `key!=v` holds where the key is absent.
class Selector {
 public:
  // Errors: kInvalidArgument.
  static base::Result<Selector> parse(std::string_view text);

  bool matches(const std::map<std::string, std::string>& values) const;
  std::vector<std::string> keys() const;

 private:
  enum class Test { kExists, kAbsent, kEquals, kDiffers };
  struct Requirement {
    std::string key;
    Test test = Test::kExists;
    std::string value;
  };

  std::vector<Requirement> requirements_;
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_SELECTOR_H_
