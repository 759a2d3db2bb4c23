#include "cli/man_page.h"

#include <algorithm>
#include <string_view>

#include "cli/agent_client.h"
#include "cli/commands.h"

namespace cli {
namespace {

// Plain text as man(7) takes it: no line may begin with a dot or a quote.
std::string escaped(std::string_view text) {
  std::string result;
  for (char c : text) {
    bool line_begins = result.empty() || result.back() == '\n';
    if (line_begins && (c == '.' || c == '\'')) result += "\\&";
    if (c == '-') {
      result += "\\-";
    } else if (c == '\\') {
      result += "\\e";
    } else {
      result += c;
    }
  }
  return result;
}

// Paragraphs that are separated by empty lines; sentences end a line, as man(7) wants it.
std::string paragraphs(std::string_view text) {
  std::string result;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = std::min(text.find("\n\n", begin), text.size());
    std::string paragraph = escaped(text.substr(begin, end - begin));
    for (std::size_t at = 0; (at = paragraph.find(". ", at)) != paragraph.npos; at += 2) {
      paragraph[at + 1] = '\n';
    }
    result += (begin == 0 ? "" : ".PP\n") + paragraph + "\n";
    begin = end + 2;
  }
  return result;
}

std::string option_lines(const OptionSpec& option) {
  std::string text = ".TP\n";
  if (option.letter != 0) text += std::string("\\fB\\-") + option.letter + "\\fR, ";
  text += "\\fB\\-\\-" + escaped(option.name) + "\\fR";
  if (!option.value.empty()) text += " \\fI" + escaped(option.value) + "\\fR";
  return text + "\n" + escaped(option.help) + ".\n";
}

std::string command_lines(const CommandSpec& command) {
  std::string text = ".SS ipvs\\-agent " + escaped(command.name);
  if (!command.words.empty()) text += " " + escaped(command.words);
  text += "\n" + paragraphs(command.description);
  for (const OptionSpec& option : command.options) text += option_lines(option);
  for (const auto& [line, meaning] : command.examples) {
    text += ".TP\n.B " + escaped(line) + "\n" + escaped(meaning) + "\n";
  }
  return text;
}

}  // namespace

std::string man_page() {
  std::string text =
      ".\\\" Made of the table of commands; the unit tests keep it true.\n"
      ".TH IPVS\\-AGENT 8 \"\" \"ipvs\\-agent\" \"System Administration\"\n"
      ".SH NAME\n"
      "ipvs\\-agent \\- keeps IPVS of a node in step with the Services of a Kubernetes cluster\n"
      ".SH SYNOPSIS\n"
      ".B ipvs\\-agent\n"
      "[\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fIFLAGS\\fR]\n";
  for (const CommandSpec& command : commands()) {
    text += ".br\n.B ipvs\\-agent " + escaped(command.name) + "\n";
    text += "[\\fIOPTIONS\\fR]" +
            (command.words.empty() ? "" : " \\fI" + escaped(command.words) + "\\fR") + "\n";
  }
  text +=
      ".SH DESCRIPTION\n"
      "Without a command the agent runs: it watches Services and EndpointSlices and programs the\n"
      "kernel's virtual servers, the addresses of kube\\-ipvs0, ipsets and iptables rules.\n"
      "It takes kube\\-proxy's configuration file and flags; \\fBipvs\\-agent \\-\\-help\\fR lists "
      "them.\n"
      "With a command it asks the agent that runs on this node.\n"
      ".SH COMMANDS\n";
  for (const CommandSpec& command : commands()) text += command_lines(command);
  text +=
      ".SH EXIT STATUS\n"
      ".TP\n0\nDone.\n"
      ".TP\n1\nNo agent answers, or it could not look at everything; what is wrong is on standard "
      "error.\n"
      ".TP\n2\nThe command line or the configuration is wrong.\n"
      ".TP\n3\nOf \\fBaudit\\fR: the kernel is not as it should be.\n"
      ".SH ENVIRONMENT\n"
      ".TP\nNO_COLOR\nIf it is set, nothing is coloured. Colours are for terminals in any case.\n"
      ".SH FILES\n"
      ".TP\n" +
      escaped(kDefaultSocket) +
      "\nWhere the agent answers, with JSON over HTTP: \\fBcurl \\-\\-unix\\-socket\\fR can ask as "
      "well.\n"
      ".TP\n/etc/ipvs\\-agent/config.yaml\nThe configuration of the Debian package's service.\n"
      ".SH SEE ALSO\n"
      ".BR ipvsadm (8),\n.BR ipset (8),\n.BR iptables (8)\n";
  return text;
}

}  // namespace cli
