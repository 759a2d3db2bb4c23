#include <array>
#include <cstdint>
#include <optional>

#include "ipvs/schedulers.h"
#include "ipvs/text.h"
#include "ipvs/text_values.h"

namespace ipvs {
namespace {

using base::IpAddress;
using base::Result;
using base::Status;

constexpr std::uint32_t kDefaultTimeout = 360;  // ipvsadm's for -p without a number

// The words of one line, taken one after the other.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) { skip_spaces(); }

  bool done() const { return rest_.empty(); }
  bool option_next() const { return rest_.starts_with('-'); }
  std::string_view take() {
    std::size_t end = std::min(rest_.find_first_of(" \t\r\n"), rest_.size());
    std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    skip_spaces();
    return word;
  }

 private:
  void skip_spaces() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }
  std::string_view rest_;
};

struct Option {
  char letter;
  std::string_view short_name;
  std::string_view long_name;
  std::string_view commands;  // those it may follow
};

constexpr std::array<Option, 23> kOptions = {{
    {'t', "-t", "--tcp-service", "AEDaed"},
    {'u', "-u", "--udp-service", "AEDaed"},
    {'c', "", "--sctp-service", "AEDaed"},
    {'f', "-f", "--fwmark-service", "AEDaed"},
    {'6', "-6", "--ipv6", "AEDaed"},
    {'s', "-s", "--scheduler", "AE"},
    {'p', "-p", "--persistent", "AE"},
    {'M', "-M", "--netmask", "AE"},
    {'e', "", "--pe", "AE"},
    {'o', "-o", "--ops", "AE"},
    {'b', "-b", "--sched-flags", "AE"},
    {'r', "-r", "--real-server", "aed"},
    {'g', "-g", "--gatewaying", "ae"},
    {'i', "-i", "--ipip", "ae"},
    {'m', "-m", "--masquerading", "ae"},
    {'w', "-w", "--weight", "ae"},
    {'x', "-x", "--u-threshold", "ae"},
    {'y', "-y", "--l-threshold", "ae"},
    {'T', "", "--tun-type", "ae"},
    {'P', "", "--tun-port", "ae"},
    {'N', "", "--tun-nocsum", "ae"},
    {'C', "", "--tun-csum", "ae"},
    {'R', "", "--tun-remcsum", "ae"},
}};

// What the options of one line add up to.
struct Line {
  std::optional<VirtualServerKey> key;
  bool ipv6 = false;
  VirtualServer server;
  std::string_view mask;
  std::string_view flags;
  bool has_real_server = false;
  RealServer real_server;
};

Status take_service(Line& line, base::Protocol protocol, std::string_view word) {
  Result<RealServerKey> endpoint = parse_endpoint(word);
  if (!endpoint) return endpoint.status();
  line.key = VirtualServerKey{endpoint->address, endpoint->port, protocol, 0};
  return Status();
}

template <typename Number>
Status take_number(Number& into, std::string_view word, std::uint32_t limit) {
  Result<std::uint32_t> number = parse_number(word, limit);
  if (number) into = static_cast<Number>(*number);
  return number.status();
}

Status take_tunnel_type(RealServer& server, std::string_view word) {
  if (word == "ipip") {
    server.tunnel_type = TunnelType::kIpip;
  } else if (word == "gue") {
    server.tunnel_type = TunnelType::kGue;
  } else if (word == "gre") {
    server.tunnel_type = TunnelType::kGre;
  } else {
    return refused(word, "a tunnel type: ipip, gue or gre");
  }
  return Status();
}

Status take_option(char letter, Words& words, Line& line) {
  RealServer& real = line.real_server;
  switch (letter) {
    case '6': line.ipv6 = true; return Status();
    case 'o': line.server.flags |= kFlagOnePacket; return Status();
    case 'g': real.forwarding = ForwardingMethod::kRoute; return Status();
    case 'i': real.forwarding = ForwardingMethod::kTunnel; return Status();
    case 'm': real.forwarding = ForwardingMethod::kMasquerade; return Status();
    case 'N': real.tunnel_flags = 0; return Status();
    case 'C': real.tunnel_flags = 1; return Status();  // IP_VS_TUNNEL_ENCAP_FLAG_CSUM
    case 'R': real.tunnel_flags = 2; return Status();  // IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM
    case 'p':
      line.server.flags |= kFlagPersistent;
      line.server.timeout_s = kDefaultTimeout;
      if (words.done() || words.option_next()) return Status();
      return take_number(line.server.timeout_s, words.take(), INT32_MAX);
    default: break;
  }
  if (words.done()) return refused("", "an argument behind the last option");
  std::string_view word = words.take();
  switch (letter) {
    case 't': return take_service(line, base::Protocol::kTcp, word);
    case 'u': return take_service(line, base::Protocol::kUdp, word);
    case 'c': return take_service(line, base::Protocol::kSctp, word);
    case 'f':
      line.key = VirtualServerKey();
      if (Status status = take_number(line.key->firewall_mark, word, UINT32_MAX); !status) {
        return status;
      }
      return line.key->firewall_mark != 0 ? Status() : refused(word, "a mark other than 0");
    case 's': line.server.scheduler = word; return Status();
    case 'M': line.mask = word; return Status();
    case 'e': line.server.persistence_engine = word; return Status();
    case 'b': line.flags = word; return Status();
    case 'w': return take_number(real.weight, word, INT32_MAX);
    case 'x': return take_number(real.upper_threshold, word, UINT32_MAX);
    case 'y': return take_number(real.lower_threshold, word, UINT32_MAX);
    case 'T': return take_tunnel_type(real, word);
    case 'P': return take_number(real.tunnel_port, word, UINT16_MAX);
    case 'r': {
      Result<RealServerKey> endpoint = parse_endpoint(word);
      if (!endpoint) return endpoint.status();
      real.key = *endpoint;
      line.has_real_server = true;
      return Status();
    }
    default: return refused(word, "an option");
  }
}

