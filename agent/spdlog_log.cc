#include "agent/spdlog_log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace agent {
namespace {

constexpr std::int64_t kDebugVerbosity = 4;

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

class SpdlogLog final : public Log {
 public:
  explicit SpdlogLog(const Configuration::Logging& logging)
      : json_(logging.format == LogFormat::kJson),
        // Not registered with spdlog's registry: nobody finds it by name.
        logger_("ipvs-agent", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_pattern(
        json_ ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%fZ %l %v",
        spdlog::pattern_time_type::utc);
    SpdlogLog::set_verbosity(logging.verbosity);
    logger_.flush_on(spdlog::level::debug);
  }

  void set_verbosity(std::int64_t verbosity) override {
    logger_.set_level(verbosity >= kDebugVerbosity ? spdlog::level::debug : spdlog::level::info);
  }

  bool writes(LogLevel level) const override { return logger_.should_log(level_of(level)); }

  void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override {
    if (!writes(level)) return;
    logger_.log(level_of(level), json_ ? json_members(event, fields) : text_line(event, fields));
  }

 private:
  const bool json_;
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<Log> make_spdlog_log(const Configuration::Logging& logging) {
  return std::make_unique<SpdlogLog>(logging);
}

}  // namespace agent
