#include "netconf/netlink_batch.h"

#include <netlink/msg.h>

#include <cstring>
#include <new>

namespace netconf {
namespace {

// More than any request of ours: the largest, a new virtual server, takes about 130 bytes.
constexpr std::size_t kLongestRequest = 1024;

}  // namespace

void NetlinkMessageFree::operator()(nl_msg* message) const { nlmsg_free(message); }

NetlinkBatch::NetlinkBatch() : blank_(nlmsg_alloc_size(kLongestRequest)) {
  if (blank_ == nullptr) throw std::bad_alloc();
}

nl_msg* NetlinkBatch::blank() {
  nlmsghdr* header = nlmsg_hdr(blank_.get());
  std::memset(header, 0, sizeof(*header));
  header->nlmsg_len = NLMSG_HDRLEN;
  return blank_.get();
}

void NetlinkBatch::add() {
  const nlmsghdr* header = nlmsg_hdr(blank_.get());
  const std::size_t end = bytes_.size();
  bytes_.resize(end + NLMSG_ALIGN(header->nlmsg_len));
  std::memcpy(bytes_.data() + end, header, header->nlmsg_len);
  ++count_;
}

void NetlinkBatch::clear() {
  bytes_.clear();
  count_ = 0;
}

}  // namespace netconf
