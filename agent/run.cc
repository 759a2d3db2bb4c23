#include "agent/run.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include "agent/api_sources.h"
#include "agent/browser_server.h"
#include "agent/command_server.h"
#include "agent/config_answer.h"
#include "agent/config_text.h"
#include "agent/drain_journal.h"
#include "agent/drain_order_file.h"
#include "agent/event_reports.h"
#include "agent/event_sender.h"
#include "agent/host.h"
#include "agent/host_settings.h"
#include "agent/instance_lock.h"
#include "agent/kernel_tables.h"
#include "agent/live_configuration.h"
#include "agent/loop.h"
#include "agent/loop_questions.h"
#include "agent/loop_thread.h"
#include "agent/machine.h"
#include "agent/metered_conntrack.h"
#include "agent/node_port_journal.h"
#include "agent/own_process.h"
#include "agent/port_servers.h"
#include "agent/presence_record.h"
#include "agent/proxy_lookout.h"
#include "agent/read_only_tables.h"
#include "agent/recent_log.h"
#include "agent/reporter.h"
#include "agent/service_health_server.h"
#include "agent/service_traffic.h"
#include "ipvs/kernel_ipvs_table.h"
#include "netconf/node_address_watch.h"
#include "netconf/proc_sysctls.h"
#include "watchers/kubeconfig.h"

namespace agent {
namespace {

constexpr char kDevice[] = "kube-ipvs0";
constexpr char kLockName[] = "ipvs-agent";
// One in shadow mode may run beside one that works.
constexpr char kShadowLockName[] = "ipvs-agent-shadow";
// The loop shows that it lives at least this often.
constexpr std::chrono::seconds kPulse(5);
// Lines of the log that the page for browsers can show.
constexpr std::size_t kRecentLines = 200;

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody writes it
  return value == nullptr ? "" : value;
}

watchers::AccessOptions access_options(const CommandLine& command_line) {
  watchers::AccessOptions options;
  options.kubeconfig = command_line.loaded.configuration.client_connection.kubeconfig;
  options.server = command_line.master;
  options.service_host = environment("KUBERNETES_SERVICE_HOST");
  options.service_port = environment("KUBERNETES_SERVICE_PORT");
  return options;
}

std::vector<base::Family> served_families(const HostOptions& options) {
  std::vector<base::Family> families;
  if (options.ipv4) families.push_back(base::Family::kIpv4);
  if (options.ipv6) families.push_back(base::Family::kIpv6);
  return families;
}

void resume_drain_orders(const DrainOrderFile& file, Loop& loop, base::TimePoint now,
                         Reporter& reporter) {
  auto orders = file.load();
  if (!orders.ok()) return reporter.set_problem("drain orders", orders.status().message());
  for (const DrainOrder& order : *orders) loop.order_drain(order, false, now);
}

// The agent does its work without its command line.
void start_commands(CommandServer& commands, const std::string& path, Reporter& reporter) {
  if (path.empty()) return;
  base::Status status = commands.start(path);
  if (!status.ok()) reporter.set_problem("command line", status.message());
}

base::Status start_browser_server(BrowserServer& browsers, const Configuration& configuration) {
  if (!configuration.ipvs_agent.status_page) return {};
  if (base::Status status = browsers.start(); !status.ok()) return status.in("status page");
  base::Status status = browsers.listen(*configuration.ipvs_agent.status_page);
  return configuration.bind_address_hard_fail ? status.in("status page") : base::Status();
}

int fail(Log& log, const base::Status& status) {
  log.error("cannot run", {{"error", status.message()}});
  return kExitFailure;
}

}  // namespace

