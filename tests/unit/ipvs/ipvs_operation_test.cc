#include "ipvs/ipvs_operation.h"

#include <gtest/gtest.h>

namespace ipvs {
namespace {

const VirtualServerKey kDns{*base::IpAddress::parse("10.96.0.10"), 53, base::Protocol::kUdp, 0};

TEST(IpvsOperation, IsAboutAVirtualServerInEveryForm) {
  VirtualServer server;
  server.key = kDns;
  server.scheduler = "lc";
  const RealServer real;
  struct Case {
    IpvsOp op;
    std::string_view verb;
    bool deletes;
    bool schedules;
  };
  const Case cases[] = {
      {AddVirtualServer{server}, "add_virtual_server", false, true},
      {EditVirtualServer{server}, "edit_virtual_server", false, true},
      {DeleteVirtualServer{kDns}, "delete_virtual_server", true, false},
      {AddRealServer{kDns, real}, "add_real_server", false, false},
      {EditRealServer{kDns, real}, "edit_real_server", false, false},
      {DeleteRealServer{kDns, real.key}, "delete_real_server", true, false},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(virtual_server_of(each.op), kDns) << each.verb;
    EXPECT_EQ(verb_of(each.op), each.verb);
    EXPECT_EQ(deletes(each.op), each.deletes) << each.verb;
    const std::string* scheduler = scheduler_of(each.op);
    EXPECT_EQ(scheduler == nullptr ? "" : *scheduler, each.schedules ? "lc" : "") << each.verb;
  }
}

TEST(IpvsOperation, TimeoutsAreAboutNone) {
  const IpvsOp op = SetTimeouts{};
  EXPECT_EQ(virtual_server_of(op), VirtualServerKey());
  EXPECT_EQ(verb_of(op), "set_timeouts");
  EXPECT_FALSE(deletes(op));
}

}  // namespace
}  // namespace ipvs
