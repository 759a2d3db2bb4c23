#ifndef IPVS_AGENT_AGENT_CONFIG_KEY_BUILDERS_H_
#define IPVS_AGENT_AGENT_CONFIG_KEY_BUILDERS_H_

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config_codec.h"
#include "agent/config_keys.h"
#include "agent/go_duration.h"

// How the rows of the table of keys are made; for config_keys.cc and config_idle_keys.cc only.
namespace agent {

inline constexpr std::string_view kAnyDuration = "a duration such as 30s or 1h30m, 0s or longer";

// What of a key can be said in a row of the table.
struct ConfigRow {
  std::string path = {};
  std::string flag = {};
  std::string meaning = {};
  bool flag_beats_file = false;
  bool zero_is_default = false;
  std::string note_when_empty = {};
};

inline ConfigKey with_row(ConfigRow row, ConfigType type, std::string allowed) {
  ConfigKey key;
  key.path = std::move(row.path);
  key.flag = std::move(row.flag);
  key.type = type;
  key.allowed = std::move(allowed);
  key.meaning = std::move(row.meaning);
  key.flag_beats_file = row.flag_beats_file;
  key.zero_is_default = row.zero_is_default;
  key.note_when_empty = std::move(row.note_when_empty);
  return key;
}

// A key whose value is the member that `member` (a generic lambda) picks from a Configuration.
template <typename Member, typename Decode, typename Encode>
ConfigKey key_of(ConfigRow row, ConfigType type, std::string allowed, Member member, Decode decode,
                 Encode encode) {
  ConfigKey key = with_row(std::move(row), type, std::move(allowed));
  key.store = [member, decode](const ConfigValue& value, Configuration& configuration) {
    auto decoded = decode(value);
    if (!decoded) return decoded.status();
    member(configuration) = *decoded;
    return base::Status();
  };
  key.load = [member, encode](const Configuration& configuration) {
    return ConfigValue(encode(member(configuration)));
  };
  return key;
}

template <typename Member>
ConfigKey bool_key(ConfigRow row, Member member) {
  return key_of(std::move(row), ConfigType::kBool, "true or false", member, decode_bool,
                encode_bool);
}

template <typename Member>
ConfigKey integer_key(ConfigRow row, Member member, std::int64_t least, std::int64_t most) {
  return key_of(
      std::move(row), ConfigType::kInteger,
      "a whole number, " + std::to_string(least) + " to " + std::to_string(most), member,
      [least, most](const ConfigValue& value) { return decode_integer(value, least, most); },
      [](std::int64_t number) { return std::to_string(number); });
}

template <typename Member>
ConfigKey duration_key(ConfigRow row, Member member,
                       std::string allowed = std::string(kAnyDuration), base::Duration least = {},
                       base::Duration step = base::Duration(1)) {
  return key_of(
      std::move(row), ConfigType::kText, std::move(allowed), member,
      [least, step](const ConfigValue& value) { return decode_duration(value, least, step); },
      to_go_duration);
}

template <typename Member>
ConfigKey text_key(ConfigRow row, Member member, std::string allowed) {
  return key_of(std::move(row), ConfigType::kText, std::move(allowed), member, decode_text,
                [](const std::string& text) { return text; });
}

// An interface name: at most 15 bytes (IFNAMSIZ), none of them a slash or a blank.
template <typename Member>
ConfigKey interface_key(ConfigRow row, Member member) {
  auto decode = [](const ConfigValue& value) -> base::Result<std::string> {
    base::Result<std::string> name = decode_text(value);
    if (!name || name->size() > 15 || name->find_first_of("/ \t") != std::string::npos) {
      return found(value);
    }
    return name;
  };
  return key_of(std::move(row), ConfigType::kText, "the name of an interface, at most 15 bytes",
                member, decode, [](const std::string& text) { return text; });
}

template <typename Member>
ConfigKey listen_key(ConfigRow row, Member member, base::Port default_port) {
  return key_of(
      std::move(row), ConfigType::kText, "ADDRESS:PORT, [IPV6]:PORT or an address; port 0 for none",
      member,
      [default_port](const ConfigValue& value) {
        return decode_listen_address(value, default_port);
      },
      encode_listen_address);
}

// One of a few words, each standing for a value of an enumeration.
template <typename Enum, std::size_t kCount, typename Member>
ConfigKey choice_key(ConfigRow row, Member member,
                     std::array<std::pair<std::string_view, Enum>, kCount> choices) {
  std::string allowed;
  for (const auto& [word, meaning] : choices) {
    allowed += (allowed.empty() ? "" : ", ") + std::string(word);
  }
  auto decode = [choices](const ConfigValue& value) -> base::Result<Enum> {
    for (const auto& [word, meaning] : choices) {
      if (value == ConfigValue(std::string(word))) return meaning;
    }
    return found(value);
  };
  auto encode = [choices](Enum chosen) {
    for (const auto& [word, meaning] : choices) {
      if (meaning == chosen) return std::string(word);
    }
    return std::string();
  };
  return key_of(std::move(row), ConfigType::kText, "one of " + allowed, member, decode, encode);
}

// Connection tracking, logging, and our own section.
std::vector<ConfigKey> tuning_config_keys();
// The keys that do nothing (ConfigKey::idle_reason).
std::vector<ConfigKey> idle_config_keys();

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIG_KEY_BUILDERS_H_
