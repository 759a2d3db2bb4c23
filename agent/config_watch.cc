#include "agent/config_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

namespace agent {

ConfigWatch::ConfigWatch(std::string path)
    : path_(std::move(path)), inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  std::size_t slash = path_.rfind('/');
  folder_ = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  watch_folder();
  known_ = look();
}

void ConfigWatch::watch_folder() {
  if (!inotify_ || watching_) return;
  constexpr std::uint32_t kEvents =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  watching_ = inotify_add_watch(inotify_.get(), folder_.c_str(), kEvents) >= 0;
}

// What happened does not matter, only that the file is to be looked at; but a watch whose folder
// went away is over.
void ConfigWatch::take_events() {
  if (!inotify_) return;
  alignas(inotify_event) std::array<char, 4096> buffer{};
  for (;;) {
    ssize_t length = read(inotify_.get(), buffer.data(), buffer.size());
    if (length <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      at += sizeof(event) + event.len;
      if ((event.mask & IN_MOVE_SELF) != 0) (void)inotify_rm_watch(inotify_.get(), event.wd);
      if ((event.mask & IN_IGNORED) != 0) watching_ = false;
    }
  }
}

std::optional<ConfigWatch::Signature> ConfigWatch::look() const {
  struct stat found {};
  if (stat(path_.c_str(), &found) != 0) return std::nullopt;
  return Signature{
      .device = found.st_dev,
      .inode = found.st_ino,
      .size = found.st_size,
      .modified_ns = std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec};
}

bool ConfigWatch::changed(base::TimePoint now) {
  take_events();
  watch_folder();
  next_look_ = now + kPeriod;
  std::optional<Signature> found = look();
  if (!found || found == known_) {
    candidate_.reset();
    return false;
  }
  if (!candidate_ || candidate_->signature != *found) candidate_ = {*found, now};
  if (now - candidate_->since < kSettle) {
    next_look_ = candidate_->since + kSettle;
    return false;
  }
  known_ = found;
  candidate_.reset();
  return true;
}

}  // namespace agent
