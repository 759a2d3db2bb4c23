#ifndef IPVS_AGENT_TESTS_CONTRACT_TABLE_HOST_H_
#define IPVS_AGENT_TESTS_CONTRACT_TABLE_HOST_H_

#include <gtest/gtest.h>

#include <memory>

#include "ipvs/ipvs_table.h"
#include "netconf/address_table.h"

// Where the suite runs: fake_host.cc in memory, kernel_host.cc in a network namespace of its own
// for every test.
namespace contract {

// The device of the address tables.
inline constexpr const char* kDevice = "kube-ipvs0";

bool on_kernel();
// Moves the calling thread to a host on which nothing has been set up but lo.
void enter_fresh_host();
std::unique_ptr<ipvs::IpvsTable> new_ipvs_table();
std::unique_ptr<netconf::AddressTable> new_address_table();

// Every test of the suite begins on a fresh host.
class ContractTest : public testing::Test {
 protected:
  ContractTest() { enter_fresh_host(); }
};

}  // namespace contract

#endif  // IPVS_AGENT_TESTS_CONTRACT_TABLE_HOST_H_
