#ifndef IPVS_AGENT_AGENT_CONFIG_WATCH_H_
#define IPVS_AGENT_AGENT_CONFIG_WATCH_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace agent {

// Says when a file has another content than before: one that is written in place, replaced by a
// rename, or reached through symlinks that are, as in a ConfigMap volume (FILE -> ..data/FILE,
// ..data -> ..2026_11_21, of which the kubelet swaps the second).
//
// The folder is watched with inotify(7), and the file is looked at every kPeriod as well, which
// finds what inotify cannot tell (network file systems, links into other folders) and replaces it
// where the kernel grants none. A file counts as changed once it has stayed the same for kSettle,
// so that one that is still being written is not taken for whole. Threading: one owner.
class ConfigWatch {
 public:
  static constexpr base::Duration kPeriod = std::chrono::seconds(5);
  static constexpr base::Duration kSettle = std::chrono::milliseconds(250);

  // The content is known as it is now.
  explicit ConfigWatch(std::string path);

  // Readable when something happened in the folder; -1 where inotify cannot be had.
  int fd() const { return inotify_.get(); }
  // Whether the content may differ from when this last said so. To be called when fd() is readable
  // and at the latest at next_look(). A file that is missing has not changed.
  bool changed(base::TimePoint now);
  base::TimePoint next_look() const { return next_look_; }

 private:
  // What of stat(2) tells one content from another.
  struct Signature {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t modified_ns = 0;

    friend bool operator==(const Signature&, const Signature&) = default;
  };
  // A content that is new, and since when it is as it is.
  struct Candidate {
    Signature signature;
    base::TimePoint since;
  };

  void watch_folder();
  void take_events();
  std::optional<Signature> look() const;

  std::string path_;
  std::string folder_;
  base::UniqueFd inotify_;
  bool watching_ = false;
  std::optional<Signature> known_;
  std::optional<Candidate> candidate_;
  base::TimePoint next_look_{};
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIG_WATCH_H_
