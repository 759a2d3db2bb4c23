#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/netconf_host.h"

namespace contract {
namespace {

using base::Code;
using base::Family;
using base::Status;
using netconf::AddIpsetEntry;
using netconf::CreateIpset;
using netconf::DeleteIpsetEntry;
using netconf::DestroyIpset;
using netconf::Ipset;
using netconf::IpsetEntry;
using netconf::IpsetOp;
using netconf::IpsetSpec;
using netconf::IpsetType;
using netconf::SwapIpsets;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string code_text(const Status& status) {
  return std::string(base::to_string(status.code())) + (status.ok() ? "" : ": ") + status.message();
}

class IpsetContract : public testing::Test {
 protected:
  netconf::IpsetTable& table() { return host_->ipsets(); }

  std::vector<Status> apply(const std::vector<IpsetOp>& ops) { return table().apply(ops); }
  Status apply_one(const IpsetOp& op) { return apply({op}).at(0); }
  void must_apply(const std::vector<IpsetOp>& ops) {
    for (const Status& status : apply(ops)) ASSERT_TRUE(status.ok()) << status.message();
  }

  std::vector<Ipset> read(const std::vector<std::string>& names) {
    base::Result<std::vector<Ipset>> sets = table().read(names);
    EXPECT_TRUE(sets.ok()) << sets.status().message();
    return sets ? *sets : std::vector<Ipset>();
  }
  // The texts of a set's entries.
  std::vector<std::string> entries(const std::string& name) {
    std::vector<std::string> texts;
    for (const Ipset& set : read({name})) {
      for (const IpsetEntry& entry : set.entries) {
        texts.push_back(to_text(set.spec.type, entry));
      }
    }
    return texts;
  }

  static IpsetOp add(const std::string& set, IpsetType type, const std::string& entry) {
    return AddIpsetEntry{set, type, netconf::parse_entry(type, entry).value()};
  }
  static IpsetOp remove(const std::string& set, IpsetType type, const std::string& entry) {
    return DeleteIpsetEntry{set, type, netconf::parse_entry(type, entry).value()};
  }

