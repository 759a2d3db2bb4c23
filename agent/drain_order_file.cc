#include "agent/drain_order_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace agent {

DrainOrderFile::DrainOrderFile(const std::string& folder)
    : path_(folder.empty() ? "" : folder + "/drain-orders") {}

base::Result<std::set<DrainOrder>> DrainOrderFile::load() const {
  std::set<DrainOrder> orders;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) {
    auto order = parse_drain_order(line);
    if (!order.ok()) {
      return base::Status(base::Code::kCorrupt, path_ + ": " + order.status().message());
    }
    orders.insert(*order);
  }
  return orders;
}

base::Status DrainOrderFile::save(const std::set<DrainOrder>& orders) const {
  if (path_.empty()) return {};
  std::error_code ignored;  // that the file cannot be written tells
  std::filesystem::create_directory(std::filesystem::path(path_).parent_path(), ignored);
  const std::string next = path_ + ".next";
  std::ofstream file(next);
  for (const DrainOrder& order : orders) file << to_string(order) << "\n";
  file.close();
  if (file.fail() || std::rename(next.c_str(), path_.c_str()) != 0) {
    return base::Status::from_errno(errno == 0 ? EIO : errno, "write " + path_);
  }
  return {};
}

}  // namespace agent
