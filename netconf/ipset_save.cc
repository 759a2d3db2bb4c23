#include "netconf/ipset_save.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace netconf {
namespace {

using base::Code;
using base::Result;
using base::Status;

// Cuts the text at the first blank and removes what was in front of it.
std::string_view next_word(std::string_view& text) {
  std::size_t blank = text.find(' ');
  std::string_view word = text.substr(0, blank);
  text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
  return word;
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

Status unreadable(std::string_view line, std::string_view expected) {
  return Status(Code::kCorrupt, "ipset printed \"" + std::string(line.substr(0, 200)) +
                                    "\", expected " + std::string(expected));
}

// The number of ports in "FROM-TO"; nothing where it is not the whole range.
std::optional<std::uint32_t> ports_of(std::string_view range) {
  std::size_t dash = range.find('-');
  std::optional<std::uint32_t> from = parse_number(range.substr(0, dash));
  if (dash == std::string_view::npos || !from) return std::nullopt;
  std::optional<std::uint32_t> to = parse_number(range.substr(dash + 1));
  if (!to || *to > 65535 || *from > *to) return std::nullopt;
  return *to - *from + 1;
}

void append_word(std::string& text, std::string_view word) {
  if (!text.empty()) text += ' ';
  text += word;
}

// Takes one parameter of a create line, with its value, off `rest`. False where the value is wrong.
bool take_parameter(std::string_view& rest, Ipset& set) {
  std::string_view key = next_word(rest);
  if (key == "family") {
    std::string_view value = next_word(rest);
    set.spec.family = value == "inet6" ? base::Family::kIpv6 : base::Family::kIpv4;
    return value == "inet6" || value == "inet";
  }
  if (key == "hashsize" || key == "maxelem") {
    std::optional<std::uint32_t> value = parse_number(next_word(rest));
    if (!value) return false;
    (key == "hashsize" ? set.spec.hash_size : set.spec.max_elements) = *value;
    return true;
  }
  if (key == "range") {
    std::optional<std::uint32_t> ports = ports_of(next_word(rest));
    if (ports) set.spec.max_elements = *ports;
    return ports.has_value();
  }
  if (key == "skbinfo") {
    set.spec.skbinfo = true;
    return true;
  }
  // The kernel chooses these by itself.
  if (key == "bucketsize" || key == "initval") {
    next_word(rest);
    return true;
  }
  append_word(set.other_parameters, key);
  return true;
}

}  // namespace

void IpsetSaveParser::feed(std::string_view piece) {
  for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    if (partial_.empty()) {
      line(piece.substr(0, end));
    } else {
      partial_ += piece.substr(0, end);
      line(std::exchange(partial_, {}));
    }
    piece.remove_prefix(end + 1);
  }
  partial_ += piece;
}

Result<std::vector<Ipset>> IpsetSaveParser::finish() {
  if (!partial_.empty()) line(std::exchange(partial_, {}));
  auto sets = std::exchange(sets_, {});
  if (Status failure = std::exchange(failure_, {}); !failure) return failure;
  std::vector<Ipset> result;
  for (auto& [name, set] : sets) {
    // A set that changes while it is listed can have an entry twice.
    std::ranges::sort(set.entries);
    set.entries.erase(std::unique(set.entries.begin(), set.entries.end()), set.entries.end());
    std::ranges::sort(set.foreign_entries);
    result.push_back(std::move(set));
  }
  return result;
}

void IpsetSaveParser::line(std::string_view text) {
  if (!failure_ || text.empty()) return;
  std::string_view rest = text;
  std::string_view verb = next_word(rest);
  if (verb == "create") {
    failure_ = create(rest);
  } else if (verb == "add") {
    failure_ = add(rest);
  } else {
    failure_ = unreadable(text, "\"create\" or \"add\" first");
  }
}

Status IpsetSaveParser::create(std::string_view text) {
  std::string_view rest = text;
  Ipset set;
  set.spec.name = next_word(rest);
  std::string_view type_name = next_word(rest);
  std::optional<IpsetType> type = parse_ipset_type(type_name);
  if (set.spec.name.empty() || type_name.empty()) return unreadable(text, "a set's name and type");
  if (!type) {
    return Status(Code::kUnsupported, "set " + set.spec.name + " is of type " +
                                          std::string(type_name) +
                                          ", which is none of those in use here");
  }
  set.spec.type = *type;
  while (!rest.empty()) {
    if (!take_parameter(rest, set)) return unreadable(text, "the parameters of a set");
  }
  std::string name = set.spec.name;
  sets_.insert_or_assign(std::move(name), std::move(set));
  return Status();
}

Status IpsetSaveParser::add(std::string_view text) {
  std::string_view rest = text;
  auto found = sets_.find(next_word(rest));
  if (found == sets_.end()) return unreadable(text, "a \"create\" of the set before it");
  Ipset& set = found->second;
  std::string_view whole = rest;
  std::string_view word = next_word(rest);
  // A mark belongs to the entry, and is the first thing behind it in the sets that we make.
  if (set.spec.skbinfo && rest.starts_with("skbmark ")) {
    next_word(rest);
    next_word(rest);
    word = whole.substr(0, whole.size() - rest.size());
    if (word.ends_with(' ')) word.remove_suffix(1);
  }
  Result<IpsetEntry> entry = parse_entry(set.spec.type, word);
  // What else may stand behind the entry are counters, time-outs and comments; "nomatch" turns its
  // meaning round.
  bool negated = rest == "nomatch" || rest.starts_with("nomatch ") || rest.ends_with(" nomatch");
  if (entry && !negated) {
    set.entries.push_back(*entry);
  } else {
    set.foreign_entries.emplace_back(whole);
  }
  return Status();
}

}  // namespace netconf
