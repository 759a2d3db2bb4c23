#ifndef IPVS_AGENT_TESTS_FAKES_FAULT_PLAN_H_
#define IPVS_AGENT_TESTS_FAKES_FAULT_PLAN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fakes {

// A failure in place of what the table would have answered.
struct Fault {
  int error_number = 0;
  // The operation happens all the same and only its answer is wrong, as when an acknowledgement is
  // lost.
  bool carried_out = false;
};

// Which operations and reads fail. Operations are counted from 0 over the life of the plan, across
// batches; so are reads.
//
// Threading: one owner.
class FaultPlan {
 public:
  // The `index`-th operation from the first one ever.
  void fail_operation(std::uint64_t index, Fault fault) { operations_[index] = fault; }
  // The operation that comes `ahead` operations after those made so far; 0 is the next one.
  void fail_next_operation(Fault fault, std::uint64_t ahead = 0) {
    operations_[operation_count_ + ahead] = fault;
  }
  // Every operation, until stop().
  void fail_all_operations(Fault fault) { every_ = fault; }
  // Each operation with this probability, one of these faults, the same ones for the same seed.
  void fail_randomly(std::uint64_t seed, double probability, std::vector<Fault> faults);
  // The next `count` reads answer `failure`.
  void fail_reads(int count, base::Status failure);
  // The next `count` reads answer kInterrupted, as a dump that changed too often.
  void interrupt_reads(int count);
  // Calls `watch` before every operation, so that a test can look between any two; null: no more.
  void before_each_operation(std::function<void()> watch) { watch_ = std::move(watch); }
  // No more faults.
  void stop();

  // For decorators: the fault of the operation or read that is about to happen.
  std::optional<Fault> next_operation();
  base::Status next_read();

  std::uint64_t operation_count() const { return operation_count_; }
  std::uint64_t read_count() const { return read_count_; }
  // How many operations got a fault.
  std::uint64_t fault_count() const { return fault_count_; }

 private:
  std::function<void()> watch_;
  std::map<std::uint64_t, Fault> operations_;
  std::optional<Fault> every_;
  std::mt19937_64 random_;
  double probability_ = 0;
  std::vector<Fault> random_faults_;
  int failing_reads_ = 0;
  base::Status read_failure_;
  std::uint64_t operation_count_ = 0;
  std::uint64_t read_count_ = 0;
  std::uint64_t fault_count_ = 0;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAULT_PLAN_H_
