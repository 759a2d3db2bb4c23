#include "ipvs/ipvs_operation.h"

#include <variant>

namespace ipvs {

const VirtualServerKey& virtual_server_of(const IpvsOp& op) {
  static const VirtualServerKey kNone;
  struct Visitor {
    const VirtualServerKey& operator()(const AddVirtualServer& o) { return o.server.key; }
    const VirtualServerKey& operator()(const EditVirtualServer& o) { return o.server.key; }
    const VirtualServerKey& operator()(const DeleteVirtualServer& o) { return o.key; }
    const VirtualServerKey& operator()(const AddRealServer& o) { return o.virtual_server; }
    const VirtualServerKey& operator()(const EditRealServer& o) { return o.virtual_server; }
    const VirtualServerKey& operator()(const DeleteRealServer& o) { return o.virtual_server; }
    const VirtualServerKey& operator()(const SetTimeouts&) { return kNone; }
  };
  return std::visit(Visitor(), op);
}

std::string_view verb_of(const IpvsOp& op) {
  constexpr std::string_view kVerbs[] = {
      "add_virtual_server", "edit_virtual_server", "delete_virtual_server", "add_real_server",
      "edit_real_server",   "delete_real_server",  "set_timeouts"};
  return kVerbs[op.index()];
}

const std::string* scheduler_of(const IpvsOp& op) {
  if (const auto* add = std::get_if<AddVirtualServer>(&op)) return &add->server.scheduler;
  if (const auto* edit = std::get_if<EditVirtualServer>(&op)) return &edit->server.scheduler;
  return nullptr;
}

bool deletes(const IpvsOp& op) {
  return std::holds_alternative<DeleteVirtualServer>(op) ||
         std::holds_alternative<DeleteRealServer>(op);
}

}  // namespace ipvs
