#include "netconf/kernel_conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/addr.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netfilter/ct.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "netconf/netlink_batch.h"
#include "netconf/netlink_socket.h"

namespace netconf {
namespace {

using base::Code;
using base::Family;
using base::Protocol;
using base::Result;
using base::Status;

// CTA_FILTER_F_CTA_PROTO_NUM of the kernel's nf_internals.h: compare the protocol's number.
constexpr std::uint32_t kCompareProtocol = 1U << 3;

// IPS_DST_NAT of the kernel's nf_conntrack_common.h.
constexpr std::uint32_t kDestinationNat = 1U << 5;

// Begins a nested attribute and ends it with the scope.
class Nest {
 public:
  Nest(nl_msg* message, int type)
      : message_(message), start_(nla_nest_start(message, type | NLA_F_NESTED)) {}
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;
  ~Nest() { nla_nest_end(message_, start_); }

 private:
  nl_msg* message_;
  nlattr* start_;
};

void put_header(nl_msg* message, int command, Family family, int flags) {
  nlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, (NFNL_SUBSYS_CTNETLINK << 8) | command,
            sizeof(nfgenmsg), flags);
  auto* header = static_cast<nfgenmsg*>(nlmsg_data(nlmsg_hdr(message)));
  header->nfgen_family = static_cast<std::uint8_t>(base::address_family(family));
  header->version = NFNETLINK_V0;
  header->res_id = 0;
}

void put_big_endian(nl_msg* message, int type, std::uint16_t value) {
  nla_put_u16(message, type, htons(value));
}

void put_address(nl_msg* message, int type_ipv4, int type_ipv6, const base::IpAddress& address) {
  nla_put(message, address.is_ipv4() ? type_ipv4 : type_ipv6,
          static_cast<int>(address.bytes().size()), address.bytes().data());
}

void put_delete(nl_msg* message, const Flow& flow) {
  const FlowDirection& original = flow.original;
  put_header(message, IPCTNL_MSG_CT_DELETE, original.source.family(), 0);
  {
    Nest tuple(message, CTA_TUPLE_ORIG);
    {
      Nest addresses(message, CTA_TUPLE_IP);
      put_address(message, CTA_IP_V4_SRC, CTA_IP_V6_SRC, original.source);
      put_address(message, CTA_IP_V4_DST, CTA_IP_V6_DST, original.destination);
    }
    Nest protocol(message, CTA_TUPLE_PROTO);
    nla_put_u8(message, CTA_PROTO_NUM, static_cast<std::uint8_t>(flow.protocol));
    put_big_endian(message, CTA_PROTO_SRC_PORT, original.source_port);
    put_big_endian(message, CTA_PROTO_DST_PORT, original.destination_port);
  }
  if (flow.zone != 0) put_big_endian(message, CTA_ZONE, flow.zone);
  if (flow.id != 0) nla_put_u32(message, CTA_ID, htonl(flow.id));
}

void put_dump(nl_msg* message, Family family, bool only_udp) {
  put_header(message, IPCTNL_MSG_CT_GET, family, NLM_F_DUMP);
  if (!only_udp) return;
  {
    Nest tuple(message, CTA_TUPLE_ORIG);
    Nest protocol(message, CTA_TUPLE_PROTO);
    nla_put_u8(message, CTA_PROTO_NUM, static_cast<std::uint8_t>(Protocol::kUdp));
  }
  Nest filter(message, CTA_FILTER);
  nla_put_u32(message, CTA_FILTER_ORIG_FLAGS, kCompareProtocol);
  nla_put_u32(message, CTA_FILTER_REPLY_FLAGS, 0);
}

struct CtFree {
  void operator()(nfnl_ct* flow) const { nfnl_ct_put(flow); }
};

std::optional<base::IpAddress> address_of(nl_addr* address) {
  if (address == nullptr) return std::nullopt;
  unsigned length = nl_addr_get_len(address);
  if (length != 4 && length != 16) return std::nullopt;
  const auto* bytes = static_cast<const std::uint8_t*>(nl_addr_get_binary_addr(address));
  return base::IpAddress::from_bytes(std::span(bytes, length));
}

std::optional<FlowDirection> direction_of(const nfnl_ct* flow, int reply) {
  std::optional<base::IpAddress> source = address_of(nfnl_ct_get_src(flow, reply));
  std::optional<base::IpAddress> destination = address_of(nfnl_ct_get_dst(flow, reply));
  if (!source || !destination) return std::nullopt;
  return FlowDirection{*source, nfnl_ct_get_src_port(flow, reply), *destination,
                       nfnl_ct_get_dst_port(flow, reply)};
}

// Nothing where the object is no UDP flow.
std::optional<Flow> udp_flow_of(nlmsghdr* object) {
  nfnl_ct* parsed = nullptr;
  if (nfnlmsg_ct_parse(object, &parsed) < 0) return std::nullopt;
  std::unique_ptr<nfnl_ct, CtFree> flow(parsed);
  if (nfnl_ct_get_proto(flow.get()) != static_cast<std::uint8_t>(Protocol::kUdp)) {
    return std::nullopt;
  }
  std::optional<FlowDirection> original = direction_of(flow.get(), 0);
  std::optional<FlowDirection> reply = direction_of(flow.get(), 1);
  if (!original || !reply) return std::nullopt;
  return Flow{Protocol::kUdp,
              *original,
              *reply,
              nfnl_ct_get_zone(flow.get()),
              nfnl_ct_get_id(flow.get()),
              (nfnl_ct_get_status(flow.get()) & kDestinationNat) != 0};
}

// What cannot be helped by asking again, with what to do about it.
Status explained(const Status& status) {
  switch (status.code()) {
    case Code::kPermissionDenied:
      return Status(status.code(), status.message() + "; needs CAP_NET_ADMIN: run as root",
                    status.error_number());
    // nfnetlink's answer for a part of it that is not there.
    case Code::kInvalidArgument:
    case Code::kUnsupported:
      return Status(Code::kUnsupported,
                    status.message() + "; load the kernel's module: modprobe nf_conntrack_netlink",
                    status.error_number());
    default: return status;
  }
}

class KernelConntrack final : public ConntrackTable {
 public:
  explicit KernelConntrack(NetlinkSocket socket) : socket_(std::move(socket)) {}