  std::unique_ptr<NetconfHost> host_ = make_netconf_host();
};

TEST_F(IpsetContract, HoldsEveryTypeInBothFamilies) {
  const std::vector<std::pair<IpsetSpec, std::vector<std::string>>> cases = {
      {{.name = "A", .type = IpsetType::kHashIp}, {"10.96.0.1", "10.96.0.2"}},
      {{.name = "B", .type = IpsetType::kHashIp, .family = Family::kIpv6}, {"fd00::1"}},
      {{.name = "C", .type = IpsetType::kHashIpPort},
       {"10.96.0.1,tcp:80", "10.96.0.1,udp:53", "10.96.0.1,sctp:30000"}},
      {{.name = "D", .type = IpsetType::kHashIpPort, .family = Family::kIpv6},
       {"fd00::1,tcp:80", "fd00::1,udp:53", "fd00::1,sctp:7"}},
      {{.name = "E", .type = IpsetType::kHashIpPortIp}, {"10.0.0.5,tcp:80,10.0.0.5"}},
      {{.name = "F", .type = IpsetType::kHashIpPortIp, .family = Family::kIpv6},
       {"fd00::5,udp:53,fd00::5"}},
      {{.name = "G", .type = IpsetType::kHashIpPortNet},
       {"192.0.2.1,tcp:443,10.0.0.0/8", "192.0.2.1,tcp:443,10.0.0.9",
        "192.0.2.1,tcp:443,128.0.0.0/1"}},
      {{.name = "H", .type = IpsetType::kHashIpPortNet, .family = Family::kIpv6},
       {"fd00::1,tcp:443,fd00:1::/32", "fd00::1,tcp:443,fd00:2::9"}},
      {{.name = "I", .type = IpsetType::kBitmapPort}, {"0", "80", "30080", "65535"}},
  };
  for (const auto& [spec, texts] : cases) {
    std::vector<IpsetOp> ops = {CreateIpset{spec}};
    for (const std::string& text : texts) ops.push_back(add(spec.name, spec.type, text));
    must_apply(ops);
    std::vector<Ipset> sets = read({spec.name});
    ASSERT_EQ(sets.size(), 1u);
    EXPECT_EQ(sets[0].spec, spec) << to_text(sets[0]);
    EXPECT_EQ(sets[0].other_parameters, "");
    EXPECT_THAT(sets[0].foreign_entries, IsEmpty());
    EXPECT_THAT(entries(spec.name), testing::UnorderedElementsAreArray(texts));
    EXPECT_TRUE(std::is_sorted(sets[0].entries.begin(), sets[0].entries.end()));
  }
  EXPECT_EQ(read({"I", "A", "none", "A"}).size(), 2u);
}

TEST_F(IpsetContract, EntriesOfASetWithSkbinfoCarryMarks) {
  for (Family family : {Family::kIpv4, Family::kIpv6}) {
    const std::string vip = family == Family::kIpv4 ? "10.96.0.1" : "fd00::1";
    const IpsetSpec spec = {.name = family == Family::kIpv4 ? "A" : "B",
                            .type = IpsetType::kHashIpPort,
                            .family = family,
                            .skbinfo = true};
    const std::vector<std::string> texts = {vip + ",tcp:80 skbmark 0x123/0x3fff",
                                            vip + ",udp:53 skbmark 0x4123/0x7fff",
                                            vip + ",udp:80 skbmark 0x7", vip + ",sctp:7"};
    std::vector<IpsetOp> ops = {CreateIpset{spec}, CreateIpset{spec}};
    for (const std::string& text : texts) ops.push_back(add(spec.name, spec.type, text));
    must_apply(ops);
    EXPECT_EQ(read({spec.name}).at(0).spec, spec);
    EXPECT_THAT(entries(spec.name), testing::UnorderedElementsAreArray(texts));

    // The mark is no part of the key.
    must_apply({add(spec.name, spec.type, vip + ",tcp:80 skbmark 0x124/0x3fff"),
                remove(spec.name, spec.type, vip + ",udp:53"),
                remove(spec.name, spec.type, vip + ",udp:80 skbmark 0x9"),
                remove(spec.name, spec.type, vip + ",sctp:7")});
    EXPECT_THAT(entries(spec.name), ElementsAre(vip + ",tcp:80 skbmark 0x124/0x3fff"));

    IpsetSpec plain = spec;
    plain.skbinfo = false;
    EXPECT_EQ(apply_one(CreateIpset{plain}).code(), Code::kAlreadyExists);
    plain.name += "-PLAIN";
    must_apply({CreateIpset{plain}});
    Status status = apply_one(add(plain.name, spec.type, vip + ",tcp:80 skbmark 0x124/0x3fff"));
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(entries(plain.name), IsEmpty());
  }
}

TEST_F(IpsetContract, AddingAndDeletingTwiceIsOk) {
  const std::string entry = "10.96.0.1,tcp:80";
  must_apply({CreateIpset{{.name = "A"}}, add("A", IpsetType::kHashIpPort, entry),
              add("A", IpsetType::kHashIpPort, entry)});
  EXPECT_THAT(entries("A"), ElementsAre(entry));
  must_apply(
      {remove("A", IpsetType::kHashIpPort, entry), remove("A", IpsetType::kHashIpPort, entry)});
  EXPECT_THAT(entries("A"), IsEmpty());
}

TEST_F(IpsetContract, NetsLoseTheirHostBits) {
  must_apply({CreateIpset{{.name = "A", .type = IpsetType::kHashIpPortNet}},
              add("A", IpsetType::kHashIpPortNet, "192.0.2.1,tcp:443,10.1.2.3/8")});
  EXPECT_THAT(entries("A"), ElementsAre("192.0.2.1,tcp:443,10.0.0.0/8"));
  must_apply({remove("A", IpsetType::kHashIpPortNet, "192.0.2.1,tcp:443,10.9.9.9/8")});
  EXPECT_THAT(entries("A"), IsEmpty());
}

TEST_F(IpsetContract, CreatingWhatExistsWithTheSameParametersIsOk) {
  must_apply({CreateIpset{{.name = "A"}}, add("A", IpsetType::kHashIpPort, "10.96.0.1,tcp:80"),
              CreateIpset{{.name = "A", .hash_size = 2048}}});
  EXPECT_THAT(entries("A"), ElementsAre("10.96.0.1,tcp:80"));
  must_apply({CreateIpset{{.name = "P", .type = IpsetType::kBitmapPort}},
              CreateIpset{{.name = "P", .type = IpsetType::kBitmapPort}}});
}

TEST_F(IpsetContract, CreatingWhatExistsWithOtherParametersNamesBoth) {
  must_apply({CreateIpset{{.name = "A"}}, add("A", IpsetType::kHashIpPort, "10.96.0.1,tcp:80")});
  for (const IpsetSpec& other : {
           IpsetSpec{.name = "A", .type = IpsetType::kHashIp},
           IpsetSpec{.name = "A", .family = Family::kIpv6},
           IpsetSpec{.name = "A", .max_elements = 131072},
           IpsetSpec{.name = "A", .type = IpsetType::kBitmapPort},
       }) {
    Status status = apply_one(CreateIpset{other});
    EXPECT_EQ(status.code(), Code::kAlreadyExists) << code_text(status);
    EXPECT_EQ(status.error_number(), EEXIST);
    EXPECT_THAT(status.message(), HasSubstr(to_text(IpsetOp(CreateIpset{other}))));
    EXPECT_THAT(status.message(),
                HasSubstr("\"create A hash:ip,port family inet hashsize 1024 maxelem 65536\""));
  }
  EXPECT_THAT(entries("A"), ElementsAre("10.96.0.1,tcp:80"));
}

TEST_F(IpsetContract, NamesHaveUpTo31Characters) {
  const std::string longest = "KUBE-6-LOAD-BALANCER-SOURCE-CID";
  ASSERT_EQ(longest.size(), netconf::kIpsetNameLimit);
  must_apply({CreateIpset{{.name = longest}}});
  EXPECT_EQ(apply_one(CreateIpset{{.name = longest + "R"}}).code(), Code::kInvalidArgument);
  EXPECT_EQ(apply_one(CreateIpset{{.name = ""}}).code(), Code::kInvalidArgument);
  EXPECT_EQ(read({longest, longest + "R"}).size(), 1u);
}

TEST_F(IpsetContract, AMissingSetIsNotFound) {
  EXPECT_THAT(read({"A"}), IsEmpty());
  for (const IpsetOp& op :
       {IpsetOp(DestroyIpset{"A"}), IpsetOp(SwapIpsets{"A", "B"}),
        add("A", IpsetType::kHashIp, "10.0.0.1"), remove("A", IpsetType::kHashIp, "10.0.0.1")}) {
    Status status = apply_one(op);
    EXPECT_EQ(status.code(), Code::kNotFound) << code_text(status);
    EXPECT_EQ(status.error_number(), ENOENT);
    EXPECT_THAT(status.message(), HasSubstr(to_text(op)));
  }
  must_apply({CreateIpset{{.name = "A"}}});
  Status status = apply_one(SwapIpsets{"A", "B"});
  EXPECT_EQ(status.code(), Code::kNotFound) << code_text(status);
}

TEST_F(IpsetContract, SwapExchangesContentsAndParameters) {
  must_apply({CreateIpset{{.name = "A"}}, CreateIpset{{.name = "B", .max_elements = 100}},
              add("A", IpsetType::kHashIpPort, "10.96.0.1,tcp:80"), SwapIpsets{"A", "B"}});
  EXPECT_THAT(entries("A"), IsEmpty());
  EXPECT_THAT(entries("B"), ElementsAre("10.96.0.1,tcp:80"));
  EXPECT_EQ(read({"A"}).at(0).spec.max_elements, 100u);
}

TEST_F(IpsetContract, SwapOfDifferentTypesIsRefused) {
  must_apply({CreateIpset{{.name = "A"}},
              CreateIpset{{.name = "B", .type = IpsetType::kHashIpPortIp}},
              CreateIpset{{.name = "C", .family = Family::kIpv6}}});
  EXPECT_EQ(apply_one(SwapIpsets{"A", "B"}).code(), Code::kInvalidArgument);
  EXPECT_EQ(apply_one(SwapIpsets{"A", "C"}).code(), Code::kInvalidArgument);
}

TEST_F(IpsetContract, EntriesOfAnotherTypeOrFamilyAreRefused) {
  must_apply({CreateIpset{{.name = "A"}}});
  std::vector<Status> outcomes = apply({
      add("A", IpsetType::kHashIp, "10.96.0.1"),
      add("A", IpsetType::kHashIpPort, "fd00::1,tcp:80"),
      add("A", IpsetType::kHashIpPort, "10.96.0.1,tcp:80"),
      remove("A", IpsetType::kHashIpPort, "fd00::1,tcp:80"),
  });
  EXPECT_EQ(outcomes[0].code(), Code::kInvalidArgument) << code_text(outcomes[0]);
  EXPECT_EQ(outcomes[1].code(), Code::kInvalidArgument) << code_text(outcomes[1]);
  EXPECT_TRUE(outcomes[2].ok()) << code_text(outcomes[2]);
  EXPECT_EQ(outcomes[3].code(), Code::kInvalidArgument) << code_text(outcomes[3]);
  EXPECT_THAT(entries("A"), ElementsAre("10.96.0.1,tcp:80"));
}

TEST_F(IpsetContract, AFullSetTellsEachEntryThatHasNoPlace) {
  std::vector<IpsetOp> ops = {CreateIpset{{.name = "A", .hash_size = 64, .max_elements = 100}}};
  for (int i = 0; i < 150; ++i) {
    ops.push_back(add("A", IpsetType::kHashIpPort, "10.96.0." + std::to_string(i) + ",tcp:80"));
  }
  std::vector<Status> outcomes = apply(ops);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Code expected = i <= 100 ? Code::kOk : Code::kResourceExhausted;
    ASSERT_EQ(outcomes[i].code(), expected) << i << " " << code_text(outcomes[i]);
  }
  EXPECT_EQ(entries("A").size(), 100u);
  // One that is there already has its place.
  EXPECT_TRUE(apply_one(ops[1]).ok());
  must_apply({remove("A", IpsetType::kHashIpPort, "10.96.0.0,tcp:80"),
              add("A", IpsetType::kHashIpPort, "10.96.0.149,tcp:80")});
}

TEST_F(IpsetContract, RefusedEntriesInALargeBatchHoldUpNoOther) {
  std::vector<IpsetOp> ops = {CreateIpset{{.name = "A", .max_elements = 300}},
                              CreateIpset{{.name = "B", .type = IpsetType::kHashIp}}};
  for (int i = 0; i < 250; ++i) {
    ops.push_back(add("A", IpsetType::kHashIpPort, "10.1.0." + std::to_string(i) + ",tcp:80"));
  }
  std::vector<std::size_t> refused;
  for (int i = 0; i < 200; ++i) {
    // The first 50 fill the set; of the others, each that is new is refused.
    if (i >= 50 && i % 3 != 0) refused.push_back(ops.size());
    std::string text = i < 50 || i % 3 != 0 ? "10.2.0." + std::to_string(i) + ",udp:53"
                                            : "10.1.0." + std::to_string(i) + ",tcp:80";
    ops.push_back(add("A", IpsetType::kHashIpPort, text));
  }
  ops.push_back(add("B", IpsetType::kHashIp, "10.0.0.1"));
  std::vector<Status> outcomes = apply(ops);
  std::vector<std::size_t> failed;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].ok()) failed.push_back(i);
  }
  EXPECT_EQ(failed, refused);
  EXPECT_EQ(entries("A").size(), 300u);
  EXPECT_THAT(entries("B"), ElementsAre("10.0.0.1"));
}

