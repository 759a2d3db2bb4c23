#include "netconf/address_table.h"

namespace netconf {
namespace {

std::string address_line(std::string_view verb, const base::IpAddress& address,
                         std::string_view device) {
  std::string line = "addr ";
  line += verb;
  line += ' ';
  line += base::IpPrefix(address).to_string();
  line += " dev ";
  line += device;
  return line;
}

}  // namespace

std::string to_text(const AddressOp& op, std::string_view device) {
  if (const auto* bind = std::get_if<BindAddress>(&op)) {
    return address_line("add", bind->address, device) +
           (bind->address.is_ipv4() ? "" : " preferred_lft 0");
  }
  if (const auto* reserve = std::get_if<ReserveAddress>(&op)) {
    return address_line("change", reserve->address, device) + " preferred_lft 0";
  }
  if (const auto* unbind = std::get_if<UnbindAddress>(&op)) {
    return address_line("del", unbind->address, device);
  }
  std::string name(device);
  return std::holds_alternative<CreateDevice>(op) ? "link add " + name + " type dummy"
                                                  : "link del " + name;
}

}  // namespace netconf
