#include "agent/config_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <set>

#include "agent/config_checks.h"
#include "agent/config_codec.h"
#include "agent/config_keys.h"
#include "agent/yaml_tree.h"

namespace agent {
namespace {

constexpr std::string_view kApiVersion = "kubeproxy.config.k8s.io/v1alpha1";
constexpr std::string_view kKind = "KubeProxyConfiguration";
constexpr std::size_t kLargestFile = 1 << 20;  // bytes; a ConfigMap cannot hold more

// How many single letters must be put in, taken out or replaced to get from `a` to `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }

// The known path that was most likely meant by `path`: one spelled almost so, or the same last part
// in another section.
std::optional<std::string> nearest_path(std::string_view path) {
  std::optional<std::string> nearest;
  std::size_t least = path.size() / 3 + 1;
  for (const ConfigKey& key : config_keys()) {
    if (key.path.empty()) continue;
    std::size_t distance = edit_distance(lower(path), lower(key.path));
    if (lower(last_part(path)) == lower(last_part(key.path)))
      distance = std::min(distance, least - 1);
    if (distance >= least) continue;
    least = distance;
    nearest = key.path;
  }
  return nearest;
}

bool is_section(std::string_view path) {
  std::string prefix = std::string(path) + ".";
  return std::ranges::any_of(config_keys(),
                             [&](const ConfigKey& key) { return key.path.starts_with(prefix); });
}

// The leaves below a node that are not empty, zero or false.
void collect_set_leaves(const YamlNode& node, std::vector<std::string>& leaves) {
  if (node.kind == YamlNode::Kind::kScalar && !is_zero(node.text)) leaves.push_back(node.text);
  for (const YamlNode& item : node.items) collect_set_leaves(item, leaves);
  for (const YamlNode::Entry& entry : node.entries) collect_set_leaves(entry.value, leaves);
}

// Goes through a document and takes over what it says.
class FileReader {
 public:
  explicit FileReader(std::string name) : name_(std::move(name)) {}

  void read_document(const YamlNode& root) {
    if (root.kind != YamlNode::Kind::kMap) {
      fail(std::max(root.line, 1), "found no keys; allowed: a " + std::string(kKind));
      return;
    }
    bool typed[2] = {};
    for (const YamlNode::Entry& entry : root.entries) {
      if (entry.key == "apiVersion") typed[0] = check_type(entry, kApiVersion);
      if (entry.key == "kind") typed[1] = check_type(entry, kKind);
    }
    if (!typed[0]) fail(1, "apiVersion: found nothing; allowed: " + std::string(kApiVersion));
    if (!typed[1]) fail(1, "kind: found nothing; allowed: " + std::string(kKind));
    read_section(root, "");
  }

  base::Result<LoadedConfiguration> finish() && {
    if (errors_.empty()) {
      fill_dependent_defaults(loaded_);
      for (const std::string& sentence : contradictions(loaded_.configuration)) {
        errors_.push_back(name_ + ": " + sentence);
      }
    }
    if (errors_.empty()) return std::move(loaded_);
    return base::Status(base::Code::kInvalidArgument, join_lines(errors_));
  }

 private:
  std::string at(int line) const { return name_ + ":" + std::to_string(line) + ": "; }
  void fail(int line, const std::string& sentence) { errors_.push_back(at(line) + sentence); }

  // True where the key is there; a wrong value is reported here.
  bool check_type(const YamlNode::Entry& entry, std::string_view expected) {
    if (entry.value.text != expected) {
      fail(entry.line, entry.key + ": found " + shown(entry.value.text) +
                           "; allowed: " + std::string(expected));
    }
    return true;
  }

