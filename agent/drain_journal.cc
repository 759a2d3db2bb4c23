#include "agent/drain_journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"
#include "ipvs/text.h"

namespace agent {
namespace {

using base::Code;
using base::Status;

constexpr std::string_view kFormat = "ipvs-agent drains, format 1, boot ";
constexpr std::string_view kLastLine = "end";

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

// The whole of a small file; empty where there is none.
base::Result<std::string> read_whole(const std::string& path) {
  base::UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::string();
  if (!file) return Status::from_errno(errno, "reading " + path);
  std::string text;
  std::string part(1 << 16, '\0');
  for (;;) {
    ssize_t length = read(file.get(), part.data(), part.size());
    if (length < 0) return Status::from_errno(errno, "reading " + path);
    if (length == 0) return text;
    text.append(part, 0, static_cast<std::size_t>(length));
  }
}

Status write_whole(const std::string& path, std::string_view text) {
  base::UniqueFd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return Status::from_errno(errno, "writing " + path);
  while (!text.empty()) {
    ssize_t length = write(file.get(), text.data(), text.size());
    if (length < 0) return Status::from_errno(errno, "writing " + path);
    text.remove_prefix(static_cast<std::size_t>(length));
  }
  return {};
}

}  // namespace

DrainJournal::DrainJournal(std::string folder, const std::string& boot)
    : folder_(std::move(folder)),
      path_(folder_ + "/drains"),
      first_line_(std::string(kFormat) + boot) {}

base::Result<std::vector<RememberedDrain>> DrainJournal::load() const {
  base::Result<std::string> text = read_whole(path_);
  if (!text.ok()) return text.status();
  std::vector<RememberedDrain> drains;
  int number = 0;
  bool other_boot = false;
  bool complete = text->empty();
  for (std::size_t begin = 0; begin < text->size() && !complete;) {
    std::size_t end = std::min(text->find('\n', begin), text->size());
    std::string_view line(text->data() + begin, end - begin);
    begin = end + 1;
    ++number;
    if (number == 1) {
      other_boot = line != first_line_;
      if (line.starts_with(kFormat)) continue;
    } else if (line == kLastLine) {
      complete = true;
      continue;
    } else if (std::optional<RememberedDrain> drain = parse_line(line)) {
      drains.push_back(*drain);
      continue;
    }
    return Status(Code::kCorrupt,
                  path_ + ": line " + std::to_string(number) + " is not understood");
  }
  if (!complete) return Status(Code::kCorrupt, path_ + ": its end is missing");
  if (other_boot) drains.clear();
  return drains;
}

Status DrainJournal::save(std::span<const RememberedDrain> drains) const {
  std::string text = first_line_ + "\n";
  for (const RememberedDrain& drain : drains) text += to_line(drain);
  text += kLastLine;
  text += '\n';
  const std::string next = path_ + ".next";
  if (mkdir(folder_.c_str(), 0755) != 0 && errno != EEXIST) {
    return Status::from_errno(errno, "making the folder " + folder_);
  }
  if (Status status = write_whole(next, text); !status.ok()) return status;
  if (std::rename(next.c_str(), path_.c_str()) != 0) {
    return Status::from_errno(errno, "replacing " + path_);
  }
  return {};
}

std::string this_boot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  std::getline(file, boot);
  return boot;
}

}  // namespace agent
