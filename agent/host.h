#ifndef IPVS_AGENT_AGENT_HOST_H_
#define IPVS_AGENT_AGENT_HOST_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agent/audit_slices.h"
#include "agent/believed_host.h"
#include "agent/desired_host.h"
#include "agent/drains.h"
#include "agent/drift.h"
#include "agent/host_change.h"
#include "agent/host_options.h"
#include "agent/host_tables.h"
#include "agent/inside_marks.h"
#include "agent/kernel_sets.h"
#include "agent/metrics.h"
#include "agent/other_modes_removal.h"
#include "agent/own_node_ports.h"
#include "agent/presence.h"
#include "agent/retries.h"
#include "agent/rivals.h"
#include "agent/round_report.h"
#include "agent/rules_reading.h"
#include "agent/saved_drains.h"
#include "agent/table_health.h"
#include "base/clock.h"
#include "base/result.h"

namespace agent {

// The host's kernel state: as the plans want it, as it is believed to be, and the work that brings
// one to the other. Everything is done for touched things only; apply() is the only writer once the
// start is over.
//
// Ownership: a virtual server is ours if its address is on the service device, or one of our ipsets
// lists it (the sets are written before it and emptied after it, so they are the journal of a
// crash; node ports they list by number alone, which counts on the node's addresses, now or as a
// NodePortJournal remembers them), or a plan wants it. All others are foreign: counted, never
// changed. Threading: one owner, the agent's loop. Errors: a failed operation is retried with
// backoff and holds nothing else up; see failure.h.
class Host {
 public:
  Host(HostTables tables, HostOptions options);

  // Makes what every round needs: kernel settings, the service device, the ipsets, a working
  // scheduler. Writes nothing that is right already. A failure here is one that no retry can be
  // expected to cure; what is merely degraded is in problems().
  base::Status prepare(base::TimePoint now);

  // Drains that are found keep the beginning that the journal knows, and from now on it is told of
  // every change of them, at most once a second. It outlives the Host. To be called before the
  // first apply(). What is wrong with it is in problems().
  void keep_drains(DrainJournal& journal);

  // Virtual servers for node ports on addresses that the journal knows are ours, and it is told of
  // every address before the first of them is made there. It outlives the Host. To be called before
  // read_all() or clean_up(). What is wrong with it is in problems().
  void keep_node_ports(NodePortJournal& journal);

  // What is found at the start counts as an agent's if the record says that one was here, and
  // nothing shows that kube-proxy has written since (see adopted()); the record is made when the
  // start ends. Without it only the latter counts. It outlives the Host. To be called before
  // read_all(). What is wrong with it is in problems().
  void keep_presence(PresenceRecord& record);

  // Reads all tables; one that cannot be read, except that of IPVS, is taken as empty until the
  // audit reads it. To be called once the plans are complete, before the first apply(); what is
  // ours and wanted by nobody is in the result, as is everything wanted.
  base::Result<Touched> read_all(base::TimePoint now);

  // Makes plan.inside part of what is wanted; drops it where the kernel cannot do it. To be called
  // for every plan before it goes to desired().
  void give_marks(ServicePlan& plan);
  // Counts how often what give_marks() can do has changed: plans that went through it before are to
  // be made anew.
  std::uint32_t mark_changes() const { return mark_changes_; }

  DesiredHost& desired() { return desired_; }
  const DesiredHost& desired() const { return desired_; }
  const BelievedHost& believed() const { return believed_; }
  const Drains& drains() const { return drains_; }
  const Retries& retries() const { return retries_; }
  const Rivals& rivals() const { return rivals_; }
  const HostOptions& options() const { return options_; }

  // Other options, from the next round on. The device, the families, the largest sets and the seed
  // stay. Kernel settings that are no longer wanted are left as they are. To be called after
  // prepare().
  void reconfigure(HostOptions options, base::TimePoint now);
  // Whether the kernel has a scheduler. Errors: kUnsupported, with the remedy.
  base::Status try_scheduler(const std::string& scheduler);

  // What apply() would do now.
  HostChange plan(Touched touched) const;

  // Brings the touched things to what is desired, in the order HostChange documents.
  RoundReport apply(Touched touched, base::TimePoint now);

  // Ends the start, when everything wanted has been applied once: writes the rules that waited for
  // that (see hold_rules_), and once everything of ours is in the kernel, removes what kube-proxy's
  // iptables or nftables mode left there. What cannot be removed now is at an audit.
  RoundReport end_start(base::TimePoint now);

  // Whether the rules were read again since they were last compared, or rules of other modes are
  // to be removed, so that a round must follow even if nothing else was touched.
  bool rules_may_differ() const;

