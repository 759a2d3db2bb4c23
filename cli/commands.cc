#include "cli/commands.h"

#include <algorithm>

#include "cli/agent_client.h"

namespace cli {
namespace {

OptionSpec socket_option() {
  return {.name = "socket",
          .value = "PATH",
          .help = "Where the agent answers (its ipvsAgent.socket); default " +
                  std::string(kDefaultSocket)};
}

OptionSpec output_option(std::vector<std::string> choices) {
  std::string help = "In which form:";
  for (const std::string& choice : choices)
    help += " " + choice + (choice == choices.back() ? "" : ",");
  return {.name = "output",
          .letter = 'o',
          .value = "FORM",
          .help = help,
          .choices = std::move(choices)};
}

OptionSpec namespace_option(const std::string& meaning) {
  return {.name = "namespace", .letter = 'n', .value = "NAMESPACE", .help = meaning};
}

CommandSpec status_command() {
  return {
      .name = "status",
      .words = "[NAME]",
      .summary = "Services with their virtual servers, real servers and connections",
      .description =
          "One line for each virtual server: whose it is, its address, how many real servers it "
          "has "
          "and how many connections these hold, as the kernel counts them now. With NAME, or with "
          "-o wide, one line for each real server, with its weight and, while it drains, since "
          "when.\n\nThe first line sums the agent up: in step with the API, catching up, degraded "
          "(something is being retried or does not work), failing, or starting. Problems are told "
          "below the table.",
      .options = {namespace_option("Only Services of this namespace"),
                  {.name = "all-namespaces",
                   .letter = 'A',
                   .help = "Services of all namespaces; this is the default"},
                  {.name = "selector",
                   .letter = 'l',
                   .value = "SELECTOR",
                   .help =
                       "Only Services with these labels, as kubectl takes them: app=web,tier!=db"},
                  output_option({"wide", "json", "name"}),
                  {.name = "limit", .value = "COUNT", .help = "At most so many Services"},
                  {.name = "after",
                   .value = "NAMESPACE/NAME",
                   .help = "Only Services behind this one, in the order of the table"},
                  {.name = "watch", .letter = 'w', .help = "Show it again every two seconds"},
                  socket_option()},
      .examples = {{"ipvs-agent status", "all Services"},
                   {"ipvs-agent status -n default web", "the real servers of one Service"},
                   {"ipvs-agent status -l app=web -o json", "for programs"}},
      .most_words = 1,
      .words_are_services = true};
}

CommandSpec explain_command() {
  return {
      .name = "explain",
      .words = "TARGET",
      .summary = "why the kernel holds what it holds for a Service",
      .description =
          "TARGET is a Service, NAMESPACE/NAME or NAME, or an address that one answers on: "
          "10.96.0.10:80, [fd00::1]:53/udp. For each of the Service's addresses every endpoint of "
          "every slice is listed: used or not, and why; its weight and connections; which versions "
          "of the objects that comes from, and when it reached the kernel.\n\nWith --client "
          "it foretells which real server a new connection of that client gets: that of its "
          "session, where the Service has session affinity and the kernel remembers the client; "
          "else that of the scheduler, where it goes by a hash (sh, mh, dh); others go by the "
          "state of the moment.",
      .options = {namespace_option("The namespace of a Service that is given without one; default: "
                                   "default"),
                  {.name = "client",
                   .value = "IP[:PORT]",
                   .help = "Foretell the real server that it gets, by its session or a hash"},
                  output_option({"json"}),
                  socket_option()},
      .examples = {{"ipvs-agent explain default/web", "one Service"},
                   {"ipvs-agent explain web --client 10.0.0.9", "and what that client gets"},
                   {"ipvs-agent explain 10.96.0.10:53/udp", "whoever answers there"}},
      .most_words = 1,
      .words_are_services = true};
}

CommandSpec plan_command() {
  return {
      .name = "plan",
      .summary = "what would have to change now, as commands",
      .description =
          "Reads the kernel and prints the commands that bring it to what the agent wants, in "
          "the order in which the agent would apply them: lines for a shell, with ipvsadm, ip, "
          "ipset and iptables-restore. Nothing is changed. While the agent is in step and nobody "
          "else changes the kernel, there is nothing to print.",
      .options = {output_option({"json"}), socket_option()},
      .examples = {{"ipvs-agent plan", "what the next audit would repair"}}};
}

CommandSpec audit_command() {
  return {.name = "audit",
          .summary = "the kernel compared with what the agent wants; what is foreign",
          .description =
              "Reads every virtual server, address, ipset and rule that the agent is responsible "
              "for, names each difference, and lists the virtual servers that are not the agent's, "
              "which it never changes. Nothing is repaired by it: the agent's own audit does that "
              "(ipvsAgent.auditPeriod).\n\nExit status 0: no difference; 3: some; 1: not all could "
              "be looked at.",
          .options = {output_option({"json"}), socket_option()},
          .examples = {{"ipvs-agent audit", "is the kernel as it should be?"}}};
}

CommandSpec drain_command() {
  return {
      .name = "drain",
      .words = "[TARGET]",
      .summary = "keep new connections away from an endpoint, or from all of a node",
      .description =
          "TARGET is the address of an endpoint, with or without a port (10.244.1.5, "
          "10.244.1.5:8080, [fd00::5]:8080), or node/NAME for all endpoints that the API places on "
          "a node. Everywhere on this host its real servers get weight 0: connections that are "
          "open "
          "go on, new ones go elsewhere, and endpoints that come later are drained as well. That "
          "lasts until --undo. It is kept over a restart of the agent in ipvsAgent.stateDirectory; "
          "a boot empties that folder where it is under /run.\n\nIt concerns this node alone: "
          "clients on other nodes are led by the agents there.\n\nWithout TARGET, what is being "
          "drained is listed with the connections that are left.",
      .options = {{.name = "undo", .help = "Give the real servers their weight back"},
                  {.name = "wait",
                   .help = "Wait until no connection is left, and tell the progress"},
                  output_option({"json"}),
                  socket_option()},
      .examples = {{"ipvs-agent drain 10.244.1.5", "one pod"},
                   {"ipvs-agent drain node/worker-1 --wait", "before work on a node"},
                   {"ipvs-agent drain node/worker-1 --undo", "afterwards"}},
      .most_words = 1};
}

CommandSpec config_command() {
  return {
      .name = "config",
      .words = "[FLAGS]",
      .summary = "the configuration in force, and where each value comes from",
      .description =
          "Each key of the configuration with its value and its origin: default, file or flag. "
          "Without FLAGS, those of the agent that runs; where none answers, the defaults. With "
          "flags of the agent (--config FILE and others), what an agent would work with that was "
          "started with them; nothing is started.",
      .options = {output_option({"json"}), socket_option()},
      .examples = {{"ipvs-agent config", "of the agent that runs"},
                   {"ipvs-agent config --config /etc/ipvs-agent/config.yaml", "of a file"}},
      .most_words = 0};
}

CommandSpec completion_command() {
  return {
      .name = "completion",
      .words = "bash|zsh|fish",
      .summary = "a script that completes these commands in a shell",
      .description =
          "Prints a script for the shell that completes commands, options, their values and, by "
          "asking the agent, the names of Services.",
      .options = {},
      .examples = {{"source <(ipvs-agent completion bash)", "in ~/.bashrc"},
                   {"ipvs-agent completion fish | source", "in config.fish"}},
      .most_words = 1};
}

std::vector<CommandSpec> make_commands() {
  return {status_command(), explain_command(), plan_command(),      audit_command(),
          drain_command(),  config_command(),  completion_command()};
}

std::string option_text(const OptionSpec& option) {
  std::string text = option.letter == 0 ? "    " : std::string("-") + option.letter + ", ";
  text += "--" + option.name;
  if (!option.value.empty()) text += " " + option.value;
  return text;
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

// Breaks lines before column 80.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string result(indent, ' ');
  std::size_t column = indent;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    std::string_view word = text.substr(begin, end - begin);
    if (column > indent && column + 1 + word.size() > 79) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += " ";
      ++column;
    }
    result += word;
    column += word.size();
    bool paragraph = text.substr(end, 2) == "\n\n";
    if (paragraph) {
      result += "\n\n" + std::string(indent, ' ');
      column = indent;
    }
    begin = end + (paragraph ? 2 : 1);
  }
  return result + "\n";
}

}  // namespace

