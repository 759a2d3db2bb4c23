#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/netconf_host.h"

namespace contract {
namespace {

using base::Code;
using base::Family;
using base::Status;
using netconf::DeleteChain;
using netconf::DeleteRule;
using netconf::InsertRule;
using netconf::IptablesChain;
using netconf::IptablesOp;
using netconf::IptablesState;
using netconf::WriteChain;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Variant {
  std::string name;
  Family family;
};

std::vector<Variant> variants() {
  std::vector<Variant> all;
  for (const std::string& name : iptables_variants()) {
    all.push_back({name, Family::kIpv4});
    all.push_back({name, Family::kIpv6});
  }
  return all;
}

class IptablesContract : public testing::TestWithParam<Variant> {
 protected:
  netconf::IptablesRules& rules() { return host_->iptables(GetParam().name); }

  Status apply(const std::vector<IptablesOp>& ops) {
    std::vector<Status> outcomes = rules().apply(GetParam().family, ops);
    EXPECT_EQ(outcomes.size(), ops.size());
    for (const Status& status : outcomes) EXPECT_EQ(status, outcomes.front());
    return outcomes.empty() ? Status() : outcomes.front();
  }
  void must_apply(const std::vector<IptablesOp>& ops) {
    Status status = apply(ops);
    ASSERT_TRUE(status.ok()) << status.message();
  }
  // The chains that have rules or are not built in: built-in ones may be there or not.
  IptablesState read(const std::vector<std::string>& tables = {"nat", "filter"}) {
    base::Result<IptablesState> state = rules().read(GetParam().family, tables);
    EXPECT_TRUE(state.ok()) << state.status().message();
    if (!state) return {};
    std::erase_if(*state, [](const IptablesChain& chain) {
      return chain.rules.empty() && !chain.name.starts_with("KUBE");
    });
    return *state;
  }

