#include "tests/contract/table_host.h"
#include "tests/fakes/fake_address_table.h"
#include "tests/fakes/fake_ipvs_table.h"

namespace contract {

bool on_kernel() { return false; }

void enter_fresh_host() {}

std::unique_ptr<ipvs::IpvsTable> new_ipvs_table() {
  return std::make_unique<fakes::FakeIpvsTable>();
}

std::unique_ptr<netconf::AddressTable> new_address_table() {
  return std::make_unique<fakes::FakeAddressTable>(kDevice);
}

}  // namespace contract
