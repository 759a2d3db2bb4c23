#include "netconf/libipset_session.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <exception>
#include <optional>
#include <utility>

extern "C" {
#include <libipset/data.h>
#include <libipset/nfproto.h>
#include <libipset/print.h>
#include <libipset/session.h>
#include <libipset/types.h>
}

namespace netconf {
namespace {

using base::Code;
using base::Result;
using base::Status;

// libipset's printing function. It jumps over our frames on its own errors, and must not see our
// exceptions.
int print_to_sink(ipset_session* /*session*/, void* sink, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  // Listings always come as ("%s", TEXT). NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized)
  const char* text = std::string_view(format) == "%s" ? va_arg(arguments, const char*) : format;
  va_end(arguments);
  try {
    auto& function = *static_cast<std::function<void(std::string_view)>*>(sink);
    if (function) function(text);
    return 0;
  } catch (const std::exception&) {
    return -1;
  }
}

// Prints "6:80" where libipset prints "tcp:80", for which it opens and reads /etc/protocols anew
// for every entry (30 us each; a listing of 10,000 would take a third of a second).
int print_protocol_number(char* buffer, unsigned length, const ipset_data* data, ipset_opt option,
                          std::uint8_t environment) {
  const void* protocol = ipset_data_get(data, IPSET_OPT_PROTO);
  const void* port = ipset_data_get(data, IPSET_OPT_PORT);
  if (protocol == nullptr || port == nullptr) {
    return ipset_print_proto_port(buffer, length, data, option, environment);
  }
  std::uint8_t number = *static_cast<const std::uint8_t*>(protocol);
  switch (static_cast<base::Protocol>(number)) {
    case base::Protocol::kTcp:
    case base::Protocol::kUdp:
    case base::Protocol::kSctp:
      return std::snprintf(buffer, length, "%u:%u", unsigned{number},
                           unsigned{*static_cast<const std::uint16_t*>(port)});
  }
  return ipset_print_proto_port(buffer, length, data, option, environment);
}

// Makes libipset's set types known to it, with our way to print protocols. A second time does no
// harm.
void load_types() {
  ipset_load_types();
  for (const ipset_type* type = ipset_types(); type != nullptr; type = type->next) {
    for (const ipset_elem& part : type->elem) {
      // The library keeps its types in writable memory: it writes to them when it registers them.
      if (part.print == ipset_print_proto_port) {
        const_cast<ipset_elem&>(part).print = print_protocol_number;
      }
    }
  }
}

void set_option(ipset_session* session, ipset_opt option, const void* value) {
  ipset_data_set(ipset_session_data(session), option, value);
}

void set_number(ipset_session* session, ipset_opt option, std::uint8_t value) {
  set_option(session, option, &value);
}
void set_number(ipset_session* session, ipset_opt option, std::uint16_t value) {
  set_option(session, option, &value);
}
void set_number(ipset_session* session, ipset_opt option, std::uint32_t value) {
  set_option(session, option, &value);
}
void set_number(ipset_session* session, ipset_opt option, std::uint64_t value) {
  set_option(session, option, &value);
}

std::uint8_t protocol_family(base::Family family) {
  return family == base::Family::kIpv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

}  // namespace

void LibipsetSession::Close::operator()(ipset_session* session) const {
  ipset_session_fini(session);
}

LibipsetSession::LibipsetSession(std::unique_ptr<ipset_session, Close> session,
                                 std::unique_ptr<Sink> sink)
    : sink_(std::move(sink)), session_(std::move(session)) {}

Result<LibipsetSession> LibipsetSession::open() {
  load_types();
  auto sink = std::make_unique<Sink>();
  std::unique_ptr<ipset_session, Close> session(ipset_session_init(print_to_sink, sink.get()));
  if (!session) {
    return Status(Code::kResourceExhausted, "libipset cannot make a session: no memory", ENOMEM);
  }
  ipset_session_output(session.get(), IPSET_LIST_SAVE);
  LibipsetSession opened(std::move(session), std::move(sink));
  opened.begin();
  // Checks the version of the protocol, which opens the socket.
  LibipsetFailure checked = opened.outcome(ipset_cmd(opened.session_.get(), IPSET_CMD_NONE, 0));
  if (checked.ok()) return opened;
  if (checked.status.code() == Code::kPermissionDenied) {
    return checked.status.in("open ipset");
  }
  return Status(Code::kUnsupported,
                "open ipset: " + checked.status.message() + std::string(kLoadIpsetModules),
                checked.status.error_number());
}

// Clears what the command before has left behind.
void LibipsetSession::begin() {
  ipset_session_report_reset(session_.get());
  ipset_data_reset(ipset_session_data(session_.get()));
}

LibipsetFailure LibipsetSession::outcome(int result) {
  if (result >= 0) return {};
  LibipsetFailure failure = read_report(ipset_session_report_msg(session_.get()));
  ipset_session_report_reset(session_.get());
  return failure;
}

LibipsetFailure LibipsetSession::create(const IpsetSpec& spec) {
  ipset_session* session = session_.get();
  begin();
  ipset_session_lineno(session, 0);
  ipset_envopt_set(session, IPSET_ENV_EXIST);
  set_option(session, IPSET_SETNAME, spec.name.c_str());
  set_option(session, IPSET_OPT_TYPENAME, std::string(to_string(spec.type)).c_str());
  bool hash = spec.type != IpsetType::kBitmapPort;
  if (hash) set_number(session, IPSET_OPT_FAMILY, protocol_family(spec.family));
  if (ipset_type_get(session, IPSET_CMD_CREATE) == nullptr) return outcome(-1);
  if (hash) {
    set_number(session, IPSET_OPT_HASHSIZE, spec.hash_size);
    set_number(session, IPSET_OPT_MAXELEM, spec.max_elements);
    if (spec.skbinfo) set_option(session, IPSET_OPT_SKBINFO, nullptr);
  } else {
    set_number(session, IPSET_OPT_PORT, std::uint16_t{0});
    set_number(session, IPSET_OPT_PORT_TO, std::uint16_t{65535});
  }
  return outcome(ipset_cmd(session, IPSET_CMD_CREATE, 0));
}

LibipsetFailure LibipsetSession::destroy(const std::string& name) {
  ipset_session* session = session_.get();
  begin();
  ipset_session_lineno(session, 0);
  // With -exist, newer kernels would not tell that the set is missing.
  ipset_envopt_unset(session, IPSET_ENV_EXIST);
  set_option(session, IPSET_SETNAME, name.c_str());
  return outcome(ipset_cmd(session, IPSET_CMD_DESTROY, 0));
}

LibipsetFailure LibipsetSession::swap(const std::string& a, const std::string& b) {
  ipset_session* session = session_.get();
  begin();
  ipset_session_lineno(session, 0);
  set_option(session, IPSET_SETNAME, a.c_str());
  set_option(session, IPSET_OPT_SETNAME2, b.c_str());
  return outcome(ipset_cmd(session, IPSET_CMD_SWAP, 0));
}

Result<LibipsetHeader> LibipsetSession::header(const std::string& name) {
  ipset_session* session = session_.get();
  begin();
  ipset_session_lineno(session, 0);
  set_option(session, IPSET_SETNAME, name.c_str());
  const ipset_type* type = ipset_type_get(session, IPSET_CMD_ADD);
  if (type == nullptr) return outcome(-1).status;
  std::optional<IpsetType> known = parse_ipset_type(type->name);
  if (!known) {
    return Status(Code::kUnsupported, "the set is of type " + std::string(type->name));
  }
  bool ipv6 = ipset_data_family(ipset_session_data(session)) == NFPROTO_IPV6;
  // libipset remembers only the sets that it made itself, and would ask again for each entry.
  ipset_cache_del(name.c_str());
  ipset_cache_add(name.c_str(), type, ipset_data_family(ipset_session_data(session)));
  return LibipsetHeader{*known, ipv6 ? base::Family::kIpv6 : base::Family::kIpv4};
}

void LibipsetSession::forget_sets() { ipset_cache_del(nullptr); }

LibipsetFailure LibipsetSession::add(const std::string& set, const IpsetEntry& entry,
                                     std::uint32_t line) {
  return queue(true, set, entry, line);
}

LibipsetFailure LibipsetSession::remove(const std::string& set, const IpsetEntry& entry,
                                        std::uint32_t line) {
  return queue(false, set, entry, line);
}

LibipsetFailure LibipsetSession::queue(bool add, const std::string& set, const IpsetEntry& entry,
                                       std::uint32_t line) {
  ipset_session* session = session_.get();
  begin();
  // The flag belongs to the message, not to the entry: it must be there from the first one on.
  ipset_envopt_set(session, IPSET_ENV_EXIST);
  set_option(session, IPSET_SETNAME, set.c_str());
  const ipset_type* type = ipset_type_get(session, IPSET_CMD_ADD);
  if (type == nullptr) return outcome(-1);
  const std::string_view name = type->name;
  if (name != "bitmap:port") {
    set_option(session, IPSET_OPT_IP, entry.ip.bytes().data());
  }
  if (name != "hash:ip") set_number(session, IPSET_OPT_PORT, entry.port);
  if (name.starts_with("hash:ip,port")) {
    set_number(session, IPSET_OPT_PROTO, static_cast<std::uint8_t>(entry.protocol));
  }
  if (name == "hash:ip,port,ip" || name == "hash:ip,port,net") {
    set_option(session, IPSET_OPT_IP2, entry.ip2.bytes().data());
  }
  if (name == "hash:ip,port,net") set_number(session, IPSET_OPT_CIDR2, entry.prefix2);
  if (add && entry.mark_mask != 0) {
    // The mark in the upper half, its mask in the lower one.
    set_number(session, IPSET_OPT_SKBMARK, (std::uint64_t{entry.mark} << 32) | entry.mark_mask);
  }
  return outcome(ipset_cmd(session, add ? IPSET_CMD_ADD : IPSET_CMD_DEL, line));
}

LibipsetFailure LibipsetSession::commit() { return outcome(ipset_commit(session_.get())); }

LibipsetFailure LibipsetSession::save(const std::string& name, Sink sink) {
  ipset_session* session = session_.get();
  begin();
  ipset_session_lineno(session, 0);
  set_option(session, IPSET_SETNAME, name.c_str());
  *sink_ = std::move(sink);
  LibipsetFailure failure = outcome(ipset_cmd(session, IPSET_CMD_SAVE, 0));
  *sink_ = nullptr;
  return failure;
}

}  // namespace netconf
