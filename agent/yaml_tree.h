#ifndef IPVS_AGENT_AGENT_YAML_TREE_H_
#define IPVS_AGENT_AGENT_YAML_TREE_H_

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace agent {

// A YAML (or JSON) document with the line of everything in it, as plain values.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;                 // from 1; where the node begins
  std::string text;             // of a scalar
  std::vector<YamlNode> items;  // of a list
  // Of a map, in the order of the document, duplicates included. The line is the key's.
  struct Entry;
  std::vector<Entry> entries;
};

struct YamlNode::Entry {
  std::string key;
  int line = 0;
  YamlNode value;
};

// The one document in `text`; a null node for an empty one.
// Errors: kInvalidArgument: "line 3: ..." for malformed text, and for more than one document.
base::Result<YamlNode> parse_yaml(const std::string& text);

// `text` as a double-quoted scalar that YAML and JSON both read.
std::string quoted(std::string_view text);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_YAML_TREE_H_