std::span<const CommandSpec> commands() {
  static const std::vector<CommandSpec> kCommands = make_commands();
  return kCommands;
}

const CommandSpec* find_command(std::string_view name) {
  auto all = commands();
  auto place = std::find_if(all.begin(), all.end(),
                            [&](const CommandSpec& command) { return command.name == name; });
  return place == all.end() ? nullptr : &*place;
}

std::string command_help(const CommandSpec& command) {
  std::string text = "Usage: ipvs-agent " + command.name + (command.words.empty() ? "" : " ") +
                     command.words + " [OPTIONS]\n\n" + wrapped(command.description, 0) +
                     "\nOptions:\n";
  for (const OptionSpec& option : command.options) {
    text += "  " + padded(option_text(option), 32) + " " + option.help + "\n";
  }
  text += "  " + padded("-h, --help", 32) + " Print this page\n";
  if (!command.examples.empty()) text += "\nExamples:\n";
  for (const auto& [line, meaning] : command.examples) {
    text += "  " + padded(line, 42) + " # " + meaning + "\n";
  }
  return text;
}

std::string commands_help() {
  std::string text = "Commands for an agent that runs (ipvs-agent COMMAND --help tells more):\n";
  for (const CommandSpec& command : commands()) {
    text += "  " + padded(command.name, 12) + " " + command.summary + "\n";
  }
  return text;
}

}  // namespace cli
