#include "netconf/netlink_socket.h"

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace netconf {
namespace {

constexpr int kSendBytes = 1 << 20;
constexpr int kReceiveBytes = 8 << 20;

void enlarge(int fd, int force_option, int option, int bytes) {
  if (setsockopt(fd, SOL_SOCKET, force_option, &bytes, sizeof(bytes)) == 0) return;
  // Without CAP_NET_ADMIN as much as the system allows; reading still works with that.
  setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes));
}

int error_of(const nlmsghdr* message) {
  if (nlmsg_datalen(message) < static_cast<int>(sizeof(int))) return 0;
  return -*static_cast<const int*>(nlmsg_data(message));
}

}  // namespace

void NetlinkSocketFree::operator()(nl_sock* socket) const { nl_socket_free(socket); }

NetlinkSocket::NetlinkSocket(nl_sock* socket, std::size_t buffer_bytes)
    : socket_(socket), buffer_(buffer_bytes) {}

base::Result<NetlinkSocket> NetlinkSocket::open(int protocol, std::size_t buffer_bytes) {
  NetlinkSocket opened(nl_socket_alloc(), buffer_bytes);
  if (opened.socket_ == nullptr) return base::Status::from_errno(ENOMEM, "open a netlink socket");
  errno = 0;
  if (nl_connect(opened.socket_.get(), protocol) < 0) {
    return base::Status::from_errno(errno != 0 ? errno : EIO, "open a netlink socket");
  }
  timeval deadline = {.tv_sec = kAnswerSeconds, .tv_usec = 0};
  for (int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (setsockopt(opened.fd(), SOL_SOCKET, option, &deadline, sizeof(deadline)) != 0) {
      return base::Status::from_errno(errno, "give a netlink socket a deadline");
    }
  }
  enlarge(opened.fd(), SO_SNDBUFFORCE, SO_SNDBUF, kSendBytes);
  enlarge(opened.fd(), SO_RCVBUFFORCE, SO_RCVBUF, kReceiveBytes);
  return opened;
}

int NetlinkSocket::fd() const { return nl_socket_get_fd(socket_.get()); }

