#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/unique_fd.h"
#include "ipvs/kernel_ipvs_table.h"
#include "netconf/kernel_address_table.h"
#include "tests/contract/table_host.h"

namespace contract {
namespace {

// Without its host no test of the suite says anything.
[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "%s; run this by tests/lab/run\n", why.c_str());
  std::exit(1);
}

template <typename Table>
std::unique_ptr<Table> or_give_up(base::Result<std::unique_ptr<Table>> table) {
  if (!table) give_up(table.status().message());
  return std::move(*table);
}

}  // namespace

bool on_kernel() { return true; }

void enter_fresh_host() {
  if (unshare(CLONE_NEWNET) != 0) {
    give_up(std::string("no network namespace: ") + strerrordesc_np(errno));
  }
  // IPVS refuses every real server while the namespace has no local address.
  base::UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) give_up("lo does not come up");
}

std::unique_ptr<ipvs::IpvsTable> new_ipvs_table() {
  return or_give_up(ipvs::open_kernel_ipvs_table());
}

std::unique_ptr<netconf::AddressTable> new_address_table() {
  return or_give_up(netconf::open_kernel_address_table(kDevice));
}

}  // namespace contract
