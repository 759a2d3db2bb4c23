#include <algorithm>
#include <utility>

#include "agent/failure.h"
#include "agent/host.h"
#include "ipvs/ipvs_operation.h"

// Clients inside the cluster that reach other real servers than those outside: their firewall
// marks, and doing without where the kernel or iptables cannot give packets any.
namespace agent {
namespace {

using base::Family;
using base::Status;

// So many refusals in a row are no accident.
constexpr int kRefusalsBelieved = 5;

ipvs::VirtualServerKey address_key(const netconf::IpsetEntry& entry) {
  return {.address = entry.ip, .port = entry.port, .protocol = entry.protocol};
}

}  // namespace

bool Host::gives_marks(Family family) const {
  return options_.inside_mark_mask != 0 && sets_.usable(SetId::kInside, family) &&
         sets_.usable(SetId::kInsideMark, family);
}

void Host::give_marks(ServicePlan& plan) {
  std::erase_if(plan.inside, [&](const PlannedVirtualServer& inside) {
    return !gives_marks(inside.server.key.family());
  });
  if (plan.inside.empty()) return;
  if (!marks_.has_room_for(plan.inside.size())) {
    marks_.keep_only([&](const ipvs::VirtualServerKey& marked) {
      return desired_.virtual_server(marked) != nullptr ||
             believed_.virtual_server(marked) != nullptr;
    });
  }
  agent::give_marks(plan, marks_, options_.rules.local_detector.kind != LocalDetector::Kind::kNone,
                    hash_scheduler_);
}

// The kernel has refused a virtual server of a mark because it lacks the scheduler.
void Host::do_without_scheduler(const ipvs::IpvsOp& refused) {
  const std::string* scheduler = ipvs::scheduler_of(refused);
  if (scheduler == nullptr || scheduler->empty() || *scheduler != hash_scheduler_) return;
  hash_scheduler_ = *scheduler == "mh" ? "sh" : "";
  ++mark_changes_;
}

void Host::remember_marks(const std::vector<netconf::IpsetEntry>& entries) {
  for (const netconf::IpsetEntry& entry : entries) {
    if (entry.mark != 0) marks_.remember(address_key(entry), entry.mark);
  }
}

// Those that the kernel's sets say.
void Host::read_marks() {
  for (Family family : families()) {
    std::vector<std::string> names = {set_name(SetId::kInsideMark, family)};
    auto sets = tables_.ipsets.read(names);
    if (sets.ok() && !sets->empty()) remember_marks(sets->front().entries);
  }
}

// Any mark is as good as another: a shadow takes those that whoever works here has given. Returns
// whether plans were made with others, and are to be made anew.
bool Host::take_over_marks() {
  InsideMarks before = std::exchange(marks_, InsideMarks(marks_.mask(), marks_.masquerade()));
  read_marks();
  const bool others =
      std::ranges::any_of(desired_.everything().set_entries, [&](const SetEntry& entry) {
        if (entry.set != SetId::kInsideMark) return false;
        std::optional<std::uint32_t> mark = marks_.known(address_key(entry.entry));
        return mark && *mark != (entry.entry.mark & marks_.mask());
      });
  if (others) {
    avoid_foreign_marks();
    ++mark_changes_;
  } else {
    marks_ = std::move(before);
  }
  return others;
}

// Marks with another masquerading bit; the virtual servers of the old ones go with the next round.
void Host::renew_marks() {
  const std::uint32_t bit = std::uint32_t{1} << options_.rules.masquerade_bit;
  marks_ = InsideMarks(options_.inside_mark_mask & ~bit, bit);
  avoid_foreign_marks();
  ++mark_changes_;
}

// What is there and not in our set of marks was made by somebody else.
void Host::avoid_foreign_marks() {
  if (options_.inside_mark_mask == 0) return;
  auto list = tables_.ipvs.read_virtual_servers();
  if (!list.ok()) return;  // read_all() tells
  for (const ipvs::VirtualServerState& state : *list) {
    const ipvs::VirtualServerKey& key = state.server.key;
    if (key.firewall_mark != 0 && !marks_.is_given(key)) marks_.avoid(key);
  }
}

// Said once, and not tried again before the next start: what is missing is a module of the kernel
// or of iptables.
void Host::do_without_marks(Family family, const Status& why) {
  sets_.give_up(SetId::kInside, family);
  sets_.give_up(SetId::kInsideMark, family);
  rendered_for_[family == Family::kIpv6].reset();
  ++mark_changes_;
  problems_["inside traffic " + std::string(base::to_string(family))] =
      "clients inside the cluster reach only what clients outside reach on addresses of "
      "externalTrafficPolicy Local: " +
      why.message();
}

// A set that kube-proxy does not have is made when it gets its first entry.
Status Host::make_at_need(SetId id, Family family) {
  Status made = sets_.create_at_need(id, family);
  if (made.ok() || classify(made) != FailureClass::kRejected) return made;
  do_without_marks(family, made);
  return {};
}

// One that a rule still uses, because nft lets go of its rules a moment later, goes another time.
void Host::destroy_unneeded_sets(RoundReport& report) {
  for (Family family : families()) {
    for (SetId id : all_sets()) {
      if (!sets_.made(id, family) || !believed_.set(id, family).empty()) continue;
      Status status = sets_.destroy(id, family);
      if (status.ok()) report.count(HostTable::kIpset, "destroy", status);
    }
  }
}

// Rules that name a set which is not there are refused; the audit has it made again.
bool Host::own_sets_are_gone(Family family) {
  const std::vector<std::string> names = {set_name(SetId::kInside, family),
                                          set_name(SetId::kInsideMark, family)};
  auto sets = tables_.ipsets.read(names);
  return gives_marks(family) && (!sets.ok() || sets->size() < names.size());
}

void Host::write_own_rules(Family family, const std::vector<netconf::IptablesOp>& ops,
                           RoundReport& report, base::TimePoint now) {
  if (ops.empty() || own_rules_refused_[family == Family::kIpv6]) return;
  Status status = tables_.iptables.apply(family, ops).front();
  report.count(HostTable::kIptables, "restore", status);
  if (status.ok()) {
    rules_written(family, ops, report);
  } else if (auto waiting = retries_.all().find(RulesOf{family});
             classify(status) != FailureClass::kRejected || waiting == retries_.all().end() ||
             waiting->second.failures < kRefusalsBelieved || own_sets_are_gone(family) ||
             std::none_of(ops.begin(), ops.end(), [](const netconf::IptablesOp& op) {
               return std::holds_alternative<netconf::WriteChain>(op);
             })) {
    // A set may have gone that the next round makes again, or a jump that was to be taken away.
    settle(RulesOf{family}, status, report, now);
  } else if (gives_marks(family)) {
    do_without_marks(family, status);
  } else {
    own_rules_refused_.set(family == Family::kIpv6);
    problems_["table mangle " + std::string(base::to_string(family))] =
        "loadBalancerSourceRanges do not hold for the node's own clients: " + status.message();
  }
}

// The addresses that the marks' virtual servers stand for, of those whose packets are UDP.
void Host::note_flows_of_marks(const std::vector<ipvs::VirtualServerKey>& marked,
                               RoundReport& report) const {
  if (marked.empty()) return;
  for (Family family : families()) {
    for (const netconf::IpsetEntry& entry : believed_.set(SetId::kInsideMark, family)) {
      if (entry.protocol != base::Protocol::kUdp) continue;
      const std::uint32_t mark = entry.mark & marks_.mask();
      bool concerned =
          std::any_of(marked.begin(), marked.end(), [&](const ipvs::VirtualServerKey& key) {
            return key.family() == family && (key.firewall_mark & marks_.mask()) == mark;
          });
      if (concerned) report.changed_udp.push_back(address_key(entry));
    }
  }
}

bool Host::serves_inside(const ipvs::VirtualServerKey& address,
                         const ipvs::RealServerKey& server) const {
  for (const netconf::IpsetEntry& entry : believed_.set(SetId::kInsideMark, address.family())) {
    if (address_key(entry) != address) continue;
    const std::uint32_t mark = entry.mark & marks_.mask();
    return believed_.answers(marked_key(address.family(), mark), server) ||
           believed_.answers(marked_key(address.family(), mark | marks_.masquerade()), server);
  }
  return false;
}

}  // namespace agent
