#ifndef IPVS_AGENT_NETCONF_NETLINK_BATCH_H_
#define IPVS_AGENT_NETCONF_NETLINK_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

struct nl_msg;

namespace netconf {

struct NetlinkMessageFree {
  void operator()(nl_msg* message) const;
};

// Netlink requests that leave in one send. The buffers stay when the batch is cleared, so that a
// long-lived batch allocates nothing.
//
// Threading: one owner.
class NetlinkBatch {
 public:
  // What the acknowledgements of one send may need of the receive buffer is bounded by this: about
  // 5 KB for each request that is answered with data, 1 KB for each that fails.
  static constexpr std::size_t kMostRequests = 500;

  NetlinkBatch();

  // An empty message to be filled with nlmsg_put() or genlmsg_put() and attributes. It is the same
  // one each time: what add() did not take is forgotten.
  nl_msg* blank();
  // Takes a copy of what blank() was filled with.
  void add();

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  bool full() const { return count_ >= kMostRequests; }
  void clear();

  // The requests as they leave, one behind the other.
  std::uint8_t* data() { return bytes_.data(); }
  std::size_t byte_count() const { return bytes_.size(); }

 private:
  std::unique_ptr<nl_msg, NetlinkMessageFree> blank_;
  std::vector<std::uint8_t> bytes_;
  std::size_t count_ = 0;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_NETLINK_BATCH_H_