  Result<FlowList> read_udp(Family family, const FlowFilter& wanted) override {
    Result<FlowList> list = dump(family, wanted);
    if (!list && only_udp_ && list.status().code() == Code::kInvalidArgument) {
      only_udp_ = false;
      list = dump(family, wanted);
    }
    if (!list) return explained(list.status()).in("read tracked flows");
    return list;
  }

  std::vector<Status> apply(std::span<const DeleteFlow> ops) override {
    std::vector<Status> outcomes;
    outcomes.reserve(ops.size());
    while (!ops.empty()) {
      auto batch = ops.first(std::min(ops.size(), NetlinkBatch::kMostRequests));
      delete_some(batch, outcomes);
      ops = ops.subspan(batch.size());
    }
    return outcomes;
  }

 private:
  Result<FlowList> dump(Family family, const FlowFilter& wanted) {
    FlowList list;
    batch_.clear();
    put_dump(batch_.blank(), family, only_udp_);
    batch_.add();
    Status dumped = socket_.dump(batch_, [&](nlmsghdr* object) {
      std::optional<Flow> flow = udp_flow_of(object);
      if (flow && flow->original.source.family() == family && wanted(*flow)) {
        list.flows.push_back(*flow);
      }
    });
    list.complete = dumped.code() != Code::kInterrupted;
    if (!dumped && list.complete) return dumped;
    return list;
  }

  void delete_some(std::span<const DeleteFlow> ops, std::vector<Status>& outcomes) {
    batch_.clear();
    for (const DeleteFlow& op : ops) {
      put_delete(batch_.blank(), op.flow);
      batch_.add();
    }
    std::vector<int> errors;
    Status ran = socket_.run(batch_, errors);
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if (errors[i] == 0) {
        outcomes.emplace_back();
      } else if (errors[i] == NetlinkSocket::kUnanswered) {
        outcomes.push_back(ran.in(to_text(ops[i])));
      } else {
        outcomes.push_back(explained(Status::from_errno(errors[i], to_text(ops[i]))));
      }
    }
  }

  NetlinkSocket socket_;
  NetlinkBatch batch_;
  bool only_udp_ = true;  // until the kernel says that it does not know such a filter
};

}  // namespace

Result<std::unique_ptr<ConntrackTable>> open_kernel_conntrack() {
  Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return socket.status();
  return std::unique_ptr<ConntrackTable>(std::make_unique<KernelConntrack>(std::move(*socket)));
}

}  // namespace netconf
