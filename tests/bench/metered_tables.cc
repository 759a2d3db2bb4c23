#include "tests/bench/metered_tables.h"

#include <algorithm>
#include <chrono>

namespace bench {
namespace {

using base::Result;
using base::Status;

// Runs `work` and adds the time it took to `sum`.
template <typename Work>
auto timed(base::Duration& sum, const Work& work) {
  auto began = std::chrono::steady_clock::now();
  auto result = work();
  sum += std::chrono::steady_clock::now() - began;
  return result;
}

template <typename Work>
auto timed_read(TableUse& use, const Work& work) {
  ++use.reads;
  return timed(use.reading, work);
}

template <typename Work>
std::vector<Status> timed_write(TableUse& use, const Work& work) {
  std::vector<Status> statuses = timed(use.writing, work);
  use.writes += statuses.size();
  use.failures += static_cast<std::size_t>(std::count_if(
      statuses.begin(), statuses.end(), [](const Status& status) { return !status.ok(); }));
  return statuses;
}

template <typename Op>
std::vector<Op> copy_of(std::span<const Op> ops) {
  return std::vector<Op>(ops.begin(), ops.end());
}

}  // namespace

MeteredTables::MeteredTables(agent::HostTables inner) : inner_(inner) {}

Result<ipvs::IpvsState> MeteredTables::Ipvs::read() {
  return timed_read(all.use_.ipvs, [&] { return all.inner_.ipvs.read(); });
}

Result<std::vector<ipvs::VirtualServerState>> MeteredTables::Ipvs::read_virtual_servers() {
  return timed_read(all.use_.ipvs, [&] { return all.inner_.ipvs.read_virtual_servers(); });
}

Result<std::vector<ipvs::VirtualServerState>> MeteredTables::Ipvs::read_some(
    std::span<const ipvs::VirtualServerKey> keys) {
  return timed_read(all.use_.ipvs, [&] { return all.inner_.ipvs.read_some(keys); });
}

std::vector<Status> MeteredTables::Ipvs::apply(std::span<const ipvs::IpvsOp> ops) {
  all.note(copy_of(ops));
  return timed_write(all.use_.ipvs, [&] { return all.inner_.ipvs.apply(ops); });
}

Result<netconf::AddressState> MeteredTables::Addresses::read() {
  return timed_read(all.use_.addresses, [&] { return all.inner_.addresses.read(); });
}

std::vector<Status> MeteredTables::Addresses::apply(std::span<const netconf::AddressOp> ops) {
  all.note(copy_of(ops));
  return timed_write(all.use_.addresses, [&] { return all.inner_.addresses.apply(ops); });
}

Result<std::vector<netconf::Ipset>> MeteredTables::Ipsets::read(
    std::span<const std::string> names) {
  return timed_read(all.use_.ipsets, [&] { return all.inner_.ipsets.read(names); });
}

std::vector<Status> MeteredTables::Ipsets::apply(std::span<const netconf::IpsetOp> ops) {
  all.note(copy_of(ops));
  return timed_write(all.use_.ipsets, [&] { return all.inner_.ipsets.apply(ops); });
}

Result<netconf::IptablesState> MeteredTables::Iptables::read(base::Family family,
                                                             std::span<const std::string> tables) {
  return timed_read(all.use_.iptables, [&] { return all.inner_.iptables.read(family, tables); });
}

std::vector<Status> MeteredTables::Iptables::apply(base::Family family,
                                                   std::span<const netconf::IptablesOp> ops) {
  all.note(IptablesCall{family, copy_of(ops)});
  return timed_write(all.use_.iptables, [&] { return all.inner_.iptables.apply(family, ops); });
}

bool MeteredTables::Iptables::has_random_fully(base::Family family) {
  return all.inner_.iptables.has_random_fully(family);
}

Result<std::string> MeteredTables::Sysctls::read(const std::string& name) {
  return timed_read(all.use_.sysctls, [&] { return all.inner_.sysctls.read(name); });
}

std::vector<Status> MeteredTables::Sysctls::apply(std::span<const netconf::Sysctl> settings) {
  TableUse& use = all.use_.sysctls;
  auto values = [&] {
    std::vector<std::string> found;
    for (const netconf::Sysctl& setting : settings) {
      auto value = all.inner_.sysctls.read(setting.name);
      found.push_back(value.ok() ? *std::move(value) : std::string());
    }
    return found;
  };
  // Not by what is asked for: a setting of "at least" leaves a larger value alone.
  const std::vector<std::string> before = values();
  std::vector<Status> statuses =
      timed(use.writing, [&] { return all.inner_.sysctls.apply(settings); });
  const std::vector<std::string> now = values();
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (before[i] != now[i]) ++use.writes;
  }
  return statuses;
}

}  // namespace bench
