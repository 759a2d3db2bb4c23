#include "ipvs/ipvs_table.h"

#include <algorithm>
#include <cerrno>

#include "ipvs/text.h"

namespace ipvs {
namespace {

const VirtualServer* written_virtual_server(const IpvsOp& op) {
  if (const auto* add = std::get_if<AddVirtualServer>(&op)) return &add->server;
  if (const auto* edit = std::get_if<EditVirtualServer>(&op)) return &edit->server;
  return nullptr;
}

std::string missing_module(const VirtualServer& server) {
  std::string message = "the kernel has no module ip_vs_" + server.scheduler;
  if (!server.persistence_engine.empty()) {
    message += " or none ip_vs_pe_" + server.persistence_engine;
  }
  return message;
}

}  // namespace

base::Status outcome_of(const IpvsOp& op, int error_number) {
  if (error_number == 0) return base::Status();
  std::string line = to_text(op);
  const VirtualServer* server = written_virtual_server(op);
  if (error_number == ENOENT && server != nullptr) {
    return base::Status(base::Code::kUnsupported, missing_module(*server), ENOENT).in(line);
  }
  base::Status status = base::Status::from_errno(error_number, line);
  if (error_number != EPERM) return status;
  return base::Status(status.code(), status.message() + ": needs the capability CAP_NET_ADMIN",
                      EPERM);
}

void sort(IpvsState& state) {
  auto by_key = [](const VirtualServerState& a, const VirtualServerState& b) {
    return a.server.key < b.server.key;
  };
  std::sort(state.virtual_servers.begin(), state.virtual_servers.end(), by_key);
  for (VirtualServerState& virtual_server : state.virtual_servers) {
    sort(virtual_server.real_servers);
  }
}

void sort(std::vector<RealServerState>& real_servers) {
  std::sort(real_servers.begin(), real_servers.end(),
            [](const RealServerState& a, const RealServerState& b) {
              return a.server.key < b.server.key;
            });
}

}  // namespace ipvs
