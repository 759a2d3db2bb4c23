#include "agent/command_line.h"

#include "agent/cli11_flags.h"
#include "agent/config_checks.h"
#include "agent/config_codec.h"
#include "agent/config_keys.h"
#include "cli/commands.h"

namespace agent {
namespace {

constexpr std::string_view kDescription =
    "Keeps IPVS of this node in step with the Services of a Kubernetes cluster.";

std::vector<FlagSpec> flag_specs() {
  const std::string actions = "What to do";
  std::vector<FlagSpec> specs = {
      {.name = "help", .is_switch = true, .help = "Print this page", .group = actions},
      {.name = "version", .is_switch = true, .help = "Print the version", .group = actions},
      {.name = "config",
       .value = "FILE",
       .help = "The configuration file (KubeProxyConfiguration); most other flags are then ignored",
       .group = actions},
      {.name = "write-config-to",
       .value = "FILE",
       .help = "Write the configuration in force to FILE and end",
       .group = actions},
      {.name = "init-only",
       .is_switch = true,
       .help = "Make the kernel settings that need privileges, and end",
       .group = actions},
      {.name = "cleanup",
       .is_switch = true,
       .help = "Remove everything of ours from the kernel, and end",
       .group = actions},
      {.name = "shadow",
       .is_switch = true,
       .help =
           "Run beside the proxy of this node: compare what the kernel holds with what it should "
           "hold, tell it, write nothing. Its ports are 100 higher than configured",
       .group = actions},
      {.name = "master",
       .value = "URL",
       .help = "The API server; goes over that of the kubeconfig",
       .group = actions},
  };
  for (const ConfigKey& key : config_keys()) {
    if (key.flag.empty()) continue;
    bool idle = !key.idle_reason.empty();
    specs.push_back({.name = key.flag,
                     .is_switch = key.type == ConfigType::kBool,
                     .repeats = key.type == ConfigType::kList || key.type == ConfigType::kSubtree,
                     .value = key.type == ConfigType::kBool ? "BOOL" : "VALUE",
                     .help = idle ? "" : key.meaning + " (" + key.allowed + ")",
                     .group = idle ? "" : "Configuration (keys of the same meaning in a file)"});
  }
  return specs;
}

// The value of a flag that is given at most once.
std::string text_of(const FlagValues& flags, const std::string& name) {
  auto place = flags.find(name);
  return place == flags.end() ? "" : place->second.back();
}

base::Result<bool> is_set(const FlagValues& flags, const std::string& name) {
  if (!flags.contains(name)) return false;
  base::Result<bool> value = decode_bool(text_of(flags, name));
  if (!value) return base::Status(value.status().in("--" + name));
  return value;
}

// Puts the flags into what the file, if there is one, made of the configuration; the mistakes.
std::vector<std::string> apply_flags(const FlagValues& flags, bool with_file,
                                     LoadedConfiguration& loaded) {
  std::vector<std::string> mistakes;
  std::string ignored;
  for (const ConfigKey& key : config_keys()) {
    auto given = flags.find(key.flag);
    if (key.flag.empty() || given == flags.end()) continue;
    if (with_file && !key.flag_beats_file) {
      ignored += (ignored.empty() ? "--" : ", --") + key.flag;
      continue;
    }
    ConfigValue value =
        key.type == ConfigType::kList ? join_list(given->second) : given->second.back();
    if (!key.idle_reason.empty()) {
      if (is_zero(value) || value == ConfigValue(key.idle_default)) continue;
      loaded.notices.push_back("--" + key.flag + ": does nothing: " + key.idle_reason);
      continue;
    }
    if (value == ConfigValue("") && !key.note_when_empty.empty()) {
      loaded.notices.push_back("--" + key.flag + ": is empty; " + key.note_when_empty);
    }
    base::Status stored = key.store(value, loaded.configuration);
    if (!stored) {
      mistakes.push_back("--" + key.flag + ": " + stored.message() + "; allowed: " + key.allowed);
    } else if (!key.path.empty()) {
      loaded.origins[key.path] = Origin::kFlag;
    }
  }
  if (!ignored.empty()) {
    loaded.warnings.push_back("flags ignored because --config is given: " + ignored +
                              "; set their keys in the file instead");
  }
  return mistakes;
}

// The file is usually that of the proxy that works here, which serves the same ports.
void step_aside(std::optional<ListenAddress>& where) {
  constexpr int kStep = 100;
  if (!where) return;
  int port = where->port + kStep;
  where->port = static_cast<base::Port>(port > 65535 ? port - 2 * kStep : port);
}

}  // namespace

base::Result<CommandLine> parse_command_line(std::span<const std::string> arguments) {
  const std::vector<FlagSpec> specs = flag_specs();
  base::Result<FlagValues> flags = parse_flags(specs, arguments);
  if (!flags) return flags.status();
  CommandLine line;
  line.arguments.assign(arguments.begin(), arguments.end());
  line.config_path = text_of(*flags, "config");
  line.write_config_to = text_of(*flags, "write-config-to");
  line.master = text_of(*flags, "master");
  if (!line.write_config_to.empty()) line.action = Action::kWriteConfig;
  // Later ones go over earlier ones; kube-proxy looks at them in the same order.
  const std::pair<const char*, Action> switches[] = {{"init-only", Action::kInitOnly},
                                                     {"cleanup", Action::kCleanup},
                                                     {"version", Action::kPrintVersion},
                                                     {"help", Action::kPrintHelp}};
  for (const auto& [name, action] : switches) {
    base::Result<bool> wanted = is_set(*flags, name);
    if (!wanted) return wanted.status();
    if (*wanted) line.action = action;
  }
  base::Result<bool> shadow = is_set(*flags, "shadow");
  if (!shadow) return shadow.status();
  line.shadow = *shadow;
  if (line.shadow && (line.action == Action::kInitOnly || line.action == Action::kCleanup)) {
    return base::Status(base::Code::kInvalidArgument,
                        "--shadow writes nothing, so it cannot go with --init-only or --cleanup");
  }
  if (line.action == Action::kPrintVersion) return line;
  if (line.action == Action::kPrintHelp) {
    line.help =
        flags_help(specs, "ipvs-agent", std::string(kDescription)) + "\n" + cli::commands_help();
    return line;
  }
  bool with_file = !line.config_path.empty();
  if (with_file) {
    base::Result<LoadedConfiguration> loaded = read_config_file(line.config_path);
    if (!loaded) return loaded.status();
    line.loaded = *std::move(loaded);
  }
  std::vector<std::string> mistakes = apply_flags(*flags, with_file, line.loaded);
  fill_dependent_defaults(line.loaded);
  if (mistakes.empty()) mistakes = contradictions(line.loaded.configuration);
  if (!mistakes.empty()) {
    return base::Status(base::Code::kInvalidArgument, join_lines(mistakes));
  }
  if (line.shadow) {
    step_aside(line.loaded.configuration.healthz_bind_address);
    step_aside(line.loaded.configuration.metrics_bind_address);
    step_aside(line.loaded.configuration.ipvs_agent.status_page);
  }
  for (std::string& doubt : doubts(line.loaded.configuration)) {
    line.loaded.notices.push_back(std::move(doubt));
  }
  return line;
}

}  // namespace agent