  // Reads again what failed and is due now; the result is to be applied.
  Touched retry_due(base::TimePoint now);
  // Reads the counters of what drains, if it is time; the result is to be applied.
  Touched poll_drains(base::TimePoint now, std::vector<EndedDrain>& ended);
  // Looks at the next part of the host, if it is time, and compares it with what is believed; the
  // result is to be applied.
  Touched audit(base::TimePoint now, std::vector<Drift>& drift);
  // When one of the three above has something to do; no value before the first apply().
  std::optional<base::TimePoint> next_wake() const;

  // The pods of this node are in these prefixes now (LocalDetector::Kind::kPodCidr of a node that
  // is told them by the API); the next round writes the rules anew if that changes them.
  void set_pod_cidrs(std::vector<base::IpPrefix> cidrs);

  // Takes everything that is ours out of the kernel: the device with its addresses, virtual
  // servers, rules, sets, in an order in which no packet meets half of it. A failure holds nothing
  // else up; all of them are returned. Kernel settings stay. Instead of prepare(), read_all() and
  // apply().
  std::vector<base::Status> clean_up();

  // Degraded things, by name, that last until they are mended: for status and logs.
  const std::map<std::string, std::string>& problems() const { return problems_; }
  // What read_all() found that no agent had left, where it found any: kube-proxy's, if it wrote to
  // the rules last or bound IPv6 addresses that may become a source; anybody's, if no agent has
  // been here since the boot.
  const std::optional<Adoption>& adopted() const { return presence_.adopted(); }
  // What of the data path does not work for anybody. A thing that fails alone is in retries().
  const TableHealth& table_health() const { return table_health_; }
  std::size_t foreign_virtual_servers() const { return foreign_.size(); }
  // How full each usable set is.
  std::vector<IpsetFill> set_fill() const;
  // The node's addresses as last read; planning NodePorts depends on them.
  const std::vector<netconf::NodeAddress>& node_addresses() const { return node_addresses_; }
  // Reads the addresses again because the kernel said that they changed.
  Touched read_addresses(std::vector<Drift>& drift, base::TimePoint now);

 private:
  friend class HostInspection;  // looks, and changes nothing

  // host_start.cc
  void apply_sysctls(base::TimePoint now);
  base::Status prepare_device(base::TimePoint now);
  void reserve_addresses(const netconf::AddressState& state);
  void prepare_sets(base::TimePoint now);
  void use_set(SetId id, base::Family family, base::TimePoint now);
  void apply_timeouts();
  bool is_ours(const ipvs::VirtualServerKey& key) const;
  bool in_our_sets(const ipvs::VirtualServerKey& key) const;
  bool of_node(const base::IpAddress& address) const;
  void forget_node_ports();
  std::vector<base::Family> families() const;

  // host.cc
  void note_problem(const std::string& name, const base::Status& status);
  void begin_audits(base::TimePoint now);
  void unbind(const std::vector<netconf::AddressOp>& ops, RoundReport& report, base::TimePoint now);
  std::unordered_map<base::IpAddress, std::size_t> doubtful_virtual_servers() const;
  void keep_last_on_bound(std::vector<ipvs::IpvsOp>& removals, RoundReport& report,
                          base::TimePoint now);
  void apply_ipvs(std::vector<ipvs::IpvsOp>& ops, RoundReport& report, base::TimePoint now);
  void apply_entries(const std::vector<SetEntry>& entries, bool add, RoundReport& report,
                     base::TimePoint now);
  bool grow_set(SetId id, base::Family family, RoundReport& report);
  void bind(const std::vector<netconf::AddressOp>& ops, RoundReport& report, base::TimePoint now);
  void settle(const HostThing& thing, const base::Status& status, RoundReport& report,
              base::TimePoint now);

  // host_rules.cc
  void sync_rules(RoundReport& report, base::TimePoint now);
  void sync_rules(base::Family family, RoundReport& report, base::TimePoint now);
  void write_rules(base::Family family, const std::vector<netconf::IptablesOp>& ops,
                   RoundReport& report, base::TimePoint now);
  void rules_written(base::Family family, const std::vector<netconf::IptablesOp>& ops,
                     RoundReport& report);
  SetMask filled_sets(base::Family family) const;
  base::Result<netconf::IptablesState> read_rules(base::Family family);
  void read_rules_again(base::Family family, bool retry, base::TimePoint now);
  void take_rules(base::Family family, std::vector<Drift>* drift, base::TimePoint now);

  // host_health.cc
  void judge_tables(const RoundReport& report, base::TimePoint now);
  bool probe(HostTable table, const HostThing& failed);

