#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/contract/netconf_host.h"

namespace contract {
namespace {

using base::Code;
using base::Family;
using netconf::DeleteNftTable;
using netconf::NftTable;
using ::testing::ElementsAre;

TEST(NftContract, TablesOfBothFamiliesAreReadInOrder) {
  std::unique_ptr<NetconfHost> host = make_netconf_host();
  EXPECT_THAT(host->nft().read().value(), ElementsAre());
  const NftTable a4{Family::kIpv4, "a"};
  const NftTable b4{Family::kIpv4, "b"};
  const NftTable a6{Family::kIpv6, "a"};
  for (const NftTable& table : {a6, b4, a4}) host->make(table);
  EXPECT_THAT(host->nft().read().value(), ElementsAre(a4, b4, a6));
}

TEST(NftContract, ATableGoesWithWhatIsInItAndNoOtherGoes) {
  std::unique_ptr<NetconfHost> host = make_netconf_host();
  const NftTable mine{Family::kIpv4, "kube-proxy"};
  const NftTable other{Family::kIpv6, "kube-proxy"};
  host->make(mine);
  host->make(other);
  const std::vector<DeleteNftTable> ops = {{mine}, {mine}, {other}};
  std::vector<base::Status> outcomes = host->nft().apply(ops);
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_TRUE(outcomes[0].ok()) << outcomes[0].message();
  EXPECT_EQ(outcomes[1].code(), Code::kNotFound) << outcomes[1].message();
  EXPECT_EQ(outcomes[1].error_number(), ENOENT);
  EXPECT_TRUE(outcomes[2].ok()) << outcomes[2].message();
  EXPECT_THAT(host->nft().read().value(), ElementsAre());
}

}  // namespace
}  // namespace contract
