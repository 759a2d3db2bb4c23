#ifndef IPVS_AGENT_AGENT_CONFIG_KEYS_H_
#define IPVS_AGENT_AGENT_CONFIG_KEYS_H_

#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "agent/configuration.h"
#include "base/result.h"

namespace agent {

// A value as a file or flag gives it, before its type is looked at: one text or a list of texts.
using ConfigValue = std::variant<std::string, std::vector<std::string>>;

enum class ConfigType : std::uint8_t {
  kBool,
  kInteger,
  kText,     // text of any kind: names, addresses, durations
  kList,     // a list of texts; a flag takes them separated by commas
  kSubtree,  // everything below the key; only for keys that do nothing
};

// One thing that can be configured: the single description from which the file, the flags, the
// printed configuration and the documentation are made.
struct ConfigKey {
  std::string path;  // "ipvs.syncPeriod"; "" when there is a flag only
  std::string flag;  // "ipvs-sync-period", without dashes; "" when there is a key only
  ConfigType type = ConfigType::kText;
  std::string allowed;  // for errors and documentation: "a whole number, 0 to 31"
  std::string meaning;  // one sentence or two
  // The flag counts even beside --config, as in kube-proxy.
  bool flag_beats_file = false;
  // In a file an empty or zero value means the default (kubeadm writes all keys that way).
  bool zero_is_default = false;
  // What to tell a user who gives the key an empty value; "" for nothing.
  std::string note_when_empty;
  // Why the key is accepted but does nothing; "" for keys that do something. Such a key has neither
  // store nor load.
  std::string idle_reason;
  // A value of an idle key that needs no notice, beside empty and zero ones.
  std::string idle_default;
  // Puts the value into the configuration. Errors: kInvalidArgument, the message says what was
  // found; the configuration is then unchanged.
  std::function<base::Status(const ConfigValue&, Configuration&)> store;
  // The value in the form that store() takes. Null for keys without a path, too.
  std::function<ConfigValue(const Configuration&)> load;
};

// Every key, sections together, in the order in which they are printed.
//
// Threading: any thread; the table never changes.
std::span<const ConfigKey> config_keys();

// nullptr where there is no such key.
const ConfigKey* find_config_key(std::string_view path);

// Whether the value is empty, zero or false: "", "0", "0s", "false", "null", an empty list.
bool is_zero(const ConfigValue& value);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIG_KEYS_H_
