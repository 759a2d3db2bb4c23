#include "tests/lab/probes.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

// After the C library's names for the same things.
#include <linux/errqueue.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "base/unique_fd.h"

namespace lab {
namespace {

using base::Protocol;

constexpr std::chrono::seconds kRepeatUdpAfter(1);
constexpr std::string_view kRequest = "probe\n";

base::TimePoint now() { return std::chrono::steady_clock::now(); }

base::Status failure(const std::string& what, const Probe& probe) {
  return base::Status(base::Code::kUnavailable, what + " for " + to_string(probe.to), errno);
}

// A probe under way.
class Attempt {
 public:
  explicit Attempt(const Probe& probe) : probe_(probe) {}

  // Inside the client's namespace.
  base::Status begin() {
    bool v4 = probe_.to.address.is_ipv4();
    int type = probe_.to.protocol == Protocol::kUdp ? SOCK_DGRAM : SOCK_STREAM;
    socket_ = base::UniqueFd(::socket(base::address_family(probe_.to.address.family()),
                                      type | SOCK_CLOEXEC | SOCK_NONBLOCK,
                                      static_cast<int>(probe_.to.protocol)));
    if (!socket_) return failure("socket", probe_);
    int on = 1;
    if (!v4) setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    // Keeps what ICMP said, and makes SCTP heed it.
    setsockopt(socket_.get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, &on,
               sizeof on);
    if (probe_.source) {
      SocketAddress source = socket_address(*probe_.source, 0);
      if (bind(socket_.get(), source.get(), source.length) != 0) return failure("bind", probe_);
    }
    deadline_ = now() + probe_.patience;
    SocketAddress to = socket_address(probe_.to.address, probe_.to.port);
    if (connect(socket_.get(), to.get(), to.length) == 0) {
      ask();
    } else if (errno != EINPROGRESS) {
      fail(errno);
    }
    return {};
  }

  bool over() const { return over_; }
  int fd() const { return socket_.get(); }
  short events() const { return asked_ ? POLLIN : POLLOUT; }
  base::TimePoint deadline() const { return deadline_; }
  const ProbeResult& result() const { return result_; }

  // What poll() saw.
  void on_events(short events) {
    if ((events & POLLERR) != 0) read_icmp();
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    // Reading what ICMP said clears the error.
    if (port_unreachable_) error = ECONNREFUSED;
    if (error != 0) return fail(error);
    if (!asked_ && (events & POLLOUT) != 0) return ask();
    if (asked_ && (events & POLLIN) != 0) receive();
  }

  void on_time(base::TimePoint time) {
    if (asked_ && probe_.to.protocol == Protocol::kUdp && time >= repeat_at_) ask();
  }

 private:
  void ask() {
    asked_ = true;
    repeat_at_ = now() + kRepeatUdpAfter;
    if (send(socket_.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) {
      int error = errno;
      read_icmp();
      if (port_unreachable_) error = ECONNREFUSED;
      // What the kernel does not let out of the node's own sockets: the ICMP comes a moment later,
      // or with a later request, as the kernel sends only so many.
      if (error != EPERM) fail(error);
    }
  }

  void receive() {
    char buffer[512];
    ssize_t got = recv(socket_.get(), buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) {
      int error = errno;
      read_icmp();
      return fail(error);
    }
    if (got == 0) return fail(ECONNRESET);
    answer_.append(buffer, static_cast<std::size_t>(got));
    if (!answer_.ends_with('\n')) return;
    answer_.pop_back();
    base::Result<Reply> reply = parse_reply(answer_);
    if (!reply) return fail(EPROTO);
    result_.end = ProbeEnd::kAnswered;
    result_.reply = std::move(*reply);
    over_ = true;
  }

  void fail(int error) {
    result_.error_number = error;
    if (error != ECONNREFUSED) {
      result_.end = ProbeEnd::kFailed;
    } else if (port_unreachable_ || still_connecting()) {
      result_.end = ProbeEnd::kUnreachable;
    } else {
      result_.end = ProbeEnd::kReset;
    }
    over_ = true;
  }

  // SCTP queues nothing about ICMP, but goes on trying after it; an ABORT would have ended that.
  bool still_connecting() const {
    if (probe_.to.protocol != Protocol::kSctp) return false;
    SocketAddress to = socket_address(probe_.to.address, probe_.to.port);
    return connect(socket_.get(), to.get(), to.length) != 0 && errno == EALREADY;
  }

  void read_icmp() {
    alignas(cmsghdr) char control[512];
    char data[512];
    for (;;) {
      iovec part{data, sizeof data};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      if (recvmsg(socket_.get(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
      for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        bool about_error = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                           (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
        if (about_error) {
          const auto* error = reinterpret_cast<const sock_extended_err*>(CMSG_DATA(c));
          port_unreachable_ |=
              error->ee_errno == ECONNREFUSED &&
              (error->ee_origin == SO_EE_ORIGIN_ICMP || error->ee_origin == SO_EE_ORIGIN_ICMP6);
        }
      }
    }
  }

  Probe probe_;
  base::UniqueFd socket_;
  base::TimePoint deadline_;
  base::TimePoint repeat_at_;
  bool asked_ = false;
  bool over_ = false;
  bool port_unreachable_ = false;
  std::string answer_;
  ProbeResult result_;
};

// Many probes need more files than a program has by default.
void allow_many_files(std::size_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, count + 256);
  limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
  setrlimit(RLIMIT_NOFILE, &limit);
}

// One enters a namespace once, for all of its probes.
base::Status begin_all(std::span<const Probe> probes, std::vector<Attempt>& attempts) {
  std::map<const Namespace*, std::vector<Attempt*>> by_namespace;
  for (const Probe& probe : probes) attempts.emplace_back(probe);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    by_namespace[probes[i].from].push_back(&attempts[i]);
  }
  for (const auto& [where, list] : by_namespace) {
    base::Status begun = where->run([&list = list]() -> base::Status {
      for (Attempt* attempt : list) {
        base::Status status = attempt->begin();
        if (!status) return status;
      }
      return {};
    });
    if (!begun) return begun.in("from " + where->name());
  }
  return {};
}

}  // namespace

std::string_view to_string(ProbeEnd end) {
  switch (end) {
    case ProbeEnd::kAnswered: return "answered";
    case ProbeEnd::kUnreachable: return "refused by ICMP";
    case ProbeEnd::kReset: return "reset";
    case ProbeEnd::kSilence: return "no answer";
    case ProbeEnd::kFailed: return "failed";
  }
  return "unknown";
}

base::Result<std::vector<ProbeResult>> run_probes(std::span<const Probe> probes) {
  allow_many_files(probes.size());
  std::vector<Attempt> attempts;
  attempts.reserve(probes.size());
  base::Status begun = begin_all(probes, attempts);
  if (!begun) return begun;
  for (;;) {
    std::vector<pollfd> waiting;
    std::vector<Attempt*> waiting_for;
    base::TimePoint last = base::TimePoint::min();
    for (Attempt& attempt : attempts) {
      if (attempt.over()) continue;
      attempt.on_time(now());
      if (attempt.over()) continue;
      waiting.push_back({attempt.fd(), attempt.events(), 0});
      waiting_for.push_back(&attempt);
      last = std::max(last, attempt.deadline());
    }
    if (waiting.empty() || now() >= last) break;
    poll(waiting.data(), waiting.size(), 200);
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents != 0) waiting_for[i]->on_events(waiting[i].revents);
    }
  }
  std::vector<ProbeResult> results;
  results.reserve(attempts.size());
  for (const Attempt& attempt : attempts) results.push_back(attempt.result());
  return results;
}

}  // namespace lab
