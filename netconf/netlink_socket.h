#ifndef IPVS_AGENT_NETCONF_NETLINK_SOCKET_H_
#define IPVS_AGENT_NETCONF_NETLINK_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "netconf/netlink_batch.h"

struct nl_sock;
struct nlmsghdr;

namespace netconf {

struct NetlinkSocketFree {
  void operator()(nl_sock* socket) const;
};

// A netlink socket to the kernel, in the network namespace it was opened in.
//
// Threading: one owner.
// Errors: no call waits longer than kAnswerSeconds for an answer (kUnavailable, EAGAIN). Late
// answers to an abandoned request are told apart by their sequence number and dropped.
// Kernel notes (netlink(7)): requests of one send are carried out in order, a failed one does not
// stop the rest, each answer carries its request's sequence number. Only the last request asks for
// an acknowledgement: failures answer without being asked, so the last answer says that all are
// done. A send buffer smaller than a batch means EMSGSIZE, a receive buffer smaller than its
// answers means lost answers (ENOBUFS): both are raised far above the system's defaults, which
// takes CAP_NET_ADMIN.
class NetlinkSocket {
 public:
  static constexpr int kAnswerSeconds = 5;
  // The outcome of a request whose answer was lost: it may or may not have been carried out.
  static constexpr int kUnanswered = -1;

  // An answer with data, and which request of the batch it answers.
  using OnAnswer = std::function<void(std::size_t request, nlmsghdr* answer)>;
  // One object of a dump.
  using OnObject = std::function<void(nlmsghdr* object)>;

  // `protocol` is NETLINK_ROUTE, NETLINK_GENERIC, ... (netlink(7)). The kernel fills the messages
  // of a dump up to `buffer_bytes`, at most 32 KB, and allocates that much for each: few bytes suit
  // many short dumps. No single answer may be longer.
  static base::Result<NetlinkSocket> open(int protocol, std::size_t buffer_bytes = 64 << 10);

  // Sends the batch and sets one outcome for each request: 0, an errno, or kUnanswered. Fails when
  // an outcome is kUnanswered, and says why.
  base::Status run(NetlinkBatch& batch, std::vector<int>& outcomes, const OnAnswer& on_answer = {});

  // The same for a transaction of nfnetlink: the last request ends it and is never answered, so the
  // one before it asks for the acknowledgement. A transaction that cannot be carried out fails its
  // first request.
  base::Status run_transaction(NetlinkBatch& batch, std::vector<int>& outcomes);

  // Sends the only request of `batch` as a dump. kInterrupted: the kernel says that what was dumped
  // changed meanwhile, and what on_object got may have gaps.
  base::Status dump(NetlinkBatch& batch, const OnObject& on_object);

  // From now on the notifications of a multicast group arrive (RTNLGRP_*).
  base::Status join(int group);
  // Hands over what has arrived, without waiting. ENOBUFS: notifications were lost.
  base::Status receive_waiting(const OnObject& on_notification);

  // For poll().
  int fd() const;

 private:
  NetlinkSocket(nl_sock* socket, std::size_t buffer_bytes);

  base::Status run_until(std::size_t awaited, NetlinkBatch& batch, std::vector<int>& outcomes,
                         const OnAnswer& on_answer);
  int send(NetlinkBatch& batch);
  // Bytes received, or a negative errno.
  int receive(int flags);
  // Ends a dump that was given up, so that the next one does not find the socket busy.
  void drain();

  std::unique_ptr<nl_sock, NetlinkSocketFree> socket_;
  std::vector<std::uint8_t> buffer_;
  std::uint32_t next_sequence_ = 1;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_NETLINK_SOCKET_H_
