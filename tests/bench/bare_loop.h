#ifndef IPVS_AGENT_TESTS_BENCH_BARE_LOOP_H_
#define IPVS_AGENT_TESTS_BENCH_BARE_LOOP_H_

#include <memory>
#include <vector>

#include "agent/host.h"
#include "base/clock.h"
#include "base/result.h"
#include "tests/bench/metered_tables.h"

namespace bench {

// What the agent is compared with: a loop that only sends, over the same sockets and in the same
// order, what the agent has sent. The netlink messages for IPVS and for addresses are complete
// beforehand, 500 to a send; set entries go through libipset and rules through iptables-restore,
// as the agent's do.
class BareLoop {
 public:
  // Opens sockets in the network namespace of the calling thread, where the service device exists,
  // and builds the messages.
  static base::Result<BareLoop> prepare(const std::vector<WriteCall>& calls,
                                        agent::HostTables tables);

  BareLoop(BareLoop&&) noexcept;
  ~BareLoop();

  // Sends everything once. Errors: the first refusal.
  base::Status run();

  // The time of the last run(), by table.
  const HostUse& use() const;

 private:
  struct State;
  explicit BareLoop(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bench

#endif  // IPVS_AGENT_TESTS_BENCH_BARE_LOOP_H_
