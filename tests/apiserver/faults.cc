#include "tests/apiserver/faults.h"

#include <utility>

namespace apiserver {

Faults::OpenWatch::OpenWatch(Faults& faults, std::string resource, const Connection& connection)
    : faults_(faults), resource_(std::move(resource)), connection_(connection) {
  std::lock_guard lock(faults_.mutex_);
  faults_.watches_.insert(this);
}

Faults::OpenWatch::~OpenWatch() {
  std::lock_guard lock(faults_.mutex_);
  faults_.watches_.erase(this);
}

std::vector<WatchOrder> Faults::OpenWatch::take_orders() {
  std::lock_guard lock(faults_.mutex_);
  return std::exchange(orders_, {});
}

bool Faults::OpenWatch::silent() const {
  std::lock_guard lock(faults_.mutex_);
  return faults_.silent_.contains(resource_) || faults_.silent_.contains("");
}

void Faults::answer(int times, FaultScope scope, HttpResponse response) {
  std::lock_guard lock(mutex_);
  planned_.push_back({times, std::move(scope), {false, std::move(response)}});
}

void Faults::hang(int times, FaultScope scope) {
  std::lock_guard lock(mutex_);
  planned_.push_back({times, std::move(scope), {true, {}}});
}

std::size_t Faults::order(const std::string& resource, const WatchOrder& order) {
  std::lock_guard lock(mutex_);
  std::size_t reached = 0;
  for (OpenWatch* watch : watches_) {
    if (!resource.empty() && watch->resource_ != resource) continue;
    watch->orders_.push_back(order);
    watch->connection_.wake().notify();
    ++reached;
  }
  return reached;
}

void Faults::silence(const std::string& resource, bool on) {
  std::lock_guard lock(mutex_);
  if (on) {
    silent_.insert(resource);
  } else if (resource.empty()) {
    silent_.clear();
  } else {
    silent_.erase(resource);
  }
  for (OpenWatch* watch : watches_) watch->connection_.wake().notify();
}

void Faults::clear() {
  silence("", false);
  std::lock_guard lock(mutex_);
  planned_.clear();
  drop_bookmarks = false;
  duplicate_events = false;
  body_rate = 0;
}

std::size_t Faults::open_watches(const std::string& resource) const {
  std::lock_guard lock(mutex_);
  std::size_t open = 0;
  for (const OpenWatch* watch : watches_) {
    if (resource.empty() || watch->resource_ == resource) ++open;
  }
  return open;
}

std::optional<Faults::Verdict> Faults::take(const std::string& resource, FaultScope::Verb verb) {
  std::lock_guard lock(mutex_);
  for (auto planned = planned_.begin(); planned != planned_.end(); ++planned) {
    const FaultScope& scope = planned->scope;
    if (!scope.resource.empty() && scope.resource != resource) continue;
    if (scope.verb != FaultScope::Verb::kAny && scope.verb != verb) continue;
    Verdict verdict = planned->verdict;
    if (--planned->times <= 0) planned_.erase(planned);
    return verdict;
  }
  return std::nullopt;
}

}  // namespace apiserver
