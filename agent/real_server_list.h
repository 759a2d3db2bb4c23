#ifndef IPVS_AGENT_AGENT_REAL_SERVER_LIST_H_
#define IPVS_AGENT_AGENT_REAL_SERVER_LIST_H_

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "ipvs/real_server.h"

namespace agent {

// The real servers of one virtual server, sorted by key, each key once. A copy shares the memory
// until one of the two is changed: what is wanted and what the kernel is believed to hold are the
// same list most of the time, and the largest part of the agent's memory.
//
// Threading: copies may be used by different threads; one list is for one thread at a time.
class RealServerList {
 public:
  using Servers = std::vector<ipvs::RealServer>;
  using const_iterator = Servers::const_iterator;

  RealServerList() = default;
  // Not explicit: a sorted list of real servers is what this is. NOLINTNEXTLINE(*-explicit-*)
  RealServerList(Servers servers)
      : servers_(servers.empty() ? nullptr : std::make_shared<Servers>(std::move(servers))) {}
  RealServerList(std::initializer_list<ipvs::RealServer> servers)
      : RealServerList(Servers(servers)) {}

  const_iterator begin() const { return get().begin(); }
  const_iterator end() const { return get().end(); }
  std::size_t size() const { return get().size(); }
  bool empty() const { return get().empty(); }
  const ipvs::RealServer& front() const { return get().front(); }

  // Adds a real server, or replaces the one of its key. Returns whether it was added.
  bool put(const ipvs::RealServer& server);
  // Returns whether there was one.
  bool erase(const ipvs::RealServerKey& key);
  // Gives every real server that pick() names another weight.
  template <typename Pick>
  void set_weight(std::uint32_t weight, Pick pick) {
    for (std::size_t i = 0; i < size(); ++i) {
      const ipvs::RealServer& server = get()[i];
      if (server.weight != weight && pick(server.key)) own()[i].weight = weight;
    }
  }
  // Uses the memory of the other list, if it says the same.
  void share(const RealServerList& other) {
    if (*this == other) servers_ = other.servers_;
  }
  bool shares_memory_with(const RealServerList& other) const { return servers_ == other.servers_; }

  friend bool operator==(const RealServerList& a, const RealServerList& b) {
    return a.servers_ == b.servers_ || a.get() == b.get();
  }

 private:
  const Servers& get() const;
  // For changes: memory that no other list uses.
  Servers& own();

  std::shared_ptr<Servers> servers_;  // null: none
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_REAL_SERVER_LIST_H_
