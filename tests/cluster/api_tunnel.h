#ifndef IPVS_AGENT_TESTS_CLUSTER_API_TUNNEL_H_
#define IPVS_AGENT_TESTS_CLUSTER_API_TUNNEL_H_

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/event_fd.h"
#include "base/ip_address.h"
#include "base/protocol.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace cluster {

// Passes TCP connections on, from a port inside one network namespace to an address reachable from
// another, without a route between the two: an agent in a test node's namespace reaches the API
// server at https://127.0.0.1:PORT. It is also the network's faults: cut, refuse, freeze.
//
// Threading: one thread of its own; every method may be called from any thread.
// Kernel notes: a socket belongs to the namespace in which it was made (network_namespaces(7)).
class ApiTunnel {
 public:
  struct Options {
    std::string target_host{};  // IPv4 or IPv6 text
    base::Port target_port = 0;
    base::Port listen_port = 0;      // on 127.0.0.1; 0: any free one
    std::string listen_namespace{};  // "/run/netns/node1"; empty: this thread's own
  };

  // Connections to the target are made from the caller's namespace.
  static base::Result<std::unique_ptr<ApiTunnel>> open(const Options& options);
  ~ApiTunnel();
  ApiTunnel(const ApiTunnel&) = delete;
  ApiTunnel& operator=(const ApiTunnel&) = delete;

  base::Port port() const { return port_; }

  // These three have their effect when they return.
  // Resets every connection there is; new ones work.
  void cut();
  // While on, new connections are reset as soon as they are made. Existing ones go on.
  void refuse(bool on);
  // While on, no byte passes and nothing is closed: the peer is silent but its kernel is not.
  void freeze(bool on);
  // Connections passed on so far.
  int accepted() const;

 private:
  struct Connection;

  ApiTunnel(base::IpAddress target, base::Port target_port, base::UniqueFd listener,
            base::Port port);
  void run();
  void accept_one();

  const base::IpAddress target_;
  const base::Port target_port_;
  const base::UniqueFd listener_;
  const base::EventFd wake_;
  const base::Port port_;
  mutable std::mutex mutex_;  // guards everything below; not held while the thread waits
  bool stopping_ = false;
  bool refusing_ = false;
  bool frozen_ = false;
  int accepted_ = 0;
  std::uint64_t changes_ = 0;  // counts what makes a finished wait's result void
  std::list<Connection> connections_;
  std::thread thread_;
};

}  // namespace cluster

#endif  // IPVS_AGENT_TESTS_CLUSTER_API_TUNNEL_H_
