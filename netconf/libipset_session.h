#ifndef IPVS_AGENT_NETCONF_LIBIPSET_SESSION_H_
#define IPVS_AGENT_NETCONF_LIBIPSET_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "netconf/ipset_table.h"
#include "netconf/libipset_report.h"

struct ipset_session;

namespace netconf {

// What the kernel says of a set that exists.
struct LibipsetHeader {
  IpsetType type = IpsetType::kHashIp;
  base::Family family = base::Family::kIpv4;  // kIpv4 for kBitmapPort
};

// One session of libipset: its netlink socket, in the network namespace in which the thread opened
// it, and its buffer of entries that were not sent yet.
//
// Threading: one owner; one session in the process (libipset's caches are global and without lock).
// Errors: libipset has texts only, which read_report() turns into codes. No function of it that
// ends the process (its command-line interface) is used.
class LibipsetSession {
 public:
  // kUnsupported without the ip_set module, kPermissionDenied without CAP_NET_ADMIN.
  static base::Result<LibipsetSession> open();

  LibipsetFailure create(const IpsetSpec& spec);
  LibipsetFailure destroy(const std::string& name);
  LibipsetFailure swap(const std::string& a, const std::string& b);

  // Asks the kernel, not libipset's cache, unless it did so since the last forget_sets().
  // kUnsupported for a type that IpsetType lacks.
  base::Result<LibipsetHeader> header(const std::string& name);
  // Forgets which sets there are and of which types: another program may have changed them.
  void forget_sets();

  // Buffers one entry to add or to delete; full buffers are sent. `line` is not 0. The entry must
  // be canonical for the set, whose header() was asked for before. A failure is that of an entry
  // sent now, named by `line`; those behind it, this one included, are not in the kernel.
  LibipsetFailure add(const std::string& set, const IpsetEntry& entry, std::uint32_t line);
  LibipsetFailure remove(const std::string& set, const IpsetEntry& entry, std::uint32_t line);
  // Sends what is buffered.
  LibipsetFailure commit();

  // Gives `sink` the text of `ipset save NAME`, in pieces.
  LibipsetFailure save(const std::string& name, std::function<void(std::string_view)> sink);

 private:
  using Sink = std::function<void(std::string_view)>;
  struct Close {
    void operator()(ipset_session* session) const;
  };

  LibipsetSession(std::unique_ptr<ipset_session, Close> session, std::unique_ptr<Sink> sink);
  void begin();
  LibipsetFailure outcome(int result);
  LibipsetFailure queue(bool add, const std::string& set, const IpsetEntry& entry,
                        std::uint32_t line);

  std::unique_ptr<Sink> sink_;  // libipset holds its address
  std::unique_ptr<ipset_session, Close> session_;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_LIBIPSET_SESSION_H_
