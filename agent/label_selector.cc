#include "agent/label_selector.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace agent {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

// Cuts at commas, but not inside of brackets.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      parts.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return parts;
}

// What may be in a key or a value.
bool is_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
  });
}

// The value of a label; no value where it is not there.
std::optional<std::string_view> find(std::string_view labels, std::string_view key) {
  while (!labels.empty()) {
    std::string_view label = labels.substr(0, labels.find(','));
    labels.remove_prefix(std::min(labels.size(), label.size() + 1));
    std::size_t equals = label.find('=');
    if (label.substr(0, equals) == key) return label.substr(equals + 1);
  }
  return std::nullopt;
}

}  // namespace

base::Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  if (trimmed(text).empty()) return selector;
  for (std::string_view part : parts_of(text)) {
    Part made;
    std::string_view key = part;
    if (std::size_t equals = part.find('='); equals != part.npos) {
      bool unequal = equals > 0 && part[equals - 1] == '!';
      key = part.substr(0, unequal ? equals - 1 : equals);
      std::string_view value = part.substr(equals + 1);
      if (!unequal && value.starts_with('=')) value.remove_prefix(1);
      made.kind = unequal ? Kind::kNotIn : Kind::kIn;
      made.values.emplace_back(trimmed(value));
    } else if (std::size_t open = part.find('('); open != part.npos && part.ends_with(')')) {
      std::string_view head = trimmed(part.substr(0, open));
      made.kind = head.ends_with(" notin") ? Kind::kNotIn : Kind::kIn;
      std::size_t operation = made.kind == Kind::kNotIn ? 6 : 3;
      if (made.kind == Kind::kNotIn || head.ends_with(" in")) {
        key = head.substr(0, head.size() - operation);
        for (std::string_view value : parts_of(part.substr(open + 1, part.size() - open - 2))) {
          made.values.emplace_back(value);
        }
      }
    } else if (part.starts_with('!')) {
      made.kind = Kind::kExistsNot;
      key = part.substr(1);
    }
    made.key = trimmed(key);
    bool words = std::all_of(made.values.begin(), made.values.end(), is_word);
    if (made.key.empty() || !is_word(made.key) || !words) {
      return base::Status(base::Code::kInvalidArgument,
                          "selector: found \"" + std::string(part) +
                              "\", allowed: KEY=VALUE, KEY!=VALUE, KEY in (A, B), KEY notin (A), "
                              "KEY, !KEY, separated by commas");
    }
    selector.parts_.push_back(std::move(made));
  }
  return selector;
}

// As in the API: what is not there is in no set, and so satisfies != and notin.
bool LabelSelector::matches(std::string_view labels) const {
  return std::all_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    std::optional<std::string_view> value = find(labels, part.key);
    bool listed =
        value && std::find(part.values.begin(), part.values.end(), *value) != part.values.end();
    switch (part.kind) {
      case Kind::kIn: return listed;
      case Kind::kNotIn: return !listed;
      case Kind::kExists: return value.has_value();
      case Kind::kExistsNot: return !value.has_value();
    }
    return false;
  });
}

}  // namespace agent
