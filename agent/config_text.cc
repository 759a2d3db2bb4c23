#include "agent/config_text.h"

#include <initializer_list>
#include <string_view>

#include "agent/config_change.h"
#include "agent/config_codec.h"
#include "agent/config_keys.h"
#include "agent/yaml_tree.h"

namespace agent {
namespace {

// "ipvs" of "ipvs.scheduler"; "" for a top-level key. No key lies deeper.
std::string section_of(const ConfigKey& key) {
  std::size_t dot = key.path.find('.');
  return dot == std::string::npos ? "" : key.path.substr(0, dot);
}

std::string name_of(const ConfigKey& key) { return key.path.substr(key.path.find('.') + 1); }

// A value as both YAML and JSON spell it.
std::string literal(const ConfigKey& key, const ConfigValue& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string text;
    for (const std::string& item : *list) text += (text.empty() ? "" : ", ") + quoted(item);
    return "[" + text + "]";
  }
  const std::string& text = std::get<std::string>(value);
  bool bare = key.type == ConfigType::kBool || key.type == ConfigType::kInteger;
  return bare ? text : quoted(text);
}

// A row of a table; bars inside a cell would end it.
std::string table_row(std::initializer_list<std::string> cells) {
  std::string row = "|";
  for (const std::string& cell : cells) {
    row += ' ';
    for (char c : cell) {
      if (c == '|') row += '\\';
      row += c;
    }
    row += " |";
  }
  return row + "\n";
}

std::string as_code(std::string_view text) {
  return text.empty() ? "" : "`" + std::string(text) + "`";
}

std::string flag_cell(const ConfigKey& key) {
  return key.flag.empty() ? "" : as_code("--" + key.flag);
}

}  // namespace

std::string to_yaml(const Configuration& configuration) {
  std::string text =
      "apiVersion: kubeproxy.config.k8s.io/v1alpha1\n"
      "kind: KubeProxyConfiguration\n";
  std::string section;
  for (const ConfigKey& key : config_keys()) {
    if (key.path.empty() || !key.load) continue;
    if (section_of(key) != section) {
      section = section_of(key);
      text += section + ":\n";
    }
    text += (section.empty() ? "" : "  ") + name_of(key) + ": " +
            literal(key, key.load(configuration)) + "\n";
  }
  return text;
}

std::string to_configz(const Configuration& configuration) {
  std::string text = R"({"kubeproxy.config.k8s.io":{)";
  std::string section;
  bool first = true;
  for (const ConfigKey& key : config_keys()) {
    if (key.path.empty() || !key.load) continue;
    if (section_of(key) != section) {
      if (!section.empty()) text += '}';
      section = section_of(key);
      text += (first ? "" : ",") + quoted(section) + ":{";
      first = true;
    }
    text += (first ? "" : ",") + quoted(name_of(key)) + ":" + literal(key, key.load(configuration));
    first = false;
  }
  if (!section.empty()) text += '}';
  return text + "}}\n";
}

std::string configuration_reference() {
  std::string text = R"(# Configuration

<!-- Generated from the table in agent/config_keys.cc; a test keeps the two equal. -->

The agent is configured as kube-proxy is: by the same file (`--config FILE`, kind `KubeProxyConfiguration`,
apiVersion `kubeproxy.config.k8s.io/v1alpha1`), such as the one kubeadm keeps in the ConfigMap `kube-system/kube-proxy`,
or by flags of the same names. What kube-proxy does not have is in the section `ipvsAgent`, which kube-proxy
itself ignores with a line in its log: one file serves both.

- With `--config`, the file is the whole configuration: other flags are ignored, with a warning, but for those marked (f).
- Unknown and repeated keys are warnings. A wrong value ends the agent with file, line, key, what was found and what is allowed.
- A duration is written as Go does: `30s`, `1h30m`, `500ms`.
- Keys marked (0) take their default when a file gives them an empty or zero value.
- The file is followed while the agent runs (a ConfigMap volume too): a change takes effect at once, and only what differs is
  written to the kernel; no established connection is lost. Keys marked (s) are read at the start: another value in the file is named in the log, in
  `/healthz` and in `ipvs_agent_config_keys_waiting`, and the old one stays in force until a restart. A file that is wrong changes nothing
  and is named in the same places (`ipvs_agent_config_in_force` is 0). Kernel settings that are no longer asked for stay as they are.
- `--write-config-to FILE` writes the configuration that is in force, every key with its value, and ends. `--init-only` sets the kernel's settings and ends;
  `--cleanup` takes everything of the agent's out of the kernel and ends.
- `--shadow` runs beside the proxy of the node with that one's configuration, compares, and writes nothing ([shadow.md](shadow.md)). `healthzBindAddress` and
  `metricsBindAddress` then have ports 100 higher than configured.

## Keys that do something

| key | flag | allowed | default | meaning |
|---|---|---|---|---|
)";
  const Configuration defaults;
  for (const ConfigKey& key : config_keys()) {
    if (!key.idle_reason.empty()) continue;
    std::string name = as_code(key.path) + (key.zero_is_default ? " (0)" : "");
    if (!key.path.empty() && !restart_reason(key.path).empty()) name += " (s)";
    std::string flag = flag_cell(key) + (key.flag_beats_file ? " (f)" : "");
    std::string value = key.load ? as_code(literal(key, key.load(defaults))) : "";
    text += table_row({name, flag, key.allowed, value, key.meaning});
  }
  text += R"(
`healthzBindAddress` and `metricsBindAddress` default to the IPv6 addresses `[::]:10256` and `[::1]:10249` where
`bindAddress` is an IPv6 address.

## Keys that are accepted and do nothing

A notice says so when one of them is set to something else than its usual value.

| key | flag | why it does nothing |
|---|---|---|
)";
  for (const ConfigKey& key : config_keys()) {
    if (key.idle_reason.empty()) continue;
    text += table_row({as_code(key.path), flag_cell(key), key.idle_reason});
  }
  return text;
}

}  // namespace agent