TEST_F(IpsetContract, ASetThatARuleNamesCannotBeDestroyed) {
  for (const std::string& variant : iptables_variants()) {
    SCOPED_TRACE(variant);
    must_apply({CreateIpset{{.name = "A"}}});
    const std::vector<netconf::IptablesOp> write = {
        netconf::WriteChain{{"filter", "USES-A", {"-m set --match-set A dst,dst -j RETURN"}}}};
    Status written = host_->iptables(variant).apply(Family::kIpv4, write).at(0);
    ASSERT_TRUE(written.ok()) << written.message();
    Status status = apply_one(DestroyIpset{"A"});
    EXPECT_EQ(status.code(), Code::kUnavailable) << code_text(status);
    EXPECT_EQ(status.error_number(), EBUSY);
    const std::vector<netconf::IptablesOp> remove = {netconf::DeleteChain{"filter", "USES-A"}};
    Status removed = host_->iptables(variant).apply(Family::kIpv4, remove).at(0);
    ASSERT_TRUE(removed.ok()) << removed.message();
    must_apply({DestroyIpset{"A"}});
  }
}

TEST_F(IpsetContract, MixedOperationsAnswerInOrder) {
  std::vector<Status> outcomes = apply({
      CreateIpset{{.name = "A", .type = IpsetType::kHashIp}},
      add("A", IpsetType::kHashIp, "10.0.0.1"),
      DestroyIpset{"missing"},
      remove("A", IpsetType::kHashIp, "10.0.0.1"),
      add("A", IpsetType::kHashIp, "10.0.0.2"),
      add("missing", IpsetType::kHashIp, "10.0.0.1"),
      add("A", IpsetType::kHashIp, "0.0.0.0"),
      add("A", IpsetType::kHashIp, "10.0.0.3"),
      DestroyIpset{"A"},
      CreateIpset{{.name = "A", .type = IpsetType::kBitmapPort}},
      add("A", IpsetType::kBitmapPort, "80"),
  });
  std::vector<Code> codes;
  for (const Status& status : outcomes) codes.push_back(status.code());
  EXPECT_THAT(codes, ElementsAre(Code::kOk, Code::kOk, Code::kNotFound, Code::kOk, Code::kOk,
                                 Code::kNotFound, Code::kInvalidArgument, Code::kOk, Code::kOk,
                                 Code::kOk, Code::kOk));
  EXPECT_THAT(entries("A"), ElementsAre("80"));
}

TEST_F(IpsetContract, NothingToDoIsNothing) { EXPECT_THAT(apply({}), IsEmpty()); }

}  // namespace
}  // namespace contract
