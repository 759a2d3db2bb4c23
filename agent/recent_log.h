#ifndef IPVS_AGENT_AGENT_RECENT_LOG_H_
#define IPVS_AGENT_AGENT_RECENT_LOG_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/log.h"
#include "base/clock.h"

namespace agent {

// A line as it was logged.
struct LogLine {
  base::WallTime time;
  LogLevel level = LogLevel::kInfo;
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;  // in order
};

// A log that remembers its last lines, from info on, for whoever wants to see what changed. It
// passes everything on.
//
// Threading: any thread.
class RecentLog final : public Log {
 public:
  // A line is cut behind so many bytes, so that what is remembered is bounded.
  static constexpr std::size_t kMostBytes = 2048;

  // Remembers the last `most` lines; 0: none, at no cost. References outlive it.
  RecentLog(Log& log, const base::Clock& clock, std::size_t most)
      : log_(log), clock_(clock), most_(most) {}

  void set_verbosity(std::int64_t verbosity) override { log_.set_verbosity(verbosity); }
  bool writes(LogLevel level) const override { return log_.writes(level); }
  void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override;

  // The newest lines first, at most so many.
  std::vector<std::shared_ptr<const LogLine>> newest(std::size_t most) const;

 private:
  Log& log_;
  const base::Clock& clock_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const LogLine>> lines_;  // the oldest in front
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_RECENT_LOG_H_