int run_agent(const CommandLine& command_line, Log& lines) {
  const Configuration& configuration = command_line.loaded.configuration;
  base::UniqueFd stop = stop_signals();
  base::SystemClock clock;
  RecentLog log(lines, clock, configuration.ipvs_agent.status_page ? kRecentLines : 0);
  set_oom_score(configuration.oom_score_adj, log);

  const bool shadow = command_line.shadow;
  auto lock = take_instance_lock(shadow ? kShadowLockName : kLockName);
  if (!lock.ok()) return fail(log, lock.status());
  auto access = watchers::find_cluster_access(access_options(command_line));
  if (!access.ok()) return fail(log, access.status());
  auto kernel = KernelTables::open(configuration, kDevice);
  if (!kernel.ok()) return fail(log, kernel.status());
  // Scrapes read on a socket of their own, so that no round waits for one.
  auto traffic_table = ipvs::open_kernel_ipvs_table();
  if (!traffic_table.ok()) return fail(log, traffic_table.status());
  auto addresses = netconf::NodeAddressWatch::open(kDevice);
  if (!addresses.ok()) return fail(log, addresses.status());

  Machine machine = this_machine();
  machine.random_fully = kernel->tables().iptables.has_random_fully(base::Family::kIpv4);
  std::string name = node_name(configuration.hostname_override);
  std::uint64_t seed = std::hash<std::string>()(name) ^ static_cast<std::uint64_t>(getpid());
  HostOptions options = host_options(configuration, machine);
  options.device = kDevice;
  options.shadow = shadow;
  options.seed = seed;

  Metrics metrics(clock);
  ServiceTraffic traffic(*std::move(traffic_table), clock,
                         configuration.ipvs_agent.service_metrics);
  metrics.add_part([&] { return traffic.page(); });
  HealthState unstarted;
  unstarted.published = clock.now();
  unstarted.timeout = 2 * configuration.ipvs.sync_period;
  Published<HealthState> health(unstarted);
  watchers::EventMailbox mailbox;
  ApiSources sources(*access, name, mailbox, clock, log, seed);
  watchers::SystemWaiter event_waiter;
  EventSender event_sender(sources.client(), clock, event_waiter, log,
                           {.node = name,
                            .seed = seed,
                            .enabled = configuration.ipvs_agent.kubernetes_events,
                            .on_outcome = [&](EventOutcome outcome) {
                              metrics.count_kubernetes_event(to_string(outcome));
                            }});
  EventReports events(event_sender, name);
  ServiceHealthServer health_checks([&] { return is_healthy(*health.get(), clock.now()); }, log);
  health_checks.on_refusal([&](const watchers::ObjectKey& service, const std::string& error) {
    events.health_check_refused(service, error);
  });
  Reporter reporter(log, metrics, health, clock,
                    {.health_timeout = 2 * configuration.ipvs.sync_period,
                     .families = served_families(options),
                     .sources = [&] { return sources.status(); },
                     .health_checks = shadow ? nullptr : &health_checks,
                     .node_ports = configuration.node_port_addresses,
                     .traffic = &traffic,
                     .events = shadow ? nullptr : &events});
  ReadOnlyTables read_only(kernel->tables());
  HostTables tables = shadow ? read_only.tables() : kernel->tables();
  MeteredConntrack conntrack(tables.conntrack, clock, metrics);
  Host host({tables.ipvs, tables.addresses, tables.ipsets, tables.iptables, tables.sysctls,
             conntrack, tables.nft},
            std::move(options));
  DrainJournal journal(configuration.ipvs_agent.state_directory, this_boot());
  NodePortJournal node_ports(configuration.ipvs_agent.state_directory, this_boot());
  PresenceRecord presence(configuration.ipvs_agent.state_directory, this_boot());
  if (!shadow && !configuration.ipvs_agent.state_directory.empty()) {
    host.keep_drains(journal);
    host.keep_node_ports(node_ports);
    host.keep_presence(presence);
  }
  Loop loop(host, mailbox, clock, reporter, loop_options(configuration, machine, name));
  Published<std::string> configz(to_configz(configuration));
  Published<std::string> origins(configuration_json(configuration, command_line.loaded.origins));
  LiveConfiguration live(command_line, machine,
                         {.host = host,
                          .loop = loop,
                          .reporter = reporter,
                          .log = log,
                          .configz = configz,
                          .apply_to_process =
                              [&](const auto& now) {
                                set_oom_score(now.oom_score_adj, log);
                                traffic.reconfigure(now.ipvs_agent.service_metrics, host.desired());
                                event_sender.set_enabled(now.ipvs_agent.kubernetes_events);
                              },
                          .origins = &origins});
  ProxyLookout lookout(reporter);
  PortServers servers(configuration, metrics, health, configz, clock, log);

  if (base::Status status = host.prepare(clock.now()); !status.ok()) return fail(log, status);
  raise_file_limit();
  if (base::Status status = health_checks.start(); !status.ok()) return fail(log, status);
  if (base::Status status = servers.start(configuration.bind_address_hard_fail); !status.ok()) {
    return fail(log, status);
  }
  LoopQuestions questions;
  DrainOrderFile drain_orders(shadow ? "" : configuration.ipvs_agent.state_directory);
  resume_drain_orders(drain_orders, loop, clock.now(), reporter);
  CommandServer commands({.questions = questions,
                          .health = health,
                          .clock = clock,
                          .drain_orders = drain_orders,
                          .configuration = origins});
  // A shadow leaves the socket to the agent that works.
  start_commands(commands, shadow ? "" : configuration.ipvs_agent.socket, reporter);
  BrowserServer browsers({.questions = questions, .health = health, .clock = clock, .changes = log},
                         {.node = name, .on_listen = log_listening("status page", log)});
  if (base::Status status = start_browser_server(browsers, configuration); !status.ok()) {
    return fail(log, status);
  }
  sources.start();
  event_sender.start();
  log.info("started", {{"version", IPVS_AGENT_VERSION},
                       {"shadow", shadow},
                       {"node", name},
                       {"server", access->server.to_string()},
                       {"scheduler", configuration.ipvs.scheduler}});
  run_loop(loop, clock,
           {.mailbox = mailbox.readable_fd(),
            .addresses = addresses->fd(),
            .stop = stop.get(),
            .questions = questions.readable_fd(),
            .configuration = live.fd()},
           kPulse,
           {.addresses_changed = [&] { return addresses->changed(); },
            .between_steps =
                [&](base::TimePoint now) {
                  questions.answer(loop, now);
                  if (shadow) return live.check(now);
                  bool suspicious = host.rivals().suspect().has_value();
                  return std::min(live.check(now), lookout.check(now, suspicious));
                }});
  questions.close();
  sources.stop();  // its requests, too
  event_sender.stop();
  log.info("stopped; what the kernel holds stays and goes on working");
  return kExitOk;
}

