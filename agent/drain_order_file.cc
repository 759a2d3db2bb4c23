#include "agent/drain_order_file.h"

#include <string>
#include <string_view>

namespace agent {

DrainOrderFile::DrainOrderFile(const std::string& folder) {
  if (!folder.empty()) file_.emplace(folder, "drain-orders", this_boot());
}

base::Result<std::set<DrainOrder>> DrainOrderFile::load() const {
  std::set<DrainOrder> orders;
  if (!file_) return orders;
  // Orders hold over a boot of the machine: whoever gave one takes it back.
  base::Result<bool> of_this_boot = file_->load([&](std::string_view line) {
    auto order = parse_drain_order(line);
    if (order.ok()) orders.insert(*order);
    return order.ok();
  });
  if (!of_this_boot.ok()) return of_this_boot.status();
  return orders;
}

base::Status DrainOrderFile::save(const std::set<DrainOrder>& orders) const {
  if (!file_) return {};
  std::string lines;
  for (const DrainOrder& order : orders) lines += to_string(order) + "\n";
  return file_->save(lines);
}

}  // namespace agent