int NetlinkSocket::send(NetlinkBatch& batch) {
  while (::send(fd(), batch.data(), batch.byte_count(), 0) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int NetlinkSocket::receive(int flags) {
  while (true) {
    ssize_t length = recv(fd(), buffer_.data(), buffer_.size(), flags | MSG_TRUNC);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return -errno;
    if (static_cast<std::size_t>(length) > buffer_.size()) return -EMSGSIZE;
    return static_cast<int>(length);
  }
}

void NetlinkSocket::drain() {
  int length = 0;
  do {
    length = receive(MSG_DONTWAIT);
  } while (length >= 0 || length == -ENOBUFS);
}

base::Status NetlinkSocket::run(NetlinkBatch& batch, std::vector<int>& outcomes,
                                const OnAnswer& on_answer) {
  outcomes.clear();
  if (batch.empty()) return base::Status();
  return run_until(batch.size() - 1, batch, outcomes, on_answer);
}

base::Status NetlinkSocket::run_transaction(NetlinkBatch& batch, std::vector<int>& outcomes) {
  return run_until(batch.size() - 2, batch, outcomes, {});
}

// The answer to the request `awaited` says that all before it are done.
base::Status NetlinkSocket::run_until(std::size_t awaited, NetlinkBatch& batch,
                                      std::vector<int>& outcomes, const OnAnswer& on_answer) {
  outcomes.assign(batch.size(), kUnanswered);
  const std::uint32_t first = next_sequence_;
  const auto count = static_cast<std::uint32_t>(batch.size());
  next_sequence_ += count;
  auto* message = reinterpret_cast<nlmsghdr*>(batch.data());
  for (std::uint32_t i = 0; i < count; ++i) {
    message->nlmsg_seq = first + i;
    message->nlmsg_flags |= NLM_F_REQUEST;
    if (i == awaited) message->nlmsg_flags |= NLM_F_ACK;
    int rest = static_cast<int>(batch.byte_count());
    message = nlmsg_next(message, &rest);
  }

  if (int error = send(batch); error != 0) {
    std::fill(outcomes.begin(), outcomes.end(), error);
    return base::Status::from_errno(error, "send " + std::to_string(count) + " netlink requests");
  }
  int trouble = 0;
  const bool transaction = awaited + 1 < batch.size();
  while (outcomes[awaited] == kUnanswered && (!transaction || outcomes.front() <= 0)) {
    // The kernel has answered everything before send() returns: after a loss nothing more comes.
    int length = receive(trouble != 0 ? MSG_DONTWAIT : 0);
    if (length < 0) {
      if (trouble != 0 && length == -EAGAIN) break;
      trouble = -length;
      if (trouble == ENOBUFS || trouble == EMSGSIZE) continue;
      break;
    }
    auto* answer = reinterpret_cast<nlmsghdr*>(buffer_.data());
    for (; nlmsg_ok(answer, length) != 0; answer = nlmsg_next(answer, &length)) {
      std::uint32_t request = answer->nlmsg_seq - first;
      if (request >= count) continue;
      if (answer->nlmsg_type == NLMSG_ERROR) {
        outcomes[request] = error_of(answer);
      } else if (on_answer && answer->nlmsg_type >= NLMSG_MIN_TYPE) {
        on_answer(request, answer);
      }
    }
  }
  if (trouble == 0) {
    // What was carried out says nothing.
    std::replace(outcomes.begin(), outcomes.end(), kUnanswered, 0);
    return base::Status();
  }
  return base::Status::from_errno(
      trouble, "wait for the answers to " + std::to_string(count) + " netlink requests");
}

base::Status NetlinkSocket::dump(NetlinkBatch& batch, const OnObject& on_object) {
  auto* request = reinterpret_cast<nlmsghdr*>(batch.data());
  const std::uint32_t sequence = next_sequence_++;
  request->nlmsg_seq = sequence;
  request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
  if (int error = send(batch); error != 0) {
    return base::Status::from_errno(error, "send a netlink dump request");
  }
  bool interrupted = false;
  while (true) {
    int length = receive(0);
    if (length < 0) {
      drain();
      return base::Status::from_errno(-length, "wait for a netlink dump");
    }
    auto* message = reinterpret_cast<nlmsghdr*>(buffer_.data());
    for (; nlmsg_ok(message, length) != 0; message = nlmsg_next(message, &length)) {
      if (message->nlmsg_seq != sequence) continue;
      interrupted = interrupted || (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
        if (int error = error_of(message); error != 0) {
          return base::Status::from_errno(error, "netlink dump");
        }
        if (!interrupted) return base::Status();
        return base::Status(base::Code::kInterrupted, "what was dumped changed meanwhile", EINTR);
      }
      if (message->nlmsg_type >= NLMSG_MIN_TYPE) on_object(message);
    }
  }
}

base::Status NetlinkSocket::join(int group) {
  errno = 0;
  if (nl_socket_add_membership(socket_.get(), group) == 0) return base::Status();
  return base::Status::from_errno(errno != 0 ? errno : EIO,
                                  "listen to netlink group " + std::to_string(group));
}

base::Status NetlinkSocket::receive_waiting(const OnObject& on_notification) {
  int lost = 0;
  while (true) {
    int length = receive(MSG_DONTWAIT);
    if (length == -EAGAIN) break;
    if (length == -ENOBUFS || length == -EMSGSIZE) {
      lost = -length;
      continue;
    }
    if (length < 0) return base::Status::from_errno(-length, "receive netlink notifications");
    auto* message = reinterpret_cast<nlmsghdr*>(buffer_.data());
    for (; nlmsg_ok(message, length) != 0; message = nlmsg_next(message, &length)) {
      if (message->nlmsg_type >= NLMSG_MIN_TYPE) on_notification(message);
    }
  }
  return lost == 0 ? base::Status()
                   : base::Status::from_errno(lost, "netlink notifications were lost");
}

}  // namespace netconf
