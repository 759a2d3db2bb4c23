#include "agent/live_configuration.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "agent/config_answer.h"
#include "agent/config_codec.h"
#include "agent/config_text.h"

namespace agent {
namespace {

constexpr char kProblem[] = "configuration";

std::string one_line(std::string_view text) {
  std::string line;
  for (char c : text) c == '\n' ? line += "; " : line += c;
  return line;
}

std::string waiting_text(const std::vector<WaitingKey>& waiting) {
  std::string text;
  for (const WaitingKey& key : waiting) {
    text += (text.empty() ? "" : "; ") + key.path + ": the file has " + key.wanted + ", " +
            key.running + " stays in force: " + key.reason;
  }
  return text;
}

std::vector<std::string> remarks_of(const LoadedConfiguration& loaded) {
  std::vector<std::string> remarks = loaded.warnings;
  remarks.insert(remarks.end(), loaded.notices.begin(), loaded.notices.end());
  return remarks;
}

}  // namespace

LiveConfiguration::LiveConfiguration(const CommandLine& command_line, Machine machine, Parts parts)
    : arguments_(command_line.arguments),
      path_(command_line.config_path),
      machine_(machine),
      parts_(std::move(parts)),
      running_(command_line.loaded.configuration),
      origins_(command_line.loaded.origins),
      told_(remarks_of(command_line.loaded)) {
  if (!path_.empty()) watch_ = std::make_unique<ConfigWatch>(path_);
}

base::TimePoint LiveConfiguration::check(base::TimePoint now) {
  if (!watch_) return base::TimePoint::max();
  if (watch_->changed(now)) reload(now);
  return watch_->next_look();
}

void LiveConfiguration::reload(base::TimePoint now) {
  base::Result<CommandLine> line = parse_command_line(arguments_);
  if (line.ok()) return take_over(line->loaded, now);
  ++standing_.refused;
  standing_.in_force = false;
  parts_.reporter.note_configuration(standing_);
  parts_.reporter.set_problem(kProblem,
                              "the new file is not taken over, the old configuration "
                              "stays in force: " +
                                  one_line(line.status().message()));
}

void LiveConfiguration::take_over(const LoadedConfiguration& loaded, base::TimePoint now) {
  for (const std::string& remark : remarks_of(loaded)) {
    if (std::ranges::find(told_, remark) == told_.end()) parts_.log.warning(remark);
  }
  told_ = remarks_of(loaded);
  ConfigChange change = change_between(running_, loaded.configuration);
  keep_scheduler(change);
  if (change.next != running_) {
    running_ = std::move(change.next);
    parts_.log.set_verbosity(running_.logging.verbosity);
    if (parts_.apply_to_process) parts_.apply_to_process(running_);
    parts_.reporter.reconfigure(running_);
    parts_.host.reconfigure(host_options(running_, machine_), now);
    parts_.loop.reconfigure(loop_options(running_, machine_, ""), now);
    parts_.configz.publish(to_configz(running_));
  }
  keep_origins(loaded, change);
  tell(change);
}

// A key that waits stays as it is, and so does where it comes from.
void LiveConfiguration::keep_origins(const LoadedConfiguration& loaded,
                                     const ConfigChange& change) {
  std::map<std::string, Origin> origins = loaded.origins;
  for (const WaitingKey& key : change.waiting) {
    origins.erase(key.path);
    if (auto old = origins_.extract(key.path)) origins.insert(std::move(old));
  }
  origins_ = std::move(origins);
  if (parts_.origins != nullptr) parts_.origins->publish(configuration_json(running_, origins_));
}

// A scheduler that the kernel does not have would make every virtual server fail.
void LiveConfiguration::keep_scheduler(ConfigChange& change) {
  const std::string wanted = change.next.ipvs.scheduler;
  if (wanted == running_.ipvs.scheduler) return;
  base::Status status = parts_.host.try_scheduler(wanted);
  if (status.ok()) return;
  change.next.ipvs.scheduler = running_.ipvs.scheduler;
  std::erase_if(change.applied,
                [](const std::string& line) { return line.starts_with("ipvs.scheduler: "); });
  change.waiting.push_back(
      {"ipvs.scheduler", shown(running_.ipvs.scheduler), shown(wanted), status.message()});
}

void LiveConfiguration::tell(const ConfigChange& change) {
  ++standing_.taken;
  standing_.keys_waiting = change.waiting.size();
  standing_.in_force = change.waiting.empty();
  parts_.reporter.note_configuration(standing_);
  parts_.log.info("configuration file read again",
                  {{"file", path_},
                   {"applied", change.applied.empty() ? "nothing differs"
                                                      : one_line(join_lines(change.applied))},
                   {"kept", change.waiting.size()}});
  if (change.waiting.empty()) {
    parts_.reporter.clear_problem(kProblem);
  } else {
    parts_.reporter.set_problem(kProblem, waiting_text(change.waiting));
  }
}

}  // namespace agent
