#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "ipvs/kernel_ipvs_table.h"
#include "ipvs/text.h"
#include "tests/contract/kernel/tools.h"
#include "tests/contract/table_host.h"
#include "tests/fakes/random_ipvs.h"

namespace contract {
namespace {

using base::Status;
using ipvs::IpvsOp;

class IpvsKernel : public ContractTest {
 protected:
  IpvsKernel() : table_(new_ipvs_table()) {}

  void must(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      base::Result<IpvsOp> op = ipvs::parse_op(line);
      ASSERT_TRUE(op.ok()) << op.status().message();
      Status status = table_->apply({&*op, 1})[0];
      EXPECT_TRUE(status.ok()) << status.message();
    }
  }
  ipvs::IpvsState read() {
    base::Result<ipvs::IpvsState> state = table_->read();
    EXPECT_TRUE(state.ok()) << state.status().message();
    return state.ok() ? *state : ipvs::IpvsState{};
  }

  std::unique_ptr<ipvs::IpvsTable> table_;
};

// What `ipvsadm -Sn` leaves out of its listing.
ipvs::IpvsState as_ipvsadm_tells(ipvs::IpvsState state) {
  for (ipvs::VirtualServerState& virtual_server : state.virtual_servers) {
    for (ipvs::RealServerState& real_server : virtual_server.real_servers) {
      real_server.server.upper_threshold = 0;
      real_server.server.lower_threshold = 0;
    }
  }
  return state;
}

std::vector<IpvsOp> building(const ipvs::IpvsState& state) {
  std::vector<IpvsOp> ops;
  for (const ipvs::VirtualServerState& virtual_server : state.virtual_servers) {
    ops.emplace_back(ipvs::AddVirtualServer{virtual_server.server});
    for (const ipvs::RealServerState& real_server : virtual_server.real_servers) {
      ops.emplace_back(ipvs::AddRealServer{virtual_server.server.key, real_server.server});
    }
  }
  return ops;
}

TEST_F(IpvsKernel, WritesAndReadsAsIpvsadmDoes) {
  ipvs::IpvsState wanted = fakes::RandomIpvs(11).state(150);
  for (const Status& status : table_->apply(building(wanted))) {
    ASSERT_TRUE(status.ok()) << status.message();
  }
  EXPECT_EQ(ipvs::to_text(read()), ipvs::to_text(wanted));
  base::Result<ipvs::IpvsState> told = ipvs::parse_state(must_run({"ipvsadm", "-Sn"}));
  ASSERT_TRUE(told.ok()) << told.status().message();
  EXPECT_EQ(ipvs::to_text(*told), ipvs::to_text(as_ipvsadm_tells(wanted)));
}

// ipvsadm gives a real server behind direct routing or a tunnel the virtual server's own port.
ipvs::IpvsState as_ipvsadm_writes(ipvs::IpvsState state) {
  for (ipvs::VirtualServerState& virtual_server : state.virtual_servers) {
    base::Port port = virtual_server.server.key.port;
    std::vector<ipvs::RealServerState>& real_servers = virtual_server.real_servers;
    for (ipvs::RealServerState& real_server : real_servers) {
      bool rewritten = real_server.server.forwarding != ipvs::ForwardingMethod::kMasquerade;
      if (rewritten && port != 0) real_server.server.key.port = port;
    }
    sort(real_servers);
    auto repeated =
        std::unique(real_servers.begin(), real_servers.end(),
                    [](const auto& a, const auto& b) { return a.server.key == b.server.key; });
    real_servers.erase(repeated, real_servers.end());
  }
  return state;
}

TEST_F(IpvsKernel, PrintsWhatIpvsadmTakes) {
  ipvs::IpvsState wanted = as_ipvsadm_writes(fakes::RandomIpvs(12).state(60));
  must_run({"ipvsadm", "-R"}, ipvs::to_text(wanted));
  EXPECT_EQ(ipvs::to_text(read()), ipvs::to_text(wanted));
  std::string lines;
  for (const ipvs::VirtualServerState& virtual_server : wanted.virtual_servers) {
    const ipvs::VirtualServer& server = virtual_server.server;
    for (const ipvs::RealServerState& real_server : virtual_server.real_servers) {
      ipvs::RealServer edited = real_server.server;
      edited.weight = 7;
      lines += ipvs::to_text(ipvs::EditRealServer{server.key, edited}) + "\n";
      lines += ipvs::to_text(ipvs::DeleteRealServer{server.key, edited.key}) + "\n";
    }
    lines += ipvs::to_text(ipvs::EditVirtualServer{server}) + "\n";
    lines += ipvs::to_text(ipvs::DeleteVirtualServer{server.key}) + "\n";
  }
  lines += ipvs::to_text(ipvs::SetTimeouts{{901, 121, 301}}) + "\n";
  must_run({"ipvsadm", "-R"}, lines);
  ipvs::IpvsState left = read();
  EXPECT_EQ(ipvs::to_text(left), "");
  EXPECT_EQ(left.timeouts, (ipvs::Timeouts{901, 121, 301}));
}

TEST_F(IpvsKernel, ReadsWhatOthersMade) {
  must_run({"ipvsadm", "-A", "-t", "10.0.0.1:80", "-s", "none"});
  must_run({"ipvsadm", "-A", "-t", "10.0.0.2:80", "-s", "rr", "-p", "-M", "0.0.0.0"});
  must_run({"ipvsadm", "-a", "-t", "10.0.0.2:80", "-r", "10.1.0.1:80", "-i", "--tun-type", "gue",
            "--tun-port", "5555"});
  EXPECT_EQ(ipvs::to_text(read()),
            "-A -t 10.0.0.1:80 -s none\n"
            "-A -t 10.0.0.2:80 -s rr -p 360 -M 0.0.0.0\n"
            "-a -t 10.0.0.2:80 -r 10.1.0.1:80 -i -w 1 --tun-type gue --tun-port 5555 "
            "--tun-nocsum\n");
}

// Network namespaces with virtual servers of their own come and go, as containers do.
TEST_F(IpvsKernel, ReadsAllWhileOtherNamespacesComeAndGo) {
  constexpr std::size_t kOurs = 200;
  constexpr int kNamespaces = 60;
  std::vector<IpvsOp> ours;
  std::vector<IpvsOp> theirs;
  for (std::size_t i = 0; i < kOurs; ++i) {
    ours.push_back(*ipvs::parse_op("-A -t 10.0.0." + std::to_string(i + 1) + ":80 -s rr"));
    theirs.push_back(*ipvs::parse_op("-A -u 10.0.0." + std::to_string(i + 1) + ":53 -s rr"));
  }
  for (const Status& status : table_->apply(ours)) ASSERT_TRUE(status.ok()) << status.message();
  std::atomic<int> entered = 0;
  std::thread neighbour([&] {
    for (; entered < kNamespaces; ++entered) {
      enter_fresh_host();
      new_ipvs_table()->apply(theirs);
    }
  });
  for (int reads = 0; entered < kNamespaces && !HasFailure(); ++reads) {
    base::Result<std::vector<ipvs::VirtualServerState>> list = table_->read_virtual_servers();
    EXPECT_EQ(list.ok() ? list->size() : 0, kOurs) << list.status().message() << reads;
  }
  neighbour.join();
}

// A TCP connection to the virtual server of this very host.
class Connection {
 public:
  explicit Connection(const sockaddr_in& to) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    timeval deadline = {.tv_sec = 20, .tv_usec = 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
    setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
    connected_ = connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  }
  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }

