#ifndef IPVS_AGENT_TESTS_KERNEL_PACKET_CLUSTER_H_
#define IPVS_AGENT_TESTS_KERNEL_PACKET_CLUSTER_H_

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/kernel/agent_in_lab.h"
#include "tests/kernel/packet_cells.h"
#include "tests/kernel/packet_rules.h"
#include "tests/lab/echo_server.h"
#include "tests/lab/probes.h"

namespace kernel_test {

// The outcomes of one cell, and each request in words.
struct Observation {
  std::set<Outcome> outcomes;
  bool unforeseen = false;  // something happened that is no outcome of the table
  std::vector<std::string> requests;
};

// A cluster with every Service of the table, the real agent on the node, and servers. The agent
// does not run yet.
//
// Errors: throws std::runtime_error where the lab cannot be made.
// Threading: one owner.
class PacketCluster {
 public:
  PacketCluster();

  AgentInLab& lab() { return lab_; }
  // Starts the agent, anew where it runs.
  // Errors: throws where it does not start.
  void start_agent(Detection detection);
  // Asks each cell's Service often enough for every endpoint to have its turn. `expected`, of the
  // same length, only says how patiently.
  // Errors: as lab::run_probes().
  base::Result<std::vector<Observation>> observe(std::span<const Cell> cells,
                                                 std::span<const std::set<Outcome>> expected) const;

 private:
  struct Client {
    const lab::Namespace* where = nullptr;
    // Absent for the node, which chooses for itself.
    std::optional<base::IpAddress> address;
  };

  void add_server(Server place, const lab::Namespace& where);
  void add_services();
  // What other nodes route to this one, which here plays load balancer and proxy for them.
  void route_services(const lab::Namespace& remote) const;
  Client client(From from, base::Family family) const;
  static lab::Target target(const Cell& cell);
  void note(const Cell& cell, const lab::ProbeResult& result, Observation& observation) const;
  std::optional<Source> source(const Cell& cell, const base::IpAddress& seen) const;

  AgentInLab lab_;
  std::vector<std::unique_ptr<lab::EchoServer>> servers_;
};

}  // namespace kernel_test

#endif  // IPVS_AGENT_TESTS_KERNEL_PACKET_CLUSTER_H_
