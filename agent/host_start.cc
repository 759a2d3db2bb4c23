#include <algorithm>
#include <utility>

#include "agent/host.h"
#include "agent/other_modes.h"
#include "agent/scheduler_probe.h"

// The start of a Host: what must be there before the first round, and what is there already.
namespace agent {
namespace {

using base::Code;
using base::Family;
using base::Status;

// Without these nothing that is masqueraded, or whose endpoint is elsewhere, arrives.
bool holds_traffic_up(const netconf::Sysctl& setting) {
  return setting.name == "net/ipv4/vs/conntrack" || setting.name == "net/ipv4/ip_forward";
}

// Waiting may help; a start that cannot succeed ends with a word about it instead.
bool may_pass(const Status& failure) {
  FailureClass failure_class = classify(failure);
  return failure_class != FailureClass::kFatal && failure_class != FailureClass::kRejected;
}

}  // namespace

std::vector<Family> Host::families() const {
  std::vector<Family> families;
  if (options_.ipv4) families.push_back(Family::kIpv4);
  if (options_.ipv6) families.push_back(Family::kIpv6);
  return families;
}

Status Host::prepare(base::TimePoint now) {
  if (options_.shadow) {
    prepare_shadow();
    return {};
  }
  apply_sysctls(now);
  if (Status status = try_scheduler(options_.scheduler); !status.ok()) return status;
  apply_timeouts();
  if (Status status = prepare_device(now); !status.ok()) return status;
  prepare_sets(now);
  avoid_foreign_marks();
  for (Family family : families()) {
    auto rules = read_rules(family);
    std::string name = std::string(base::to_string(family)) + " iptables rules";
    if (rules.ok()) {
      hold_rules_ = hold_rules_ || iptables_mode_serves(*rules);
      if (written_by_kube_proxy(*rules)) presence_.note_others();
      rules_[family == Family::kIpv6] = *std::move(rules);
    } else if (classify(rules.status()) == FailureClass::kFatal) {
      return rules.status().in(name);
    } else {
      problems_[name] = rules.status().message();
      retries_.failed(RulesOf{family}, rules.status(), now);
    }
  }
  return {};
}

// Writes the settings that differ; what cannot be set is a problem until it can.
void Host::apply_sysctls(base::TimePoint now) {
  if (options_.shadow) return;
  std::vector<Status> settings = tables_.sysctls.apply(options_.sysctls);
  for (std::size_t i = 0; i < settings.size(); ++i) {
    std::string name = "sysctl " + options_.sysctls[i].name;
    if (holds_traffic_up(options_.sysctls[i])) {
      table_health_.note("setting " + options_.sysctls[i].name, settings[i], now);
    }
    if (settings[i].ok()) {
      problems_.erase(name);
    } else {
      problems_[name] = settings[i].message();
    }
  }
}

Status Host::try_scheduler(const std::string& scheduler) {
  return options_.shadow ? Status() : agent::try_scheduler(tables_.ipvs, scheduler);
}

// What may pass is a problem: the audit reads the addresses again and makes the device.
Status Host::prepare_device(base::TimePoint now) {
  auto state = tables_.addresses.read();
  table_health_.note(kReadingAddresses, state.status(), now);
  if (!state.ok()) {
    if (!may_pass(state.status())) return state.status().in("reading the host's addresses");
    problems_["addresses"] = state.status().message();
    return {};
  }
  if (!state->device_exists) {
    std::vector<netconf::AddressOp> create = {netconf::CreateDevice{}};
    Status status = tables_.addresses.apply(create).front();
    if (!status.ok() && status.code() != Code::kAlreadyExists) {
      status = std::move(status).in("making the service device " + options_.device);
      if (!may_pass(status)) return status;
      problems_["device " + options_.device] = status.message();
      table_health_.failed(kMakingDevice, status, now);
    }
  } else if (state->device_type != "dummy") {
    problems_["device " + options_.device] =
        "is of type \"" + state->device_type + "\", expected \"dummy\"; it is used as it is";
  }
  if (!state->lent.empty()) presence_.note_others();
  reserve_addresses(*state);
  node_addresses_ = state->node;
  return {};
}

// Addresses that kube-proxy bound may become the source of masqueraded traffic; ours may not.
void Host::reserve_addresses(const netconf::AddressState& state) {
  if (options_.shadow) return;
  std::vector<netconf::AddressOp> reserve;
  for (const base::IpAddress& address : state.lent) {
    reserve.emplace_back(netconf::ReserveAddress{address});
  }
  problems_.erase("reserving addresses");
  for (const Status& status : tables_.addresses.apply(reserve)) {
    if (!status.ok()) problems_["reserving addresses"] = status.message();
  }
}

void Host::prepare_sets(base::TimePoint now) {
  for (Family family : families()) {
    for (SetId id : all_sets()) use_set(id, family, now);
  }
}

// The rules do without a set that cannot be had.
void Host::use_set(SetId id, Family family, base::TimePoint now) {
  auto entries = sets_.prepare(id, family);
  const Status& status = entries.status();
  if (entries.ok()) remember_marks(*entries);
  if (!status.ok() && made_at_need(id)) return do_without_marks(family, status);
  const std::string name = set_name(id, family);
  // A set that others made and use is no failure of the table.
  bool works = status.ok() || status.code() == Code::kAlreadyExists;
  table_health_.note("making ipset " + name, works ? Status() : status, now);
  if (status.ok()) {
    problems_.erase("ipset " + name);
    return;
  }
  problems_["ipset " + name] = status.message() +
                               "; its rules are left out: remove the rules that use it and run "
                               "ipset destroy " +
                               name;
}

base::Result<Touched> Host::read_all(base::TimePoint now) {
  if (options_.shadow) look_around();
  auto addresses = tables_.addresses.read();
  table_health_.note(kReadingAddresses, addresses.status(), now);
  if (addresses.ok()) {
    (void)believed_.observe_addresses(addresses->bound);
    node_addresses_ = std::move(addresses->node);
  } else {
    problems_["addresses"] = addresses.status().message();
  }
  for (Family family : families()) {
    for (SetId id : all_sets()) {
      if (!sets_.usable(id, family)) continue;
      std::vector<std::string> names = {set_name(id, family)};
      auto sets = tables_.ipsets.read(names);
      if (!sets.ok()) {
        problems_["reading ipset " + names.front()] = sets.status().message();
        continue;
      }
      if (sets->empty()) continue;
      (void)believed_.observe_set(id, family, sets->front().entries);
      sets_.has_at_least(id, family, sets->front().spec.max_elements);
    }
  }
  auto state = tables_.ipvs.read();
  table_health_.note(kReadingIpvs, state.status(), now);
  if (!state.ok()) return state.status().in("reading the IPVS table");
  if (options_.shadow) look_at_timeouts(state->timeouts);
  for (const ipvs::VirtualServerState& server : state->virtual_servers) {
    if (is_ours(server.server.key)) {
      (void)believed_.observe(server, desired_.real_servers(server.server.key));
    } else {
      foreign_.insert(server.server.key);
    }
  }
  if (!options_.shadow) {
    presence_.judge(believed_, desired_);
    // A start from nothing is recorded at once: should it end half way, the next agent finds what
    // this one has made.
    if (!adopted()) note_problem(Presence::kProblem, presence_.save());
  }
  Touched everything = desired_.everything();
  everything.append(believed_.everything());
  return everything;
}

void Host::keep_presence(PresenceRecord& record) { presence_.keep(record); }

void Host::keep_node_ports(NodePortJournal& journal) {
  note_problem(OwnNodePorts::kProblem, own_node_ports_.keep(journal));
}

// What the start has cleaned up need not be remembered.
void Host::forget_node_ports() {
  auto is_needed = [&](const base::IpAddress& address) {
    return believed_.virtual_servers_on(address) > 0 || of_node(address);
  };
  note_problem(OwnNodePorts::kProblem, own_node_ports_.forget(is_needed));
}

bool Host::is_ours(const ipvs::VirtualServerKey& key) const {
  if (desired_.virtual_server(key) != nullptr) return true;
  if (key.firewall_mark != 0) return marks_.is_given(key);
  const bool excluded =
      std::ranges::any_of(options_.exclude_cidrs,
                          [&](const base::IpPrefix& cidr) { return cidr.contains(key.address); });
  if (excluded) return false;
  return believed_.holds(key.address) || in_our_sets(key);
}

bool Host::of_node(const base::IpAddress& address) const {
  return std::any_of(node_addresses_.begin(), node_addresses_.end(),
                     [&](const netconf::NodeAddress& node) { return node.address == address; });
}

bool Host::in_our_sets(const ipvs::VirtualServerKey& key) const {
  Family family = key.family();
  netconf::IpsetEntry entry{
      .ip = key.address, .protocol = key.protocol, .port = key.port, .ip2 = {}};
  for (SetId id : {SetId::kClusterIp, SetId::kExternalIp, SetId::kExternalIpLocal,
                   SetId::kLoadBalancer, SetId::kNodePortSctp}) {
    if (believed_.holds(SetEntry{id, family, entry})) return true;
  }
  // Node ports are listed by number alone: the address must be, or have been, the node's.
  const bool on_node = own_node_ports_.contains(key.address) || of_node(key.address);
  SetId ports = key.protocol == base::Protocol::kTcp ? SetId::kNodePortTcp : SetId::kNodePortUdp;
  netconf::IpsetEntry port{.ip = {}, .port = key.port, .ip2 = {}};
  return on_node && key.protocol != base::Protocol::kSctp &&
         believed_.holds(SetEntry{ports, family, port});
}

}  // namespace agent
