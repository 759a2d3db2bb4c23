#include "tests/fakes/fault_plan.h"

#include <utility>

namespace fakes {

void FaultPlan::fail_randomly(std::uint64_t seed, double probability, std::vector<Fault> faults) {
  random_.seed(seed);
  probability_ = probability;
  random_faults_ = std::move(faults);
}

void FaultPlan::fail_reads(int count, base::Status failure) {
  failing_reads_ = count;
  read_failure_ = std::move(failure);
}

void FaultPlan::interrupt_reads(int count) {
  fail_reads(count, base::Status(base::Code::kInterrupted, "injected: the dump was interrupted"));
}

void FaultPlan::stop() {
  operations_.clear();
  every_.reset();
  random_faults_.clear();
  failing_reads_ = 0;
}

std::optional<Fault> FaultPlan::next_operation() {
  if (watch_) watch_();
  std::uint64_t index = operation_count_++;
  std::optional<Fault> fault = every_;
  if (auto found = operations_.find(index); found != operations_.end()) fault = found->second;
  if (!fault && !random_faults_.empty() &&
      std::uniform_real_distribution<double>(0, 1)(random_) < probability_) {
    fault = random_faults_[random_() % random_faults_.size()];
  }
  if (fault) ++fault_count_;
  return fault;
}

base::Status FaultPlan::next_read() {
  ++read_count_;
  if (failing_reads_ == 0) return base::Status();
  --failing_reads_;
  return read_failure_;
}

}  // namespace fakes
