#include "netconf/address_table.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "tests/contract/table_host.h"

namespace contract {
namespace {

using base::Code;
using base::IpAddress;
using base::Status;
using netconf::AddressOp;
using netconf::BindAddress;
using netconf::CreateDevice;
using netconf::DeleteDevice;
using netconf::ReserveAddress;
using netconf::UnbindAddress;

IpAddress ip(const std::string& text) { return *IpAddress::parse(text); }

class AddressTableTest : public ContractTest {
 protected:
  AddressTableTest() : table_(new_address_table()) {}

  std::vector<int> apply(const std::vector<AddressOp>& ops) {
    std::vector<int> errors;
    for (const Status& status : table_->apply(ops)) errors.push_back(status.error_number());
    return errors;
  }
  netconf::AddressState read() {
    base::Result<netconf::AddressState> state = table_->read();
    EXPECT_TRUE(state.ok()) << state.status().message();
    return state.ok() ? *state : netconf::AddressState{};
  }

  std::unique_ptr<netconf::AddressTable> table_;
};

TEST_F(AddressTableTest, BeginsWithoutTheDevice) {
  netconf::AddressState state = read();
  EXPECT_FALSE(state.device_exists);
  EXPECT_EQ(state.device_type, "");
  EXPECT_TRUE(state.bound.empty());
  EXPECT_EQ(apply({BindAddress{ip("10.96.0.1")}, UnbindAddress{ip("10.96.0.1")}, DeleteDevice{}}),
            (std::vector<int>{ENODEV, ENODEV, ENODEV}));
}

TEST_F(AddressTableTest, MakesTheDeviceAndBindsInOneBatch) {
  EXPECT_EQ(apply({CreateDevice{}, BindAddress{ip("10.96.0.10")}, BindAddress{ip("fd00:96::1")},
                   BindAddress{ip("10.96.0.1")}}),
            (std::vector<int>{0, 0, 0, 0}));
  netconf::AddressState state = read();
  EXPECT_TRUE(state.device_exists);
  EXPECT_EQ(state.device_type, "dummy");
  EXPECT_EQ(state.bound,
            (std::vector<IpAddress>{ip("10.96.0.1"), ip("10.96.0.10"), ip("fd00:96::1")}));
}

TEST_F(AddressTableTest, SaysWhatIsThereAndWhatIsNot) {
  EXPECT_EQ(apply({CreateDevice{}, BindAddress{ip("10.96.0.1")}, BindAddress{ip("fd00::1")}}),
            (std::vector<int>{0, 0, 0}));
  EXPECT_EQ(apply({CreateDevice{}, BindAddress{ip("10.96.0.1")}, BindAddress{ip("fd00::1")},
                   UnbindAddress{ip("10.96.0.2")}, UnbindAddress{ip("fd00::2")}}),
            (std::vector<int>{EEXIST, EEXIST, EEXIST, EADDRNOTAVAIL, EADDRNOTAVAIL}));
  std::vector<AddressOp> ops = {UnbindAddress{ip("10.96.0.2")}, BindAddress{ip("10.96.0.1")}};
  std::vector<Status> statuses = table_->apply(ops);
  EXPECT_EQ(statuses[0].code(), Code::kNotFound);
  EXPECT_EQ(statuses[1].code(), Code::kAlreadyExists);
  EXPECT_TRUE(statuses[1].message().starts_with("addr add 10.96.0.1/32 dev kube-ipvs0: "))
      << statuses[1].message();
}

TEST_F(AddressTableTest, ReservesWhatIsBoundAndWhatIsNot) {
  EXPECT_EQ(apply({ReserveAddress{ip("fd00::1")}}), (std::vector<int>{ENODEV}));
  EXPECT_EQ(apply({CreateDevice{}, BindAddress{ip("fd00::1")}, BindAddress{ip("10.96.0.1")},
                   ReserveAddress{ip("fd00::1")}, ReserveAddress{ip("fd00::2")},
                   ReserveAddress{ip("10.96.0.1")}}),
            (std::vector<int>{0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(read().bound, (std::vector<IpAddress>{ip("10.96.0.1"), ip("fd00::1"), ip("fd00::2")}));
  EXPECT_TRUE(read().lent.empty());
}

TEST_F(AddressTableTest, RefusesWhatNoDeviceCanHold) {
  EXPECT_EQ(apply({CreateDevice{}, BindAddress{ip("ff02::1")}, BindAddress{ip("::")},
                   BindAddress{ip("::1")}, BindAddress{ip("0.0.0.0")}}),
            (std::vector<int>{0, EADDRNOTAVAIL, EADDRNOTAVAIL, EADDRNOTAVAIL, 0}));
  EXPECT_TRUE(read().bound.empty());
}

TEST_F(AddressTableTest, GoesOnBehindAFailureAndAcrossTheDevice) {
  EXPECT_EQ(apply({BindAddress{ip("10.96.0.1")}, CreateDevice{}, BindAddress{ip("10.96.0.1")},
                   UnbindAddress{ip("10.96.0.9")}, BindAddress{ip("10.96.0.2")}, DeleteDevice{},
                   CreateDevice{}, BindAddress{ip("10.96.0.3")}}),
            (std::vector<int>{ENODEV, 0, 0, EADDRNOTAVAIL, 0, 0, 0, 0}));
  EXPECT_EQ(read().bound, (std::vector<IpAddress>{ip("10.96.0.3")}));
}

TEST_F(AddressTableTest, CarriesOutLongBatches) {
  std::vector<AddressOp> bind = {CreateDevice{}};
  std::vector<AddressOp> unbind;
  for (int i = 0; i < 1200; ++i) {
    IpAddress address = ip("10.96." + std::to_string(i / 200) + "." + std::to_string(i % 200 + 1));
    bind.emplace_back(BindAddress{address});
    unbind.emplace_back(UnbindAddress{address});
  }
  EXPECT_EQ(apply(bind), std::vector<int>(bind.size(), 0));
  EXPECT_EQ(read().bound.size(), 1200u);
  EXPECT_EQ(apply(unbind), std::vector<int>(unbind.size(), 0));
  EXPECT_EQ(apply(unbind), std::vector<int>(unbind.size(), EADDRNOTAVAIL));
  EXPECT_TRUE(read().bound.empty());
  EXPECT_TRUE(table_->apply({}).empty());
}

}  // namespace
}  // namespace contract
