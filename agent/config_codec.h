#ifndef IPVS_AGENT_AGENT_CONFIG_CODEC_H_
#define IPVS_AGENT_AGENT_CONFIG_CODEC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config_keys.h"

// Between the texts of files and flags and the types of Configuration. For every type
// decode(encode(x)) == x. Errors are kInvalidArgument with a message "found ...".
namespace agent {

base::Result<std::string> decode_text(const ConfigValue& value);
base::Result<bool> decode_bool(const ConfigValue& value);
// Bits of a 32-bit word, in hexadecimal behind 0x: 0x3fff.
base::Result<std::int64_t> decode_mask(const ConfigValue& value);
std::string encode_mask(std::int64_t mask);
base::Result<std::int64_t> decode_integer(const ConfigValue& value, std::int64_t least,
                                          std::int64_t most);
// `least` and what the duration must be a multiple of (1 ns for any).
base::Result<base::Duration> decode_duration(const ConfigValue& value, base::Duration least,
                                             base::Duration step);
base::Result<base::IpAddress> decode_address(const ConfigValue& value);
// "" and port 0 are null: nothing is served.
base::Result<std::optional<ListenAddress>> decode_listen_address(const ConfigValue& value,
                                                                 base::Port default_port);
// A list, or texts separated by commas. Host bits are cleared.
base::Result<std::vector<base::IpPrefix>> decode_prefixes(const ConfigValue& value);
// Besides prefixes the one word "primary".
base::Result<NodePortAddresses> decode_node_port_addresses(const ConfigValue& value);

std::string encode_bool(bool value);
std::string encode_listen_address(const std::optional<ListenAddress>& where);
std::vector<std::string> encode_prefixes(const std::vector<base::IpPrefix>& prefixes);
std::vector<std::string> encode_node_port_addresses(const NodePortAddresses& addresses);

// The value as an error or a notice shows it: quoted, lists in brackets, cut after 120 bytes.
std::string shown(const ConfigValue& value);
// The failure every decoder returns for a value it does not take.
base::Status found(const ConfigValue& value);

// The parts of "a, b,c", blanks around them cut; none for a blank text.
std::vector<std::string> split_list(std::string_view text);
std::string join_list(const std::vector<std::string>& items);
std::string join_lines(const std::vector<std::string>& lines);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIG_CODEC_H_