  void read_section(const YamlNode& section, const std::string& prefix) {
    std::set<std::string> seen;
    for (const YamlNode::Entry& entry : section.entries) {
      std::string path = prefix + entry.key;
      if (!seen.insert(entry.key).second) {
        loaded_.warnings.push_back(at(entry.line) + path +
                                   ": is given twice; the last value counts");
      }
      if (prefix.empty() && (entry.key == "apiVersion" || entry.key == "kind")) continue;
      if (const ConfigKey* key = find_config_key(path)) {
        read_key(*key, entry);
      } else if (is_section(path)) {
        read_subsection(entry, path);
      } else {
        std::optional<std::string> meant = nearest_path(path);
        loaded_.warnings.push_back(at(entry.line) + path + ": is not a known key and ignored" +
                                   (meant ? "; was " + *meant + " meant?" : ""));
      }
    }
  }

  void read_subsection(const YamlNode::Entry& entry, const std::string& path) {
    if (entry.value.kind == YamlNode::Kind::kMap) {
      read_section(entry.value, path + ".");
    } else if (entry.value.kind != YamlNode::Kind::kNull) {
      fail(entry.line, path + ": found a value; allowed: keys below it");
    }
  }

  void read_key(const ConfigKey& key, const YamlNode::Entry& entry) {
    const YamlNode& node = entry.value;
    if (!key.idle_reason.empty()) {
      std::vector<std::string> leaves;
      collect_set_leaves(node, leaves);
      if (leaves.empty() || leaves == std::vector{key.idle_default}) return;
      loaded_.notices.push_back(at(entry.line) + key.path + ": does nothing: " + key.idle_reason);
      return;
    }
    if (node.kind == YamlNode::Kind::kNull) return;
    std::optional<ConfigValue> value = value_of(node);
    if (!value) {
      fail(entry.line, key.path + ": found keys below it; allowed: " + key.allowed);
      return;
    }
    if (value == ConfigValue("") && !key.note_when_empty.empty()) {
      loaded_.notices.push_back(at(entry.line) + key.path + ": is empty; " + key.note_when_empty);
    }
    if (key.zero_is_default && is_zero(*value)) return;
    base::Status stored =
        key.type == ConfigType::kList && node.kind == YamlNode::Kind::kScalar && !node.text.empty()
            ? found(*value)
            : key.store(*value, loaded_.configuration);
    if (!stored) {
      fail(entry.line, key.path + ": " + stored.message() + "; allowed: " + key.allowed);
      return;
    }
    loaded_.origins[key.path] = Origin::kFile;
  }

  // Null for maps and for lists of anything but scalars.
  static std::optional<ConfigValue> value_of(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::kScalar) return node.text;
    if (node.kind != YamlNode::Kind::kList) return std::nullopt;
    std::vector<std::string> items;
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::kScalar) return std::nullopt;
      items.push_back(item.text);
    }
    return items;
  }

  std::string name_;
  LoadedConfiguration loaded_;
  std::vector<std::string> errors_;
};

}  // namespace

base::Result<LoadedConfiguration> parse_config(const std::string& text, const std::string& name) {
  base::Result<YamlNode> root = parse_yaml(text);
  if (!root) return root.status().in(name);
  FileReader reader(name);
  reader.read_document(*root);
  return std::move(reader).finish();
}

base::Result<LoadedConfiguration> read_config_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  std::string text(kLargestFile + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  // A folder opens but does not read.
  if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
    return base::Status::from_errno(errno != 0 ? errno : EIO, "configuration file " + path);
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargestFile) {
    return base::Status(base::Code::kInvalidArgument,
                        "configuration file " + path + ": is larger than 1 MiB");
  }
  return parse_config(text, path);
}

void fill_dependent_defaults(LoadedConfiguration& loaded) {
  Configuration& configuration = loaded.configuration;
  base::Family family = configuration.bind_address.family();
  if (!loaded.origins.contains("healthzBindAddress") && configuration.healthz_bind_address) {
    base::Port port = configuration.healthz_bind_address->port;
    configuration.healthz_bind_address = default_healthz_address(family);
    configuration.healthz_bind_address->port = port;
  }
  if (!loaded.origins.contains("metricsBindAddress") && configuration.metrics_bind_address) {
    base::Port port = configuration.metrics_bind_address->port;
    configuration.metrics_bind_address = default_metrics_address(family);
    configuration.metrics_bind_address->port = port;
  }
}

}  // namespace agent