// What can only be understood when the whole line has been read.
Status complete(Line& line) {
  if (!line.key) return refused("", "a virtual server: -t, -u, --sctp-service or -f");
  if (line.ipv6) {
    if (line.key->firewall_mark == 0) return refused("-6", "-f before it");
    line.key->address = IpAddress::from_bytes(std::array<std::uint8_t, 16>{});
  }
  line.server.key = *line.key;
  line.server.persistence_prefix = static_cast<std::uint8_t>(line.key->address.bits());
  if (!line.mask.empty()) {
    Result<std::uint8_t> prefix = parse_persistence_mask(line.mask, line.key->family());
    if (!prefix) return prefix.status();
    line.server.persistence_prefix = *prefix;
  }
  if (!line.flags.empty()) {
    Result<std::uint32_t> bits = parse_scheduler_flags(line.server.scheduler, line.flags);
    if (!bits) return bits.status();
    line.server.flags |= *bits;
  }
  return Status();
}

Result<char> parse_command(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, char>, 6> kLong = {{{"--add-service", 'A'},
                                                                       {"--edit-service", 'E'},
                                                                       {"--delete-service", 'D'},
                                                                       {"--add-server", 'a'},
                                                                       {"--edit-server", 'e'},
                                                                       {"--delete-server", 'd'}}};
  if (word.size() == 2 && word[0] == '-' && std::string_view("AEDaed").find(word[1]) < 6) {
    return word[1];
  }
  for (const auto& [name, letter] : kLong) {
    if (word == name) return letter;
  }
  if (word == "--set") return 'S';
  return refused(word, "one of -A -E -D -a -e -d --set");
}

Result<IpvsOp> parse_timeouts(Words& words) {
  SetTimeouts op;
  for (std::uint32_t* into : {&op.timeouts.tcp_s, &op.timeouts.tcp_fin_s, &op.timeouts.udp_s}) {
    if (Status status = take_number(*into, words.take(), INT32_MAX); !status) return status;
  }
  if (!words.done()) return refused(words.take(), "three numbers behind --set");
  return IpvsOp(op);
}

const Option* find_option(std::string_view word) {
  for (const Option& option : kOptions) {
    if (word == option.long_name || word == option.short_name) return &option;
  }
  return nullptr;
}

}  // namespace

Result<IpvsOp> parse_op(std::string_view text) {
  Words words(text);
  std::string_view first = words.take();
  if (first == "ipvsadm") first = words.take();
  Result<char> command = parse_command(first);
  if (!command) return command.status();
  if (*command == 'S') return parse_timeouts(words);
  Line line;
  line.server.scheduler = "wlc";                           // ipvsadm's default
  line.real_server.forwarding = ForwardingMethod::kRoute;  // ipvsadm's default
  while (!words.done()) {
    std::string_view word = words.take();
    const Option* option = word.empty() ? nullptr : find_option(word);
    if (option == nullptr) return refused(word, "an option of ipvsadm -R");
    if (option->commands.find(*command) == std::string_view::npos) {
      return refused(word, "an option that belongs to " + std::string(first));
    }
    if (Status status = take_option(option->letter, words, line); !status) return status;
  }
  if (Status status = complete(line); !status) return status;
  bool wants_real_server = *command == 'a' || *command == 'e' || *command == 'd';
  if (wants_real_server && !line.has_real_server) return refused(text, "a real server: -r");
  switch (*command) {
    case 'A': return IpvsOp(AddVirtualServer{std::move(line.server)});
    case 'E': return IpvsOp(EditVirtualServer{std::move(line.server)});
    case 'D': return IpvsOp(DeleteVirtualServer{*line.key});
    case 'a': return IpvsOp(AddRealServer{*line.key, line.real_server});
    case 'e': return IpvsOp(EditRealServer{*line.key, line.real_server});
    default: return IpvsOp(DeleteRealServer{*line.key, line.real_server.key});
  }
}

}  // namespace ipvs
