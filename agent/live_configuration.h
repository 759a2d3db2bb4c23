#ifndef IPVS_AGENT_AGENT_LIVE_CONFIGURATION_H_
#define IPVS_AGENT_AGENT_LIVE_CONFIGURATION_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/command_line.h"
#include "agent/config_change.h"
#include "agent/config_watch.h"
#include "agent/host.h"
#include "agent/host_settings.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/published.h"
#include "agent/reporter.h"

namespace agent {

// The configuration of a running agent, which follows its file: what can change while the agent
// works is changed, the rest is named and waits for a restart, and a file that is wrong changes
// nothing. The flags of the command line keep the place over the file that they had at the start.
//
// Threading: the loop's thread, between two steps.
// Errors: are the user's to mend; they are logged and stay a problem until the file is right.
class LiveConfiguration {
 public:
  struct Parts {
    Host& host;
    Loop& loop;
    Reporter& reporter;
    Log& log;
    // What /configz shows.
    Published<std::string>& configz;
    // Settings of the process itself.
    std::function<void(const Configuration&)> apply_to_process;
    // What `ipvs-agent config` shows: configuration_json(); null: nobody asks.
    Published<std::string>* origins = nullptr;
  };

  // Everything referred to in `parts` outlives it. Without --config there is nothing to follow.
  LiveConfiguration(const CommandLine& command_line, Machine machine, Parts parts);

  // Readable when check() is to be called; -1 where there is nothing to wait for.
  int fd() const { return watch_ ? watch_->fd() : -1; }
  // Looks whether the file is another one and takes it over. Returns when to be called again at the
  // latest.
  base::TimePoint check(base::TimePoint now);

  // What is in force.
  const Configuration& configuration() const { return running_; }

 private:
  void reload(base::TimePoint now);
  void take_over(const LoadedConfiguration& loaded, base::TimePoint now);
  void keep_scheduler(ConfigChange& change);
  void keep_origins(const LoadedConfiguration& loaded, const ConfigChange& change);
  void tell(const ConfigChange& change);

  std::vector<std::string> arguments_;
  std::string path_;
  Machine machine_;
  Parts parts_;
  Configuration running_;
  std::map<std::string, Origin> origins_;
  std::vector<std::string> told_;  // warnings and notices about the file in force
  ConfigStanding standing_;
  std::unique_ptr<ConfigWatch> watch_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LIVE_CONFIGURATION_H_
