#include "agent/drain_journal.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "ipvs/text.h"

namespace agent {
namespace {

// "123456789 -d -t 10.96.0.10:80 -r 10.244.1.5:8080": nanoseconds, then the line that will end it.
std::optional<RememberedDrain> parse_line(std::string_view line) {
  std::int64_t nanoseconds = 0;
  auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), nanoseconds);
  if (error != std::errc() || nanoseconds < 0) return std::nullopt;
  std::string_view rest = line.substr(static_cast<std::size_t>(end - line.data()));
  if (!rest.starts_with(' ')) return std::nullopt;
  auto op = ipvs::parse_op(rest.substr(1));
  if (!op.ok()) return std::nullopt;
  const auto* removal = std::get_if<ipvs::DeleteRealServer>(&*op);
  if (removal == nullptr) return std::nullopt;
  return RememberedDrain{removal->virtual_server, removal->server,
                         base::TimePoint(base::Duration(nanoseconds))};
}

std::string to_line(const RememberedDrain& drain) {
  return std::to_string(drain.started.time_since_epoch().count()) + " " +
         ipvs::to_text(ipvs::DeleteRealServer{drain.virtual_server, drain.server}) + "\n";
}

}  // namespace

DrainJournal::DrainJournal(std::string folder, const std::string& boot)
    : file_(std::move(folder), "drains", boot) {}

base::Result<std::vector<RememberedDrain>> DrainJournal::load() const {
  std::vector<RememberedDrain> drains;
  base::Result<bool> of_this_boot = file_.load([&](std::string_view line) {
    std::optional<RememberedDrain> drain = parse_line(line);
    if (drain) drains.push_back(*drain);
    return drain.has_value();
  });
  if (!of_this_boot.ok()) return of_this_boot.status();
  if (!*of_this_boot) drains.clear();
  return drains;
}

base::Status DrainJournal::save(std::span<const RememberedDrain> drains) const {
  std::string lines;
  for (const RememberedDrain& drain : drains) lines += to_line(drain);
  return file_.save(lines);
}

}  // namespace agent
