#ifndef IPVS_AGENT_TESTS_FAKES_RANDOM_IPVS_H_
#define IPVS_AGENT_TESTS_FAKES_RANDOM_IPVS_H_

#include <cstdint>
#include <random>

#include "ipvs/ipvs_table.h"

namespace fakes {

// Random IPVS values that the kernel accepts and the ipvsadm grammar can say, the same ones for the
// same seed. Addresses and ports come from small ranges, so that equal keys do occur.
class RandomIpvs {
 public:
  explicit RandomIpvs(std::uint64_t seed) : random_(seed) {}

  base::IpAddress address(base::Family family);
  ipvs::VirtualServerKey key();
  ipvs::VirtualServer virtual_server();
  ipvs::RealServer real_server(base::Family family);
  ipvs::IpvsOp operation();
  // Up to `virtual_servers` virtual servers of up to five real servers each, sorted.
  ipvs::IpvsState state(int virtual_servers);

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  bool chance(std::uint32_t one_in) { return below(one_in) == 0; }

  std::mt19937_64 random_;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_RANDOM_IPVS_H_
