#include "agent/loop.h"

#include <malloc.h>

#include <algorithm>
#include <utility>

#include "agent/start_order.h"

namespace agent {
namespace {

using base::TimePoint;
using watchers::ObjectKey;

}  // namespace

Loop::Loop(Host& host, watchers::EventMailbox& mailbox, const base::Clock& clock,
           LoopListener& listener, LoopOptions options)
    : host_(host),
      mailbox_(mailbox),
      clock_(clock),
      listener_(listener),
      options_(std::move(options)),
      start_backoff_({}, options_.seed) {}

TimePoint Loop::step(TimePoint now) {
  take_events();
  if (!started_ && !start(now)) {
    listener_.stepped(*this, now);
    return start_due(now).value_or(TimePoint::max());
  }
  Touched touched;
  if (addresses_changed_) {
    addresses_changed_ = false;
    std::vector<Drift> drift;
    touched.append(host_.read_addresses(drift, now));
    if (!drift.empty()) listener_.drifted(drift);
  }
  refresh_node(now);
  if (now >= next_sync_) touched.append(plan_pending());
  bool changes = !in_round_.empty();
  // The first of the reasons for a round names it.
  std::string_view cause = changes ? "change" : "";
  if (std::exchange(reconfigured_, false)) cause = "configuration";
  auto add = [&](const Touched& more, std::string_view reason) {
    if (cause.empty() && !more.empty()) cause = reason;
    touched.append(more);
  };
  add(host_.retry_due(now), "retry");
  std::vector<EndedDrain> ended;
  add(host_.poll_drains(now, ended), "drain");
  if (!ended.empty()) listener_.drains_ended(ended);
  std::vector<Drift> drift;
  add(host_.audit(now, drift), "audit");
  if (!drift.empty()) listener_.drifted(drift);
  apply(std::move(touched), cause.empty() ? "audit" : cause, now);
  if (changes) next_sync_ = clock_.now() + options_.min_sync_period;
  tell_health_changes();
  listener_.stepped(*this, now);
  TimePoint wake = host_.next_wake().value_or(TimePoint::max());
  if (!pending_.empty()) wake = std::min(wake, next_sync_);
  return wake;
}

void Loop::reconfigure(LoopOptions options, TimePoint now) {
  options.node_name = options_.node_name;
  options.seed = options_.seed;
  bool other_policy = options.policy != options_.policy;
  bool other_node_ports = options.node_ports != options_.node_ports;
  options_ = std::move(options);
  next_sync_ = now;
  reconfigured_ = true;
  if (other_node_ports) listener_.node_changed(node_);
  // Everything else that plans depend on comes by way of the node's facts.
  if (!other_policy) return;
  for (const ObjectKey& service : snapshot_.service_keys()) pending_.add(service, {now, {}});
}

std::optional<TimePoint> Loop::oldest_pending(base::Family family) const {
  std::optional<TimePoint> oldest = host_.table_health().oldest();
  auto consider = [&](TimePoint since) { oldest = oldest ? std::min(*oldest, since) : since; };
  if (std::optional<TimePoint> change = pending_.oldest(); started_ && change) consider(*change);
  // The rules of a family are everybody's.
  const auto& waiting = host_.retries().all();
  if (auto rules = waiting.find(RulesOf{family}); rules != waiting.end()) {
    consider(rules->second.since);
  }
  return oldest;
}

bool Loop::order_drain(const DrainOrder& order, bool undo, TimePoint now) {
  if (!(undo ? drain_orders_.remove(order) : drain_orders_.add(order))) return false;
  snapshot_.for_each_service([&](const watchers::Service& service) {
    if (concerns(order, snapshot_.slices(service.key))) pending_.add(service.key, {now, {}});
  });
  return true;
}

std::optional<TimePoint> Loop::applied_at(const ObjectKey& service) const {
  if (!started_) return std::nullopt;
  auto changed = applied_.find(service);
  return changed == applied_.end() ? started_at_ : changed->second;
}

void Loop::take_events() {
  std::size_t service_changes = 0;
  std::size_t slice_changes = 0;
  for (auto& [key, event] : mailbox_.take()) {
    if (const auto* rejected = std::get_if<watchers::Rejected>(&event.news)) {
      listener_.object_rejected(key, rejected->reason);
      continue;
    }
    bool of_service = key.kind == watchers::Kind::kService;
    PendingChange pending{event.received, {}, of_service, !of_service};
    if (const auto* slice =
            std::get_if<std::shared_ptr<const watchers::EndpointSlice>>(&event.news)) {
      pending.trigger_times = trigger_times(**slice);
    }
    watchers::ClusterSnapshot::Change change = snapshot_.apply(key, event.news);
    if (!change.services.empty()) ++(of_service ? service_changes : slice_changes);
    for (const ObjectKey& service : change.services) pending_.add(service, pending);
  }
  if (service_changes + slice_changes > 0) listener_.changes_taken(service_changes, slice_changes);
}

// A changed fact of the node can change the plan of any Service.
void Loop::refresh_node(TimePoint now) {
  if (options_.follow_pod_cidrs && snapshot_.node() != nullptr) {
    host_.set_pod_cidrs(snapshot_.node()->pod_cidrs);
  }
  NodeFacts facts = make_node_facts(options_.node_name, snapshot_.node().get(),
                                    host_.node_addresses(), options_.node_ports);
  if (facts == node_ && host_.mark_changes() == mark_changes_) return;
  mark_changes_ = host_.mark_changes();
  node_ = std::move(facts);
  listener_.node_changed(node_);
  for (const ObjectKey& service : snapshot_.service_keys()) pending_.add(service, {now, {}});
}

Touched Loop::plan_pending() {
  Touched touched;
  in_round_ = pending_.take();
  for (const auto& [service, waiting] : in_round_) touched.append(replan(service));
  if (!in_round_.empty()) listener_.planned(host_.desired(), touched);
  return touched;
}

Touched Loop::replan(const ObjectKey& key) {
  std::shared_ptr<const watchers::Service> service = snapshot_.service(key);
  ServicePlan plan;
  if (service != nullptr) {
    plan = plan_service(*service, snapshot_.slices(key), node_, options_.policy);
    plan.problems.insert(plan.problems.end(), service->problems.begin(), service->problems.end());
    for (const auto& slice : snapshot_.slices(key)) {
      for (const std::string& problem : slice->problems) {
        plan.problems.push_back("endpoints " + slice->key.name + ": " + problem);
      }
    }
  }
  drain_orders_.apply(snapshot_.slices(key), plan);
  host_.give_marks(plan);
  static const std::vector<std::string> kNone;
  const ServicePlan* before = host_.desired().plan(key);
  if ((before == nullptr ? kNone : before->problems) != plan.problems) {
    listener_.service_problems(key, plan.problems);
  }
  if ((before == nullptr ? ServiceHealth() : before->health) != plan.health) {
    health_changes_.emplace_back(key, plan.health);
  }
  return host_.desired().set_plan(key, std::move(plan));
}

void Loop::tell_health_changes() {
  for (const auto& [service, health] : std::exchange(health_changes_, {})) {
    listener_.service_health_changed(service, health);
  }
}

// When the first round is due; none while Services or endpoints are not complete.
std::optional<TimePoint> Loop::start_due(TimePoint now) {
  if (!snapshot_.synced(watchers::Kind::kService) ||
      !snapshot_.synced(watchers::Kind::kEndpointSlice)) {
    return std::nullopt;
  }
  if (snapshot_.synced(watchers::Kind::kNode)) return next_start_;
  if (!node_due_) node_due_ = now + options_.node_wait;
  return std::max(next_start_, *node_due_);
}

// The first round. Returns whether it has happened.
bool Loop::start(TimePoint now) {
  std::optional<TimePoint> due = start_due(now);
  if (!due || now < *due) return false;
  refresh_node(now);
  (void)plan_pending();
  auto everything = host_.read_all(now);
  if (!everything.ok()) {
    base::Duration wait = start_backoff_.next();
    next_start_ = now + wait;
    listener_.start_failed(everything.status(), wait);
    return false;
  }
  apply_everything(*std::move(everything), now);
  Round end;
  end.cause = "start";
  end.began = clock_.now();
  end.report = host_.end_start(now);
  end.ended = clock_.now();
  if (end.report.operation_count() > 0) listener_.round_ended(end);
  // What the first lists, plans and reads needed for a moment goes back to the machine.
  malloc_trim(0);
  started_ = true;
  if (!snapshot_.synced(watchers::Kind::kNode)) listener_.node_not_seen(options_.node_wait);
  started_at_ = clock_.now();
  listener_.started(host_, clock_.now() - now);
  return true;
}

void Loop::apply_everything(Touched everything, TimePoint now) {
  if (host_.options().shadow) {  // one comparison, told as a whole
    everything.normalise();
    apply(std::move(everything), "start", now);
  } else {
    for (Touched& part : start_parts(std::move(everything), host_.desired())) {
      apply(std::move(part), "start", now);
    }
  }
  in_round_.clear();
}

void Loop::apply(Touched touched, std::string_view cause, TimePoint now) {
  if (touched.empty() && in_round_.empty() && !host_.rules_may_differ()) return;
  Round round;
  round.cause = cause;
  round.began = clock_.now();
  round.report = host_.apply(std::move(touched), now);
  round.ended = clock_.now();
  if (started_) {
    for (const auto& [key, waiting] : in_round_) {
      round.services.push_back({key, waiting.since, waiting.trigger_times});
      if (snapshot_.service(key) != nullptr) {
        applied_[key] = round.ended;
      } else {
        applied_.erase(key);
      }
    }
    in_round_.clear();
  }
  listener_.round_ended(round);
}

}  // namespace agent
