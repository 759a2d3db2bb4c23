#include "tests/apiserver/selector.h"

namespace apiserver {

base::Result<Selector> Selector::parse(std::string_view text) {
  Selector selector;
  while (!text.empty()) {
    auto comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    Requirement wanted;
    if (auto equals = part.find('='); equals != std::string_view::npos) {
      bool differs = equals > 0 && part[equals - 1] == '!';
      wanted.test = differs ? Test::kDiffers : Test::kEquals;
      wanted.key = part.substr(0, differs ? equals - 1 : equals);
      bool doubled = equals + 1 < part.size() && part[equals + 1] == '=';
      wanted.value = part.substr(equals + (doubled ? 2 : 1));
    } else if (!part.empty() && part.front() == '!') {
      wanted.test = Test::kAbsent;
      wanted.key = part.substr(1);
    } else {
      wanted.key = part;
    }
    if (wanted.key.empty() || wanted.key.find_first_of(" ()!") != std::string::npos) {
      return base::Status(base::Code::kInvalidArgument,
                          "unable to parse requirement: " + std::string(part));
    }
    selector.requirements_.push_back(std::move(wanted));
  }
  return selector;
}

bool Selector::matches(const std::map<std::string, std::string>& values) const {
  for (const Requirement& wanted : requirements_) {
    auto found = values.find(wanted.key);
    bool there = found != values.end();
    bool holds = false;
    switch (wanted.test) {
      case Test::kExists: holds = there; break;
      case Test::kAbsent: holds = !there; break;
      case Test::kEquals: holds = there && found->second == wanted.value; break;
      case Test::kDiffers: holds = !there || found->second != wanted.value; break;
    }
    if (!holds) return false;
  }
  return true;
}

std::vector<std::string> Selector::keys() const {
  std::vector<std::string> keys;
  for (const Requirement& wanted : requirements_) keys.push_back(wanted.key);
  return keys;
}

}  // namespace apiserver
