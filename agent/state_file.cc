#include "agent/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <utility>

#include "base/unique_fd.h"

namespace agent {
namespace {

using base::Code;
using base::Status;

constexpr std::string_view kLastLine = "end";

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

StateFile::StateFile(std::string folder, std::string_view name, const std::string& boot)
    : folder_(std::move(folder)),
      path_(folder_ + "/" + std::string(name)),
      format_("ipvs-agent " + std::string(name) + ", format 1, boot "),
      first_line_(format_ + boot) {}

base::Result<bool> StateFile::load(const std::function<bool(std::string_view)>& take) const {
  base::Result<std::string> text = read_whole(path_);
  if (!text.ok()) return text.status();
  if (text->empty()) return false;
  int number = 0;
  bool of_this_boot = false;
  bool complete = false;
  for (std::size_t begin = 0; begin < text->size() && !complete;) {
    std::size_t end = std::min(text->find('\n', begin), text->size());
    std::string_view line(text->data() + begin, end - begin);
    begin = end + 1;
    ++number;
    if (number == 1) {
      of_this_boot = line == first_line_;
      if (line.starts_with(format_)) continue;
    } else if (line == kLastLine) {
      complete = true;
      continue;
    } else if (take(line)) {
      continue;
    }
    return Status(Code::kCorrupt,
                  path_ + ": line " + std::to_string(number) + " is not understood");
  }
  if (!complete) return Status(Code::kCorrupt, path_ + ": its end is missing");
  return of_this_boot;
}

Status StateFile::save(std::string_view lines) const {
  std::string text = first_line_ + "\n";
  text += lines;
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

Status StateFile::remove() const {
  if (unlink(path_.c_str()) == 0 || errno == ENOENT) return {};
  return Status::from_errno(errno, "removing " + path_);
}

Status with_consequence(const Status& failure, const std::string& consequence) {
  if (failure.ok()) return failure;
  return {failure.code(), failure.message() + "; " + consequence, failure.error_number()};
}

std::string this_boot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  std::getline(file, boot);
  return boot;
}

}  // namespace agent
