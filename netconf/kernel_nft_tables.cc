#include "netconf/kernel_nft_tables.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <utility>

#include "netconf/netlink_batch.h"
#include "netconf/netlink_socket.h"

namespace netconf {
namespace {

using base::Code;
using base::Family;
using base::Result;
using base::Status;

void put_header(nl_msg* message, int type, int family, std::uint16_t resource) {
  nlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, type, sizeof(nfgenmsg), 0);
  auto* header = static_cast<nfgenmsg*>(nlmsg_data(nlmsg_hdr(message)));
  header->nfgen_family = static_cast<std::uint8_t>(family);
  header->version = NFNETLINK_V0;
  header->res_id = htons(resource);
}

constexpr int type_of(int command) { return (NFNL_SUBSYS_NFTABLES << 8) | command; }

Status explained(const Status& status) {
  // nfnetlink's answer for a part of it that is not there.
  if (status.code() != Code::kInvalidArgument && status.code() != Code::kUnsupported) return status;
  return Status(Code::kUnsupported, status.message() + "; the kernel has no nf_tables",
                status.error_number());
}

class KernelNftTables final : public NftTables {
 public:
  explicit KernelNftTables(NetlinkSocket socket) : socket_(std::move(socket)) {}

  Result<std::vector<NftTable>> read() override {
    std::vector<NftTable> tables;
    batch_.clear();
    put_header(batch_.blank(), type_of(NFT_MSG_GETTABLE), NFPROTO_UNSPEC, 0);
    batch_.add();
    Status dumped = socket_.dump(batch_, [&](nlmsghdr* object) {
      int family = static_cast<nfgenmsg*>(nlmsg_data(object))->nfgen_family;
      nlattr* name = nlmsg_find_attr(object, sizeof(nfgenmsg), NFTA_TABLE_NAME);
      if (name == nullptr || (family != NFPROTO_IPV4 && family != NFPROTO_IPV6)) return;
      tables.push_back(
          {family == NFPROTO_IPV4 ? Family::kIpv4 : Family::kIpv6, nla_get_string(name)});
    });
    if (!dumped) return explained(dumped).in("read nft tables");
    std::ranges::sort(tables);
    return tables;
  }

  std::vector<Status> apply(std::span<const DeleteNftTable> ops) override {
    std::vector<Status> outcomes;
    outcomes.reserve(ops.size());
    for (const DeleteNftTable& op : ops) outcomes.push_back(remove(op).in("nft " + to_text(op)));
    return outcomes;
  }

 private:
  // nf_tables takes changes only inside a transaction.
  Status remove(const DeleteNftTable& op) {
    batch_.clear();
    put_header(batch_.blank(), NFNL_MSG_BATCH_BEGIN, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES);
    batch_.add();
    nl_msg* message = batch_.blank();
    put_header(message, type_of(NFT_MSG_DELTABLE),
               op.table.family == Family::kIpv4 ? NFPROTO_IPV4 : NFPROTO_IPV6, 0);
    nla_put_string(message, NFTA_TABLE_NAME, op.table.name.c_str());
    batch_.add();
    put_header(batch_.blank(), NFNL_MSG_BATCH_END, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES);
    batch_.add();
    std::vector<int> errors;
    Status ran = socket_.run_transaction(batch_, errors);
    for (int error : errors) {
      if (error > 0) return explained(Status::from_errno(error, "transaction"));
    }
    return ran;
  }

  NetlinkSocket socket_;
  NetlinkBatch batch_;
};

}  // namespace

Result<std::unique_ptr<NftTables>> open_kernel_nft_tables() {
  Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return socket.status();
  return std::unique_ptr<NftTables>(std::make_unique<KernelNftTables>(std::move(*socket)));
}

}  // namespace netconf
