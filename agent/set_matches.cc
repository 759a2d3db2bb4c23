#include "agent/set_matches.h"

namespace agent {

// iptables-save puts a backslash before quotes inside a comment.
std::string comment_match(std::string_view text) {
  std::string quoted = "-m comment --comment \"";
  for (char c : text) {
    if (c == '\'' || c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string SetMatches::in(SetId set, std::string_view directions) const {
  std::string text = "-m set --match-set " + set_name(set, family_) + " ";
  text += directions;
  return text;
}

std::string SetMatches::commented(SetId set, std::string_view directions) const {
  return comment_match(set_comment(set)) + " " + in(set, directions);
}

}  // namespace agent
