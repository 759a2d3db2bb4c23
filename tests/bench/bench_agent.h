#ifndef IPVS_AGENT_TESTS_BENCH_BENCH_AGENT_H_
#define IPVS_AGENT_TESTS_BENCH_BENCH_AGENT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "agent/host.h"
#include "agent/loop.h"
#include "base/clock.h"
#include "tests/bench/cluster.h"
#include "tests/fakes/manual_clock.h"

namespace bench {

// Keeps nothing but sums, so that it adds nothing to what is measured.
class SummingListener final : public agent::LoopListener {
 public:
  void changes_taken(std::size_t, std::size_t) override {}
  void object_rejected(const watchers::EventKey&, const std::string&) override { ++surprises; }
  void service_problems(const watchers::ObjectKey&, const std::vector<std::string>&) override {
    ++surprises;
  }
  void start_failed(const base::Status& failure, base::Duration) override {
    ++surprises;
    start_failure = failure;
  }
  void started(const agent::Host&, base::Duration) override {}
  void drifted(const std::vector<agent::Drift>& drift) override { surprises += drift.size(); }
  void drains_ended(const std::vector<agent::EndedDrain>& ended) override {
    drains_ended_count += ended.size();
  }
  void round_ended(const agent::Round& round) override {
    operations += round.report.operation_count();
    surprises += round.report.failures.size();
    for (const std::string& line : round.report.lines) {
      if (line.ends_with("of kube-proxy's iptables mode removed")) ++removed_modes;
    }
  }
  void stepped(const agent::Loop&, base::TimePoint) override {}

  std::size_t operations = 0;
  std::size_t drains_ended_count = 0;
  std::size_t surprises = 0;      // what a benchmark's host and objects must not cause
  std::size_t removed_modes = 0;  // of a family, kube-proxy's iptables mode
  base::Status start_failure;
};

// An agent from the mailbox to the tables it is given, with the options of an agent without
// configuration, stepped by hand with a clock that stands still.
class BenchAgent {
 public:
  explicit BenchAgent(agent::HostTables tables);

  // What must be there before objects come; aborts with a message where the host lacks something.
  void prepare();
  // Everything into the mailbox, as complete lists.
  void deliver(const Cluster& cluster);
  void deliver(std::shared_ptr<const watchers::EndpointSlice> slice);
  // One step, now.
  base::Duration step();
  void advance(base::Duration duration) { clock_.advance(duration); }

  SummingListener listener;

  const agent::Loop& loop() const { return loop_; }
  const agent::Host& host() const { return host_; }

 private:
  void put(watchers::Kind kind, const watchers::ObjectKey& key, watchers::ObjectNews news);

  fakes::ManualClock clock_;
  watchers::EventMailbox mailbox_;
  agent::Host host_;
  agent::Loop loop_;
};

}  // namespace bench

#endif  // IPVS_AGENT_TESTS_BENCH_BENCH_AGENT_H_
