#include "netconf/ipset_table.h"

#include <charconv>
#include <cstdio>

namespace netconf {
namespace {

using base::Code;
using base::Result;
using base::Status;

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

std::optional<unsigned> parse_number(std::string_view text, unsigned limit) {
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value > limit) {
    return std::nullopt;
  }
  return value;
}

std::optional<base::Protocol> parse_protocol_or_number(std::string_view text) {
  if (std::optional<base::Protocol> named = base::parse_protocol(text)) return named;
  for (base::Protocol known : {base::Protocol::kTcp, base::Protocol::kUdp, base::Protocol::kSctp}) {
    if (parse_number(text, 255) == static_cast<unsigned>(known)) return known;
  }
  return std::nullopt;
}

Status unreadable(IpsetType type, std::string_view text, std::string_view expected) {
  return Status(Code::kInvalidArgument,
                "ipset entry \"" + std::string(text.substr(0, 128)) + "\" is not of the form of " +
                    std::string(to_string(type)) + ": expected " + std::string(expected));
}

// Cuts the text at the first comma and removes what was in front of it.
std::string_view next_part(std::string_view& text) {
  std::size_t comma = text.find(',');
  std::string_view part = text.substr(0, comma);
  text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  return part;
}

Status parse_protocol_port(std::string_view text, IpsetEntry& entry) {
  std::size_t colon = text.find(':');
  std::optional<base::Protocol> protocol = parse_protocol_or_number(text.substr(0, colon));
  if (colon == std::string_view::npos || !protocol) {
    return Status(Code::kInvalidArgument, "tcp, udp or sctp, a colon and a port");
  }
  std::optional<unsigned> port = parse_number(text.substr(colon + 1), 65535);
  if (!port) return Status(Code::kInvalidArgument, "a port from 0 to 65535");
  entry.protocol = *protocol;
  entry.port = static_cast<base::Port>(*port);
  return Status();
}

Status parse_net(std::string_view text, IpsetEntry& entry) {
  std::size_t slash = text.find('/');
  Result<base::IpAddress> address = base::IpAddress::parse(text.substr(0, slash));
  if (!address) return Status(Code::kInvalidArgument, "a network behind the port");
  int length = address->bits();
  if (slash != std::string_view::npos) {
    std::optional<unsigned> given =
        parse_number(text.substr(slash + 1), static_cast<unsigned>(address->bits()));
    if (!given || *given == 0) return Status(Code::kInvalidArgument, "a prefix length above 0");
    length = static_cast<int>(*given);
  }
  entry.ip2 = *address;
  entry.prefix2 = static_cast<std::uint8_t>(length);
  return Status();
}

std::optional<std::uint32_t> parse_hex(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  text.remove_prefix(2);
  std::uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "skbmark 0x12/0x3fff"; a whole mask is not printed.
Status parse_mark(std::string_view text, IpsetEntry& entry) {
  constexpr std::string_view kWord = "skbmark ";
  std::string_view value = text.starts_with(kWord) ? text.substr(kWord.size()) : "";
  std::size_t slash = value.find('/');
  std::optional<std::uint32_t> mark = parse_hex(value.substr(0, slash));
  std::optional<std::uint32_t> mask = ~std::uint32_t{0};
  if (slash != std::string_view::npos) mask = parse_hex(value.substr(slash + 1));
  if (!mark || !mask) return Status(Code::kInvalidArgument, "skbmark 0xMARK/0xMASK behind it");
  entry.mark = *mark;
  entry.mark_mask = *mask;
  return Status();
}

void append_mark(const IpsetEntry& entry, std::string& text) {
  if (entry.mark_mask == 0) return;
  char mark[40];
  int length = std::snprintf(mark, sizeof(mark), " skbmark 0x%x", entry.mark);
  text.append(mark, static_cast<std::size_t>(length));
  if (entry.mark_mask == ~std::uint32_t{0}) return;
  length = std::snprintf(mark, sizeof(mark), "/0x%x", entry.mark_mask);
  text.append(mark, static_cast<std::size_t>(length));
}

}  // namespace

std::string_view to_string(IpsetType type) {
  switch (type) {
    case IpsetType::kHashIp: return "hash:ip";
    case IpsetType::kHashIpPort: return "hash:ip,port";
    case IpsetType::kHashIpPortIp: return "hash:ip,port,ip";
    case IpsetType::kHashIpPortNet: return "hash:ip,port,net";
    case IpsetType::kBitmapPort: return "bitmap:port";
  }
  return "unknown";
}

std::optional<IpsetType> parse_ipset_type(std::string_view text) {
  for (IpsetType type : {IpsetType::kHashIp, IpsetType::kHashIpPort, IpsetType::kHashIpPortIp,
                         IpsetType::kHashIpPortNet, IpsetType::kBitmapPort}) {
    if (text == to_string(type)) return type;
  }
  return std::nullopt;
}

std::string to_text(IpsetType type, const IpsetEntry& entry) {
  if (type == IpsetType::kBitmapPort) return std::to_string(entry.port);
  std::string text = entry.ip.to_string();
  if (type == IpsetType::kHashIp) return text;
  text += ',';
  text += base::to_lower(entry.protocol);
  text += ':';
  text += std::to_string(entry.port);
  if (type == IpsetType::kHashIpPort) {
    append_mark(entry, text);
    return text;
  }
  text += ',';
  text += entry.ip2.to_string();
  if (type == IpsetType::kHashIpPortNet && entry.prefix2 != entry.ip2.bits()) {
    text += '/';
    text += std::to_string(entry.prefix2);
  }
  return text;
}

Result<IpsetEntry> parse_entry(IpsetType type, std::string_view text) {
  IpsetEntry entry;
  std::string_view rest = text;
  std::size_t blank = text.find(' ');
  if (type == IpsetType::kHashIpPort && blank != std::string_view::npos) {
    Status parsed = parse_mark(text.substr(blank + 1), entry);
    if (!parsed) return unreadable(type, text, parsed.message());
    rest = text.substr(0, blank);
  }
  if (type == IpsetType::kBitmapPort) {
    std::optional<unsigned> port = parse_number(text, 65535);
    if (!port) return unreadable(type, text, "a port from 0 to 65535");
    entry.port = static_cast<base::Port>(*port);
    return entry;
  }
  Result<base::IpAddress> ip = base::IpAddress::parse(next_part(rest));
  if (!ip) return unreadable(type, text, "an IP address first");
  entry.ip = *ip;
  if (type != IpsetType::kHashIp) {
    Status parsed = parse_protocol_port(next_part(rest), entry);
    if (!parsed) return unreadable(type, text, parsed.message());
  }
  if (type == IpsetType::kHashIpPortIp) {
    Result<base::IpAddress> ip2 = base::IpAddress::parse(next_part(rest));
    if (!ip2) return unreadable(type, text, "an IP address behind the port");
    entry.ip2 = *ip2;
  } else if (type == IpsetType::kHashIpPortNet) {
    Status parsed = parse_net(next_part(rest), entry);
    if (!parsed) return unreadable(type, text, parsed.message());
  }
  if (!rest.empty() || text.substr(0, blank).ends_with(','))
    return unreadable(type, text, "nothing behind it");
  return entry;
}

Result<IpsetEntry> canonical(IpsetType type, base::Family family, IpsetEntry entry) {
  if (type == IpsetType::kBitmapPort) return entry;
  auto refused = [&](std::string_view why) {
    return Status(Code::kInvalidArgument,
                  "entry " + to_text(type, entry) + ": " + std::string(why));
  };
  bool two_addresses = type == IpsetType::kHashIpPortIp || type == IpsetType::kHashIpPortNet;
  if (entry.ip.family() != family || (two_addresses && entry.ip2.family() != family)) {
    return refused("the set holds " + std::string(base::to_string(family)) + " addresses only");
  }
  if ((entry.mark & ~entry.mark_mask) != 0) return refused("the mark has bits outside its mask");
  if (type == IpsetType::kHashIp && entry.ip.is_unspecified()) {
    return refused("hash:ip cannot hold the unspecified address");
  }
  if (type == IpsetType::kHashIpPortNet) {
    if (entry.prefix2 == 0 || entry.prefix2 > entry.ip2.bits()) {
      return refused("the prefix length must be 1 to " + std::to_string(entry.ip2.bits()) +
                     " (split /0 into two /1)");
    }
    entry.ip2 = base::IpPrefix(entry.ip2, entry.prefix2).masked().address();
  }
  return entry;
}

std::string to_text(const IpsetOp& op) {
  return std::visit(Overloaded{
                        [](const CreateIpset& create) {
                          std::string text = to_text(Ipset{create.spec, {}});
                          text.back() = ' ';
                          return text + "-exist";
                        },
                        [](const DestroyIpset& destroy) { return "destroy " + destroy.name; },
                        [](const SwapIpsets& swap) { return "swap " + swap.a + " " + swap.b; },
                        [](const AddIpsetEntry& add) {
                          return "add " + add.set + " " + to_text(add.type, add.entry) + " -exist";
                        },
                        [](const DeleteIpsetEntry& remove) {
                          IpsetEntry key = remove.entry;
                          key.mark = key.mark_mask = 0;
                          return "del " + remove.set + " " + to_text(remove.type, key) + " -exist";
                        },
                    },
                    op);
}

std::string to_text(const Ipset& set) {
  const IpsetSpec& spec = set.spec;
  std::string text = "create " + spec.name + " " + std::string(to_string(spec.type));
  if (spec.type == IpsetType::kBitmapPort) {
    text += " range 0-" + std::to_string(spec.max_elements - 1);
  } else {
    text += spec.family == base::Family::kIpv4 ? " family inet" : " family inet6";
    text += " hashsize " + std::to_string(spec.hash_size);
    text += " maxelem " + std::to_string(spec.max_elements);
    if (spec.skbinfo) text += " skbinfo";
  }
  if (!set.other_parameters.empty()) text += " " + set.other_parameters;
  text += '\n';
  for (const IpsetEntry& entry : set.entries) {
    text += "add " + spec.name + " " + to_text(spec.type, entry) + "\n";
  }
  for (const std::string& entry : set.foreign_entries) {
    text += "add " + spec.name + " " + entry + "\n";
  }
  return text;
}

}  // namespace netconf
