#include "agent/yaml_tree.h"

#include <yaml-cpp/yaml.h>

#include <stdexcept>
#include <string_view>

namespace agent {
namespace {

// Beyond any configuration; bounds what nested aliases can grow to.
constexpr int kDeepest = 32;
constexpr std::size_t kMostNodes = 100'000;

YamlNode convert(const YAML::Node& source, int depth, std::size_t& nodes) {
  if (depth > kDeepest || ++nodes > kMostNodes) throw std::length_error("too large or too deep");
  YamlNode node;
  node.line = source.Mark().line + 1;
  if (source.IsScalar()) {
    node.kind = YamlNode::Kind::kScalar;
    node.text = source.Scalar();
  } else if (source.IsSequence()) {
    node.kind = YamlNode::Kind::kList;
    for (const YAML::Node& item : source) node.items.push_back(convert(item, depth + 1, nodes));
  } else if (source.IsMap()) {
    node.kind = YamlNode::Kind::kMap;
    for (const auto& entry : source) {
      node.entries.push_back({entry.first.IsScalar() ? entry.first.Scalar() : "?",
                              entry.first.Mark().line + 1,
                              convert(entry.second, depth + 1, nodes)});
    }
  }
  return node;
}

}  // namespace

base::Result<YamlNode> parse_yaml(const std::string& text) {
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty()) return YamlNode();
    if (documents.size() > 1) {
      return base::Status(base::Code::kInvalidArgument,
                          "line " + std::to_string(documents[1].Mark().line + 1) +
                              ": a second document begins here; one is allowed");
    }
    std::size_t nodes = 0;
    return convert(documents.front(), 0, nodes);
  } catch (const YAML::Exception& error) {
    return base::Status(base::Code::kInvalidArgument,
                        "line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  } catch (const std::length_error& error) {
    return base::Status(base::Code::kInvalidArgument, error.what());
  }
}

std::string quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      result += "\\u00";
      result += kHex[byte >> 4];
      result += kHex[byte & 15];
    } else {
      result += c;
    }
  }
  return result + '"';
}

}  // namespace agent