int run_init_only(const CommandLine& command_line, Log& log) {
  netconf::ProcSysctls sysctls(command_line.loaded.configuration.ipvs_agent.sysctl_directory);
  std::vector<netconf::Sysctl> settings =
      needed_sysctls(command_line.loaded.configuration, this_machine());
  std::vector<base::Status> statuses = sysctls.apply(settings);
  bool all = true;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    all = all && statuses[i].ok();
    if (statuses[i].ok()) {
      log.info("set", {{"sysctl", settings[i].name}, {"value", settings[i].value}});
    } else {
      log.error("not set", {{"sysctl", settings[i].name}, {"error", statuses[i].message()}});
    }
  }
  return all ? kExitOk : kExitFailure;
}

int run_cleanup(const CommandLine& command_line, Log& log) {
  const Configuration& configuration = command_line.loaded.configuration;
  auto lock = take_instance_lock(kLockName);
  if (!lock.ok()) return fail(log, lock.status());
  auto kernel = KernelTables::open(configuration, kDevice);
  if (!kernel.ok()) return fail(log, kernel.status());
  HostOptions options = host_options(configuration, this_machine());
  options.device = kDevice;
  Host host(kernel->tables(), std::move(options));
  NodePortJournal node_ports(configuration.ipvs_agent.state_directory, this_boot());
  if (!configuration.ipvs_agent.state_directory.empty()) host.keep_node_ports(node_ports);
  std::vector<base::Status> failures = host.clean_up();
  PresenceRecord presence(configuration.ipvs_agent.state_directory, this_boot());
  if (failures.empty() && !configuration.ipvs_agent.state_directory.empty()) {
    if (base::Status status = presence.remove(); !status.ok()) failures.push_back(status);
  }
  for (const base::Status& failure : failures) {
    log.error("not removed", {{"error", failure.message()}});
  }
  if (failures.empty()) log.info("nothing of ours is left; kernel settings stay as they are");
  return failures.empty() ? kExitOk : kExitFailure;
}

}  // namespace agent
