#include "agent/config_codec.h"

#include <algorithm>
#include <charconv>

#include "agent/go_duration.h"

namespace agent {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string joined(const std::vector<std::string>& items, char between) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += between;
    text += items[i];
  }
  return text;
}

std::vector<std::string> items_of(const ConfigValue& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return *list;
  return split_list(std::get<std::string>(value));
}

}  // namespace

std::string shown(const ConfigValue& value) {
  constexpr std::size_t kLongest = 120;
  std::string text;
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    text = "[" + join_list(*list) + "]";
  } else {
    text = "\"" + std::get<std::string>(value) + "\"";
  }
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

base::Status found(const ConfigValue& value) {
  return base::Status(base::Code::kInvalidArgument, "found " + shown(value));
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  if (trimmed(text).empty()) return items;
  for (std::size_t start = 0; start <= text.size();) {
    std::size_t end = std::min(text.find(',', start), text.size());
    items.emplace_back(trimmed(text.substr(start, end - start)));
    start = end + 1;
  }
  return items;
}

std::string join_list(const std::vector<std::string>& items) { return joined(items, ','); }

std::string join_lines(const std::vector<std::string>& lines) { return joined(lines, '\n'); }

base::Result<std::string> decode_text(const ConfigValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return found(value);
  return std::string(trimmed(*text));
}

base::Result<bool> decode_bool(const ConfigValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return found(value);
  for (const char* yes : {"true", "True", "TRUE", "t", "T", "1"}) {
    if (*text == yes) return true;
  }
  for (const char* no : {"false", "False", "FALSE", "f", "F", "0"}) {
    if (*text == no) return false;
  }
  return found(value);
}

base::Result<std::int64_t> decode_integer(const ConfigValue& value, std::int64_t least,
                                          std::int64_t most) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return found(value);
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) return found(value);
  if (number < least || number > most) return found(value);
  return number;
}

base::Result<std::int64_t> decode_mask(const ConfigValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return found(value);
  const bool hexadecimal = text->starts_with("0x");
  const char* begin = text->data() + (hexadecimal ? 2 : 0);
  const char* end = text->data() + text->size();
  std::uint32_t mask = 0;
  auto [behind, error] = std::from_chars(begin, end, mask, hexadecimal ? 16 : 10);
  if (error != std::errc() || behind != end) return found(value);
  return std::int64_t{mask};
}

std::string encode_mask(std::int64_t mask) {
  char digits[16];
  auto [end, error] = std::to_chars(digits, digits + sizeof(digits), mask, 16);
  return "0x" + std::string(digits, end);
}

base::Result<base::Duration> decode_duration(const ConfigValue& value, base::Duration least,
                                             base::Duration step) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return found(value);
  base::Result<base::Duration> duration = parse_go_duration(*text);
  if (!duration || *duration < least || *duration % step != base::Duration(0)) return found(value);
  return duration;
}

base::Result<base::IpAddress> decode_address(const ConfigValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return found(value);
  base::Result<base::IpAddress> address = base::IpAddress::parse(*text);
  if (!address) return found(value);
  return address;
}

base::Result<std::optional<ListenAddress>> decode_listen_address(const ConfigValue& value,
                                                                 base::Port default_port) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return found(value);
  if (text->empty()) return std::optional<ListenAddress>();
  base::Result<ListenAddress> where = parse_listen_address(*text, default_port);
  if (!where) return found(value);
  if (where->port == 0) return std::optional<ListenAddress>();
  return std::optional<ListenAddress>(*where);
}

base::Result<std::vector<base::IpPrefix>> decode_prefixes(const ConfigValue& value) {
  std::vector<base::IpPrefix> prefixes;
  for (const std::string& item : items_of(value)) {
    base::Result<base::IpPrefix> prefix = base::IpPrefix::parse(item);
    if (!prefix) return found(item);
    prefixes.push_back(prefix->masked());
  }
  return prefixes;
}

base::Result<NodePortAddresses> decode_node_port_addresses(const ConfigValue& value) {
  NodePortAddresses addresses;
  if (items_of(value) == std::vector<std::string>{"primary"}) {
    addresses.primary = true;
    return addresses;
  }
  base::Result<std::vector<base::IpPrefix>> prefixes = decode_prefixes(value);
  if (!prefixes) return prefixes.status();
  addresses.cidrs = *prefixes;
  return addresses;
}

std::string encode_bool(bool value) { return value ? "true" : "false"; }

std::string encode_listen_address(const std::optional<ListenAddress>& where) {
  return where ? to_string(*where) : "0.0.0.0:0";
}

std::vector<std::string> encode_prefixes(const std::vector<base::IpPrefix>& prefixes) {
  std::vector<std::string> items;
  items.reserve(prefixes.size());
  for (const base::IpPrefix& prefix : prefixes) items.push_back(prefix.to_string());
  return items;
}

std::vector<std::string> encode_node_port_addresses(const NodePortAddresses& addresses) {
  if (addresses.primary) return {"primary"};
  return encode_prefixes(addresses.cidrs);
}

}  // namespace agent
