#ifndef IPVS_AGENT_AGENT_INSIDE_MARKS_H_
#define IPVS_AGENT_AGENT_INSIDE_MARKS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "agent/service_plan.h"
#include "ipvs/virtual_server.h"

namespace agent {

// The key of a firewall mark's virtual server.
ipvs::VirtualServerKey marked_key(base::Family family, std::uint32_t mark);

// Which firewall marks lead clients inside the cluster to which service address. IPVS finds a
// virtual server by the packet's whole mark first, and by its address only then; so a mark is a
// second virtual server of an address, which only marked packets meet.
//
// A mark belongs to an address, port and protocol, never to a Service: whoever has the address has
// the mark. It is chosen by a hash, so that nothing need be remembered; where two hash alike, the
// second takes the next free one. What the kernel's set of marks (SetId::kInsideMark) says goes
// before that: the set is the journal over restarts.
// Threading: one owner.
class InsideMarks {
 public:
  // `mask`: the bits that marks may have; 0: there are none to give. `masquerade`: the bit, not in
  // the mask, by which packets are masqueraded; the marks of packets that are contain it.
  InsideMarks(std::uint32_t mask, std::uint32_t masquerade);

  // The kernel's set says so.
  void remember(const ipvs::VirtualServerKey& address, std::uint32_t mark);
  // Somebody else has this mark's virtual server: the mark is not given to anyone.
  void avoid(const ipvs::VirtualServerKey& marked);
  // The mark of an address, without the masquerading bit; always the same one until keep_only().
  // No value where none is left.
  std::optional<std::uint32_t> mark_of(const ipvs::VirtualServerKey& address);
  // The mark that an address has; no value where it has none yet.
  std::optional<std::uint32_t> known(const ipvs::VirtualServerKey& address) const;
  // Whether so many more marks can be given, whatever their family.
  bool has_room_for(std::size_t addresses) const;
  // Whether a mark's virtual server is one of ours, in use or not any more.
  bool is_given(const ipvs::VirtualServerKey& marked) const;
  // Takes the marks back of which keep(mark's virtual server) is false.
  template <typename Keep>
  void keep_only(Keep keep);

  std::uint32_t mask() const { return mask_; }
  std::uint32_t masquerade() const { return masquerade_; }

 private:
  ipvs::VirtualServerKey plain(const ipvs::VirtualServerKey& marked) const;

  std::uint32_t mask_;
  std::uint32_t masquerade_;
  std::unordered_map<ipvs::VirtualServerKey, std::uint32_t> marks_;  // by address
  std::unordered_set<ipvs::VirtualServerKey> given_;                 // marked keys, without the bit
  std::unordered_set<ipvs::VirtualServerKey> foreign_;               // the same
};

// Makes virtual servers of marks, and the set entries that lead packets to them, of plan.inside,
// and empties it. Each address gets one for the node's own clients, whose packets are masqueraded,
// and, where `pods_are_told`, one for pods; clients of a node port are always masqueraded, since a
// pod of another node may be among them, whose answer would not come back this way.
//
// The kernel cannot keep sessions of clients whose port is to be translated here: `hash_scheduler`
// (mh or sh) chooses by the client's address instead, or the usual one at each new connection where
// it is empty, because the kernel has neither.
void give_marks(ServicePlan& plan, InsideMarks& marks, bool pods_are_told,
                const std::string& hash_scheduler);

template <typename Keep>
void InsideMarks::keep_only(Keep keep) {
  std::erase_if(marks_, [&](const auto& given) {
    ipvs::VirtualServerKey marked = marked_key(given.first.family(), given.second);
    ipvs::VirtualServerKey masqueraded = marked;
    masqueraded.firewall_mark |= masquerade_;
    if (keep(marked) || keep(masqueraded)) return false;
    given_.erase(marked);
    return true;
  });
}

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_INSIDE_MARKS_H_
