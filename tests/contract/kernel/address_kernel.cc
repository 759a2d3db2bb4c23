#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <vector>

#include "netconf/kernel_address_table.h"
#include "netconf/node_address_watch.h"
#include "tests/contract/kernel/tools.h"
#include "tests/contract/table_host.h"

namespace contract {
namespace {

using base::IpAddress;
using netconf::AddressOp;
using netconf::BindAddress;
using netconf::CreateDevice;
using netconf::NodeAddress;
using netconf::ReserveAddress;
using netconf::UnbindAddress;

IpAddress ip(const std::string& text) { return *IpAddress::parse(text); }

class AddressKernel : public ContractTest {
 protected:
  AddressKernel() : table_(new_address_table()) {}

  void must(const std::vector<AddressOp>& ops) {
    for (const base::Status& status : table_->apply(ops)) {
      EXPECT_TRUE(status.ok()) << status.message();
    }
  }
  netconf::AddressState read() {
    base::Result<netconf::AddressState> state = table_->read();
    EXPECT_TRUE(state.ok()) << state.status().message();
    return state.ok() ? *state : netconf::AddressState{};
  }

  std::unique_ptr<netconf::AddressTable> table_;
};

TEST_F(AddressKernel, ReadsTheRestOfTheHost) {
  must_run({"ip", "link", "add", "eth9", "type", "dummy"});
  must_run({"ip", "addr", "add", "192.0.2.7/24", "dev", "eth9"});
  must_run({"ip", "addr", "add", "2001:db8::7/64", "dev", "eth9", "nodad"});
  must({CreateDevice{}, BindAddress{ip("10.96.0.1")}});
  EXPECT_EQ(read().node, (std::vector<NodeAddress>{{ip("127.0.0.1"), 8, "lo"},
                                                   {ip("192.0.2.7"), 24, "eth9"},
                                                   {ip("::1"), 128, "lo"},
                                                   {ip("2001:db8::7"), 64, "eth9"}}));
}

TEST_F(AddressKernel, TheDeviceStaysDownAndItsAddressesAreLocal) {
  must({CreateDevice{}, BindAddress{ip("10.96.0.1")}, BindAddress{ip("fd00:96::1")}});
  EXPECT_NE(must_run({"ip", "link", "show", "kube-ipvs0"}).find("state DOWN"), std::string::npos);
  EXPECT_NE(must_run({"ip", "addr", "show", "kube-ipvs0"}).find("inet 10.96.0.1/32 scope global"),
            std::string::npos);
  EXPECT_TRUE(must_run({"ip", "route", "get", "10.96.0.1"}).starts_with("local 10.96.0.1"));
  EXPECT_TRUE(must_run({"ip", "-6", "route", "get", "fd00:96::1"}).starts_with("local fd00:96::1"));
}

TEST_F(AddressKernel, DoesNotLendServiceAddressesToOtherTraffic) {
  must_run({"ip", "link", "add", "eth9", "type", "dummy"});
  must_run({"ip", "link", "set", "eth9", "up"});
  must_run({"ip", "addr", "add", "2001:db8::7/64", "dev", "eth9", "nodad"});
  // A pod's link as some networks make them: without an address of its own.
  must_run({"ip", "link", "add", "pod9", "type", "dummy"});
  must_run({"ip", "link", "set", "pod9", "up"});
  must_run({"ip", "route", "add", "fd00:10::5", "dev", "pod9"});
  must({CreateDevice{}, BindAddress{ip("fd00:96::1")}});
  auto source_to = [](const std::string& destination) {
    std::string route = must_run({"ip", "-6", "route", "get", destination});
    std::size_t at = route.find(" src ") + 5;
    return route.substr(at, route.find(' ', at) - at);
  };
  EXPECT_EQ(source_to("fd00:10::5"), "2001:db8::7");
  EXPECT_EQ(source_to("fd00:96::1"), "fd00:96::1");

  // As kube-proxy binds it.
  must_run({"ip", "addr", "add", "fd00:10::96", "dev", "kube-ipvs0"});
  EXPECT_EQ(source_to("fd00:10::5"), "fd00:10::96");
  EXPECT_EQ(read().lent, (std::vector<IpAddress>{ip("fd00:10::96")}));
  must({ReserveAddress{ip("fd00:10::96")}});
  EXPECT_EQ(source_to("fd00:10::5"), "2001:db8::7");
  EXPECT_EQ(read().lent, std::vector<IpAddress>());
}

TEST_F(AddressKernel, TellsADeviceOfTheWrongType) {
  must_run({"ip", "link", "add", "kube-ipvs0", "type", "bridge"});
  EXPECT_TRUE(read().device_exists);
  EXPECT_EQ(read().device_type, "bridge");
}

TEST_F(AddressKernel, UnbindsWhatSomebodyBoundWithAnotherPrefix) {
  must({CreateDevice{}});
  must_run({"ip", "addr", "add", "10.96.0.1/24", "dev", "kube-ipvs0"});
  EXPECT_EQ(read().bound, (std::vector<IpAddress>{ip("10.96.0.1")}));
  must({UnbindAddress{ip("10.96.0.1")}});
  EXPECT_TRUE(read().bound.empty());
}

TEST_F(AddressKernel, DoesNotTellTheLinkLocalAddressOfADeviceThatIsUp) {
  must({CreateDevice{}});
  must_run({"ip", "link", "set", "kube-ipvs0", "up"});
  EXPECT_TRUE(read().bound.empty());
}

TEST_F(AddressKernel, RefusesANameTooLongForADevice) {
  base::Status status = netconf::open_kernel_address_table("a-name-of-16-chr").status();
  EXPECT_EQ(status.code(), base::Code::kInvalidArgument);
}

TEST_F(AddressKernel, WatchesTheNodeButNotTheServiceDevice) {
  base::Result<netconf::NodeAddressWatch> watch = netconf::NodeAddressWatch::open(kDevice);
  ASSERT_TRUE(watch.ok()) << watch.status().message();
  auto readable = [&] {
    pollfd poll_fd = {.fd = watch->fd(), .events = POLLIN, .revents = 0};
    return poll(&poll_fd, 1, 0) == 1;
  };
  EXPECT_FALSE(watch->changed());
  must({CreateDevice{}, BindAddress{ip("10.96.0.1")}, UnbindAddress{ip("10.96.0.1")}});
  EXPECT_TRUE(readable());
  EXPECT_FALSE(watch->changed());
  EXPECT_FALSE(readable());

  must_run({"ip", "link", "add", "eth9", "type", "dummy"});
  must_run({"ip", "link", "set", "eth9", "up"});
  EXPECT_FALSE(watch->changed());
  must_run({"ip", "addr", "add", "192.0.2.7/24", "dev", "eth9"});
  EXPECT_TRUE(watch->changed());
  must_run({"ip", "link", "del", "eth9"});
  EXPECT_TRUE(watch->changed());
  must_run({"ip", "link", "del", "kube-ipvs0"});
  EXPECT_TRUE(watch->changed());
  EXPECT_FALSE(watch->changed());
}

TEST_F(AddressKernel, LostNotificationsAreAChange) {
  must({CreateDevice{}});
  base::Result<netconf::NodeAddressWatch> watch = netconf::NodeAddressWatch::open(kDevice);
  ASSERT_TRUE(watch.ok()) << watch.status().message();
  int small = 1;
  ASSERT_EQ(setsockopt(watch->fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
  std::vector<AddressOp> many;
  for (int i = 1; i < 100; ++i) many.emplace_back(BindAddress{ip("10.96.0." + std::to_string(i))});
  must(many);
  EXPECT_TRUE(watch->changed());
}

}  // namespace
}  // namespace contract
