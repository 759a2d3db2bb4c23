#include "agent/scheduler_probe.h"

#include <vector>

namespace agent {
namespace {

using base::Code;
using base::Status;

// TEST-NET-2 (RFC 5737): nobody's address.
ipvs::VirtualServer probe_server(const std::string& scheduler) {
  ipvs::VirtualServer server;
  server.key = {.address = *base::IpAddress::parse("198.51.100.0"), .port = 20000};
  server.scheduler = scheduler;
  return server;
}

}  // namespace

Status probe_scheduler(ipvs::IpvsTable& table, const std::string& scheduler) {
  const ipvs::VirtualServer probe = probe_server(scheduler);
  std::vector<ipvs::IpvsOp> add = {ipvs::AddVirtualServer{probe}};
  std::vector<ipvs::IpvsOp> remove = {ipvs::DeleteVirtualServer{probe.key}};
  Status status = table.apply(add).front();
  if (status.code() == Code::kAlreadyExists) status = Status();  // left by a crash of this probe
  if (status.ok()) return table.apply(remove).front().in("removing the scheduler probe");
  return status;
}

Status try_scheduler(ipvs::IpvsTable& table, const std::string& scheduler) {
  auto present = table.read_virtual_servers();
  if (!present.ok()) return present.status().in("reading the IPVS table");
  for (const ipvs::VirtualServerState& state : *present) {
    if (state.server.scheduler == scheduler) return {};
  }
  Status status = probe_scheduler(table, scheduler);
  if (status.ok()) return status;
  if (status.code() == Code::kNotFound || status.code() == Code::kUnsupported) {
    return Status(Code::kUnsupported, "the kernel has no IPVS scheduler \"" + scheduler +
                                          "\": run modprobe ip_vs_" + scheduler +
                                          ", or set ipvs.scheduler to one it has (rr always is)");
  }
  return status.in("trying IPVS scheduler \"" + scheduler + "\"");
}

}  // namespace agent