  // host_shadow.cc
  void prepare_shadow();
  void look_around();
  void look_at_sysctls();
  void look_at_timeouts(const ipvs::Timeouts& actual);
  RoundReport compare(Touched touched);
  std::vector<std::string> missing_rules(base::Family family, SetMask filled,
                                         std::size_t& operations);
  Touched audit_shadow(base::TimePoint now);

  // host_rivals.cc
  void hold_back(Touched& touched, std::vector<Drift>& drift, base::TimePoint now);
  void tell_of_rivals();

  // host_drains.cc
  void settle_drains(const HostChange& change, RoundReport& report, base::TimePoint now);

  // host_takeover.cc
  void remove_other_modes(RoundReport& report, base::TimePoint now);
  bool decide_removal(bool nft_tables_left, base::TimePoint now);

  // host_inside.cc
  bool gives_marks(base::Family family) const;
  void do_without_scheduler(const ipvs::IpvsOp& refused);
  void remember_marks(const std::vector<netconf::IpsetEntry>& entries);
  void read_marks();
  bool take_over_marks();
  void avoid_foreign_marks();
  void renew_marks();
  void do_without_marks(base::Family family, const base::Status& why);
  base::Status make_at_need(SetId id, base::Family family);
  void destroy_unneeded_sets(RoundReport& report);
  bool own_sets_are_gone(base::Family family);
  void write_own_rules(base::Family family, const std::vector<netconf::IptablesOp>& ops,
                       RoundReport& report, base::TimePoint now);
  void note_flows_of_marks(const std::vector<ipvs::VirtualServerKey>& marked,
                           RoundReport& report) const;
  bool serves_inside(const ipvs::VirtualServerKey& address,
                     const ipvs::RealServerKey& server) const;

  // host_flows.cc
  bool begins_to_answer_udp(const ipvs::IpvsOp& op) const;
  void forget_flows(RoundReport& report);

  // host_audit.cc
  bool reread(std::span<const ipvs::VirtualServerKey> keys, Touched& touched,
              std::vector<Drift>* drift, base::TimePoint now);
  void reread_set(SetId id, base::Family family, Touched& touched, std::vector<Drift>* drift,
                  base::TimePoint now);
  Touched reread_addresses(std::vector<Drift>& drift, base::TimePoint now);
  void audit_slice(Touched& touched, std::vector<Drift>& drift, base::TimePoint now);
  void find_strangers(Touched& touched, std::vector<Drift>& drift, base::TimePoint now);
  void audit_beside_ipvs(std::size_t step, Touched& touched, std::vector<Drift>& drift,
                         base::TimePoint now);

  HostTables tables_;
  HostOptions options_;
  DesiredHost desired_;
  BelievedHost believed_;
  Drains drains_;
  Retries retries_;
  Rivals rivals_;
  InsideMarks marks_;
  std::uint32_t mark_changes_ = 0;
  // For give_marks(). mh moves few clients when real servers change, sh most of them.
  std::string hash_scheduler_ = "mh";
  KernelSets sets_;
  std::bitset<2> own_rules_refused_;  // by family, IPv4 first: not tried before the next start
  std::array<std::optional<netconf::IptablesState>, 2> rules_;  // as believed; no value: not read
  std::array<std::optional<SetMask>, 2> rendered_for_;          // the sets the rules were made for
  RulesReading rules_reading_;
  base::TimePoint next_look_at_reading_{};  // while it goes on
  std::unordered_set<ipvs::VirtualServerKey> foreign_;
  // Those of which an operation failed, and that were not read since.
  std::unordered_set<ipvs::VirtualServerKey> doubtful_;
  std::vector<netconf::NodeAddress> node_addresses_;
  std::map<std::string, std::string> problems_;
  std::vector<std::pair<std::string, std::string>> missing_;  // in shadow mode: (table, command)
  bool whole_ = false;             // in shadow mode: everything was just read
  bool marks_taken_over_ = false;  // in shadow mode: at the last audit, which so compared nothing
  TableHealth table_health_;
  std::array<int, 5> failed_rounds_{};  // by HostTable: in a row, of which nothing was written

  // kube-proxy's iptables mode serves this node by rules in chains of our names: they are replaced
  // at once, when all that takes their place is there.
  bool hold_rules_ = false;
  OtherModesRemoval other_modes_;
  Presence presence_;
  bool started_ = false;  // the first apply() is over
  base::TimePoint next_drain_poll_{};
  SavedDrains saved_drains_;
  OwnNodePorts own_node_ports_;
  AuditSlices audit_slices_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HOST_H_
