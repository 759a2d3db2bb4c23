#include "agent/service_selection.h"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/listen_address.h"

namespace agent {
namespace {

using ipvs::VirtualServerKey;
using watchers::ObjectKey;
using watchers::Service;

// Whether a Service is one of those that are asked for, on whatever page.
class ServiceFilter {
 public:
  ServiceFilter(const Loop& loop, const StatusQuestion& question)
      : host_(loop.host()),
        question_(question),
        spans_(question.text.find('/') != std::string::npos) {
    auto address = parse_listen_address(question.text, 0);
    if (address.ok()) address_ = address->address;
  }

  bool matches(const Service& service) const {
    if (!question_.space.empty() && service.key.space != question_.space) return false;
    if (!question_.name.empty() && service.key.name != question_.name) return false;
    if (!question_.text.empty() && !(address_ ? has_address(service) : is_named(service))) {
      return false;
    }
    return question_.selector.matches(service.labels) &&
           (!question_.troubled || is_troubled(service));
  }

 private:
  bool is_named(const Service& service) const {
    const std::string& text = question_.text;
    if (spans_) return watchers::to_string(service.key).find(text) != std::string::npos;
    return service.key.name.find(text) != std::string::npos ||
           service.key.space.find(text) != std::string::npos;
  }

  bool has_address(const Service& service) const {
    auto is_it = [&](const base::IpAddress& address) { return address == *address_; };
    return std::ranges::any_of(service.cluster_ips, is_it) ||
           std::ranges::any_of(service.external_ips, is_it) ||
           std::ranges::any_of(service.ingress, is_it, &watchers::LoadBalancerIngress::ip);
  }

  bool is_troubled(const Service& service) const {
    const ServicePlan* plan = host_.desired().plan(service.key);
    if (plan == nullptr) return !service.problems.empty();
    if (!plan->problems.empty()) return true;
    auto is_well = [&](const PlannedVirtualServer& planned) {
      const VirtualServerKey& key = planned.server.key;
      const ObjectKey* owner = host_.desired().owner(key);
      return (owner == nullptr || *owner == service.key) &&
             !host_.retries().all().contains(HostThing(key)) &&
             std::ranges::any_of(planned.real_servers,
                                 [](const ipvs::RealServer& real) { return real.weight > 0; });
    };
    return !std::ranges::all_of(plan->virtual_servers, is_well);
  }

  const Host& host_;
  const StatusQuestion& question_;
  const bool spans_;                        // the text may span namespace and name
  std::optional<base::IpAddress> address_;  // that the text is
};

// Some of the Services that are offered to it: the first ones, or with `last` the last ones.
class FewServices {
 public:
  FewServices(std::size_t most, bool last) : most_(most), before_{last} {}

  void offer(const Service& service) {
    if (heap_.size() == most_) {
      if (!before_(&service, heap_.front())) return;
      std::ranges::pop_heap(heap_, before_);
      heap_.pop_back();
    }
    heap_.push_back(&service);
    std::ranges::push_heap(heap_, before_);
  }

  std::vector<const Service*> in_order() && {
    std::ranges::sort_heap(heap_, before_);
    if (before_.reverse) std::ranges::reverse(heap_);
    return std::move(heap_);
  }

 private:
  struct Before {
    bool reverse;
    bool operator()(const Service* a, const Service* b) const {
      return reverse ? b->key < a->key : a->key < b->key;
    }
  };

  const std::size_t most_;
  const Before before_;
  std::vector<const Service*> heap_;  // the one that leaves first on top
};

}  // namespace

ServiceSelection select_services(const Loop& loop, const StatusQuestion& question,
                                 std::size_t most) {
  const ServiceFilter filter(loop, question);
  ServiceSelection selection;
  FewServices found(most, false);
  FewServices passed(most, true);
  loop.snapshot().for_each_service([&](const Service& service) {
    if (!filter.matches(service)) return;
    ++selection.matching;
    const bool is_before = service.key <= question.after;
    if (is_before) ++selection.before;
    (is_before ? passed : found).offer(service);
  });
  if (selection.before > 0) {
    std::vector<const Service*> last = std::move(passed).in_order();
    selection.previous = last.size() == most ? last.front()->key : ObjectKey();
  }
  selection.services = std::move(found).in_order();
  return selection;
}

}  // namespace agent