 private:
  base::UniqueFd fd_;
  bool connected_ = false;
};

sockaddr_in at(const char* address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  inet_pton(AF_INET, address, &result.sin_addr);
  return result;
}

bool passes(int from, int to) {
  char byte = 'x';
  return send(from, &byte, 1, 0) == 1 && recv(to, &byte, 1, 0) == 1;
}

TEST_F(IpvsKernel, EditingKeepsTheConnectionsAndCountsThem) {
  must_run({"ip", "addr", "add", "10.96.0.1/32", "dev", "lo"});
  must_run({"ip", "addr", "add", "10.1.0.1/32", "dev", "lo"});
  base::UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in place = at("10.1.0.1", 8080);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&place), sizeof(place)), 0);
  ASSERT_EQ(listen(listener.get(), 8), 0);
  must({"-A -t 10.96.0.1:80 -s rr", "-a -t 10.96.0.1:80 -r 10.1.0.1:8080 -m -w 1"});

  Connection client(at("10.96.0.1", 80));
  ASSERT_TRUE(client.connected());
  base::UniqueFd server(accept(listener.get(), nullptr, nullptr));
  ASSERT_TRUE(passes(client.fd(), server.get()));
  // The kernel adds up its traffic counters every two seconds.
  auto traffic_beyond = [&](std::uint64_t packets) {
    ipvs::VirtualServerState state;
    for (int i = 0; i < 200; ++i) {
      state = read().virtual_servers.at(0);
      if (state.real_servers.at(0).traffic.packets_in > packets) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return state;
  };
  ipvs::VirtualServerState before = traffic_beyond(0);
  EXPECT_EQ(before.traffic.connections, 1u);
  EXPECT_EQ(before.real_servers[0].traffic.connections, 1u);
  EXPECT_GT(before.real_servers[0].traffic.bytes_in, 0u);
  EXPECT_EQ(before.real_servers[0].active_connections, 1u);

  must({"-E -t 10.96.0.1:80 -s wlc -p 60", "-e -t 10.96.0.1:80 -r 10.1.0.1:8080 -m -w 0"});
  EXPECT_TRUE(passes(client.fd(), server.get()));
  EXPECT_TRUE(passes(server.get(), client.fd()));
  ipvs::RealServerState after =
      traffic_beyond(before.real_servers[0].traffic.packets_in).real_servers.at(0);
  EXPECT_EQ(after.server.weight, 0u);
  EXPECT_EQ(after.active_connections, 1u);
  EXPECT_EQ(after.traffic.connections, 1u);
  EXPECT_GT(after.traffic.packets_in, before.real_servers[0].traffic.packets_in);
}

}  // namespace
}  // namespace contract