  std::unique_ptr<NetconfHost> host_ = make_netconf_host();
};

TEST_P(IptablesContract, WritesChainsOfTwoTablesAtOnce) {
  EXPECT_THAT(read(), IsEmpty());
  must_apply({
      WriteChain{{"filter", "KUBE-FORWARD", {"-p tcp -j ACCEPT", "-j DROP"}}},
      WriteChain{{"nat", "KUBE-MARK-MASQ", {"-j MARK --set-xmark 0x4000/0x4000"}}},
      WriteChain{{"nat", "KUBE-SERVICES", {"-p udp -j KUBE-MARK-MASQ"}}},
      InsertRule{"nat", "PREROUTING", "-j KUBE-SERVICES"},
  });
  EXPECT_THAT(
      read(),
      ElementsAre(IptablesChain{"filter", "KUBE-FORWARD", {"-p tcp -j ACCEPT", "-j DROP"}},
                  IptablesChain{"nat", "KUBE-MARK-MASQ", {"-j MARK --set-xmark 0x4000/0x4000"}},
                  IptablesChain{"nat", "KUBE-SERVICES", {"-p udp -j KUBE-MARK-MASQ"}},
                  IptablesChain{"nat", "PREROUTING", {"-j KUBE-SERVICES"}}));
}

TEST_P(IptablesContract, WritingAChainAgainReplacesItsRulesOnly) {
  must_apply({WriteChain{{"nat", "KUBE-A", {"-p tcp -j RETURN"}}},
              WriteChain{{"nat", "KUBE-B", {"-p udp -j RETURN"}}},
              InsertRule{"nat", "OUTPUT", "-j KUBE-A"}});
  must_apply({WriteChain{{"nat", "KUBE-A", {"-p sctp -j RETURN"}}}});
  EXPECT_THAT(read(), ElementsAre(IptablesChain{"nat", "KUBE-A", {"-p sctp -j RETURN"}},
                                  IptablesChain{"nat", "KUBE-B", {"-p udp -j RETURN"}},
                                  IptablesChain{"nat", "OUTPUT", {"-j KUBE-A"}}));
}

TEST_P(IptablesContract, InsertsBeforeAllOthers) {
  must_apply({WriteChain{{"filter", "KUBE-A", {}}}, InsertRule{"filter", "INPUT", "-j KUBE-A"},
              InsertRule{"filter", "INPUT", "-p tcp -j KUBE-A"}});
  EXPECT_THAT(read({"filter"}),
              Contains(IptablesChain{"filter", "INPUT", {"-p tcp -j KUBE-A", "-j KUBE-A"}}));
  must_apply({DeleteRule{"filter", "INPUT", "-j KUBE-A"}});
  EXPECT_THAT(read({"filter"}), Contains(IptablesChain{"filter", "INPUT", {"-p tcp -j KUBE-A"}}));
}

TEST_P(IptablesContract, DeletesChainsTogetherWithTheJumpsToThem) {
  must_apply({WriteChain{{"nat", "KUBE-A", {"-j KUBE-B"}}}, WriteChain{{"nat", "KUBE-B", {}}},
              InsertRule{"nat", "OUTPUT", "-j KUBE-A"}});
  must_apply({DeleteRule{"nat", "OUTPUT", "-j KUBE-A"}, DeleteChain{"nat", "KUBE-A"},
              DeleteChain{"nat", "KUBE-B"}});
  EXPECT_THAT(read(), IsEmpty());
}

TEST_P(IptablesContract, DeletingAChainThatIsNotThereIsOk) {
  must_apply({DeleteChain{"nat", "KUBE-A"}});
  EXPECT_THAT(read(), IsEmpty());
}

TEST_P(IptablesContract, AChainThatIsJumpedToCannotBeDeleted) {
  must_apply({WriteChain{{"nat", "KUBE-A", {"-p tcp -j RETURN"}}},
              InsertRule{"nat", "OUTPUT", "-j KUBE-A"}});
  Status status = apply({DeleteChain{"nat", "KUBE-A"}});
  EXPECT_EQ(status.code(), Code::kInvalidArgument) << status.message();
  EXPECT_THAT(read(), ElementsAre(IptablesChain{"nat", "KUBE-A", {"-p tcp -j RETURN"}},
                                  IptablesChain{"nat", "OUTPUT", {"-j KUBE-A"}}));
}

TEST_P(IptablesContract, ARefusedRuleLeavesItsTableAsItWas) {
  must_apply({WriteChain{{"nat", "KUBE-A", {"-p tcp -j RETURN"}}}});
  const std::vector<std::vector<IptablesOp>> refused = {
      {WriteChain{{"nat", "KUBE-A", {"-p udp -j KUBE-NOT-THERE"}}}},
      {WriteChain{{"nat", "KUBE-A", {"-m set --match-set NOT-THERE dst -j RETURN"}}}},
      {WriteChain{{"nat", "KUBE-A", {}}}, DeleteRule{"nat", "OUTPUT", "-j KUBE-A"}},
      {WriteChain{{"nat", "KUBE-A", {}}}, InsertRule{"nat", "KUBE-NOT-THERE", "-j KUBE-A"}},
  };
  for (const std::vector<IptablesOp>& ops : refused) {
    SCOPED_TRACE(netconf::to_restore_text(ops));
    Status status = apply(ops);
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << status.message();
    EXPECT_THAT(read(), ElementsAre(IptablesChain{"nat", "KUBE-A", {"-p tcp -j RETURN"}}));
  }
}

TEST_P(IptablesContract, TablesBeforeTheRefusedOneStayChanged) {
  Status status = apply({WriteChain{{"filter", "KUBE-A", {"-j KUBE-NOT-THERE"}}},
                         WriteChain{{"nat", "KUBE-B", {"-j RETURN"}}}});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(read(), ElementsAre(IptablesChain{"nat", "KUBE-B", {"-j RETURN"}}));
}

TEST_P(IptablesContract, FamiliesAreApart) {
  must_apply({WriteChain{{"nat", "KUBE-A", {}}}});
  Family other = GetParam().family == Family::kIpv4 ? Family::kIpv6 : Family::kIpv4;
  const std::vector<std::string> tables = {"nat"};
  base::Result<IptablesState> state = rules().read(other, tables);
  ASSERT_TRUE(state.ok()) << state.status().message();
  for (const IptablesChain& chain : *state) EXPECT_NE(chain.name, "KUBE-A");
}

TEST_P(IptablesContract, KnowsRandomFully) {
  EXPECT_TRUE(rules().has_random_fully(GetParam().family));
  EXPECT_THAT(read(), IsEmpty());
}

TEST_P(IptablesContract, NothingToDoIsNothing) {
  EXPECT_THAT(rules().apply(GetParam().family, {}), IsEmpty());
}

std::string variant_name(const testing::TestParamInfo<Variant>& variant) {
  return variant.param.name + std::string(base::to_string(variant.param.family));
}

INSTANTIATE_TEST_SUITE_P(Backends, IptablesContract, testing::ValuesIn(variants()), variant_name);

}  // namespace
}  // namespace contract
