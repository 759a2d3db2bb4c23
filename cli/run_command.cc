#include "cli/run_command.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <thread>

#include "cli/agent_client.h"
#include "cli/cli11_arguments.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/json_views.h"

namespace cli {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kWatchPeriod(2);

// One run of one command.
class Command {
 public:
  Command(const Arguments& arguments, Terminal& terminal)
      : arguments_(arguments), terminal_(terminal) {}

  int status() {
    if (!arguments_.has("watch")) return status_once();
    for (;;) {
      if (terminal_.interactive) terminal_.out << "\x1b[H\x1b[2J";
      int code = status_once();
      terminal_.out.flush();
      if (code != kOk && !terminal_.interactive) return code;
      std::this_thread::sleep_for(kWatchPeriod);
    }
  }

  int explain() {
    if (arguments_.words.empty()) {
      return usage("explain: found nothing, allowed: NAMESPACE/NAME, NAME or IP:PORT[/PROTOCOL]");
    }
    Parameters question = explained(arguments_.words.front());
    question.emplace_back("client", arguments_.option("client"));
    auto answer = ask("/v1/explain", question);
    if (!answer) return kFailed;
    print(*answer, [&] { return explain_text(*answer, look()); });
    return kOk;
  }

  int plan() {
    auto answer = ask("/v1/plan", {});
    if (!answer) return kFailed;
    print(*answer, [&] { return plan_text(*answer); });
    return answer->value("unread", json::array()).empty() ? kOk : kFailed;
  }

  int drain() {
    const bool undo = arguments_.has("undo");
    Parameters target;
    std::string method = "GET";
    if (!arguments_.words.empty()) {
      target = {{"target", arguments_.words.front()}};
      method = undo ? "DELETE" : "POST";
    } else if (undo || arguments_.has("wait")) {
      return usage("drain: found no target, allowed: IP, IP:PORT, [IPv6]:PORT or node/NAME");
    }
    auto answer = ask("/v1/drain", target, method);
    if (!answer) return kFailed;
    print(*answer, [&] { return drain_text(*answer, look()); });
    if (undo || !arguments_.has("wait")) return kOk;
    return wait_for_drain(arguments_.words.front());
  }

  int completion() {
    std::string shell = arguments_.words.empty() ? "" : arguments_.words.front();
    std::string script = completion_script(shell);
    if (script.empty()) {
      return usage("completion: found \"" + shell + "\", allowed: bash, zsh, fish");
    }
    terminal_.out << script;
    return kOk;
  }

  int audit() {
    auto answer = ask("/v1/audit", {});
    if (!answer) return kFailed;
    print(*answer, [&] { return audit_text(*answer, look()); });
    if (!answer->value("unread", json::array()).empty()) return kFailed;
    return answer->value("differences", json::array()).empty() ? kOk : kDifferences;
  }

 private:
  Look look() const { return {.width = terminal_.width, .colours = terminal_.colours}; }

  int usage(const std::string& message) {
    terminal_.err << message << "\n";
    return kUsage;
  }

  // The answer; no value where there is none, which has been told.
  std::optional<json> ask(const std::string& path, const Parameters& parameters,
                          const std::string& method = "GET") {
    std::string socket = arguments_.option("socket");
    auto answer = ask_agent(socket.empty() ? kDefaultSocket : socket, method,
                            request_target(path, parameters));
    if (!answer.ok()) {
      terminal_.err << answer.status().message() << "\n";
      return std::nullopt;
    }
    json body = json::parse(answer->body, nullptr, false);
    if (answer->status == 200 && body.is_object()) return body;
    std::string error = body.is_object() ? body.value("error", "") : "";
    terminal_.err << (error.empty() ? "what answers at the socket is no ipvs-agent of this version"
                                    : error)
                  << "\n";
    return std::nullopt;
  }

  // Tells how many connections are left, whenever that is another number.
  int wait_for_drain(const std::string& target) {
    std::optional<std::uint64_t> told;
    for (;;) {
      auto answer = ask("/v1/drain", {});
      if (!answer) return kFailed;
      std::uint64_t left = connections_left(*answer, target);
      if (told != left) {
        terminal_.out << target << ": " << left << " connections left\n" << std::flush;
      }
      if (left == 0) return kOk;
      told = left;
      std::this_thread::sleep_for(kWatchPeriod);
    }
  }

  template <typename Text>
  void print(const json& answer, Text text) {
    if (arguments_.option("output") == "json") {
      terminal_.out << answer.dump(2) << "\n";
    } else {
      terminal_.out << text();
    }
  }

  Parameters explained(const std::string& target) const {
    if (target.find(':') != target.npos) {
      std::size_t slash = target.rfind('/');
      std::string protocol = slash == target.npos ? "" : target.substr(slash + 1);
      return {{"address", target.substr(0, slash)}, {"protocol", protocol}};
    }
    std::string space = arguments_.has("namespace") ? arguments_.option("namespace") : "default";
    return {{"service", target.find('/') == target.npos ? space + "/" + target : target}};
  }

  // Page after page, printed as they come.
  int status_once() {
    const bool everywhere = arguments_.has("all-namespaces");
    Parameters question = {{"namespace", everywhere ? "" : arguments_.option("namespace")},
                           {"selector", arguments_.option("selector")},
                           {"name", ""},
                           {"after", arguments_.option("after")},
                           {"limit", ""}};
    if (!arguments_.words.empty()) name_service(arguments_.words.front(), question);
    std::optional<std::size_t> left;
    if (arguments_.has("limit")) {
      left = std::strtoul(arguments_.option("limit").c_str(), nullptr, 10);
      if (*left == 0)
        return usage("status: --limit: found \"" + arguments_.option("limit") +
                     "\", allowed: 1 or more");
    }
    const bool as_json = arguments_.option("output") == "json";
    const bool names = arguments_.option("output") == "name";
    const bool wide = arguments_.option("output") == "wide" || !arguments_.words.empty();
    json whole;
    json problems = json::array();
    std::vector<std::size_t> widths;
    for (;;) {
      question.back().second = left ? std::to_string(std::min<std::size_t>(*left, 100)) : "100";
      auto page = ask("/v1/status", question);
      if (!page) return kFailed;
      json& services = (*page)["services"];
      if (left) *left -= std::min(*left, services.size());
      std::string next = page->value("next", "");
      if (as_json) {
        if (whole.is_null()) {
          whole = *page;
          whole.erase("next");
        } else {
          for (json& service : services) whole["services"].push_back(std::move(service));
        }
      } else if (names) {
        for (const json& service : services) {
          terminal_.out << service.value("namespace", "") << "/" << service.value("name", "")
                        << "\n";
        }
      } else {
        if (widths.empty()) terminal_.out << agent_line((*page)["agent"], look());
        print_page(services, wide, question.front().second.empty(), widths);
        keep_problems(services, problems);
      }
      bool enough = left && *left == 0;
      if (next.empty() || enough) {
        return names ? kOk
                     : end_status(whole, (*page)["agent"], problems, enough ? next : "", as_json);
      }
      question[3].second = next;
    }
  }

  static void name_service(const std::string& word, Parameters& question) {
    std::size_t slash = word.find('/');
    if (slash != word.npos) question[0].second = word.substr(0, slash);
    question[2].second = slash == word.npos ? word : word.substr(slash + 1);
  }

  // Columns keep the width that they have on the first page, unless the next needs more.
  void print_page(const json& services, bool wide, bool namespaces,
                  std::vector<std::size_t>& widths) {
    Table table = status_table(services, wide, namespaces);
    const bool first = widths.empty();
    std::vector<std::size_t> needed = table.widths(terminal_.width);
    widths.resize(needed.size());
    for (std::size_t i = 0; i < needed.size(); ++i) {
      bool gone = !first && widths[i] == 0;
      widths[i] = gone ? 0 : std::max(widths[i], needed[i]);
    }
    if (first && table.rows.empty()) {
      terminal_.out << "no such Services\n";
      return;
    }
    terminal_.out << table.to_text(widths, terminal_.width, terminal_.colours, first);
  }

  static void keep_problems(const json& services, json& problems) {
    for (const json& service : services) {
      bool has = !service.value("problems", json::array()).empty();
      for (const json& server : service.value("virtualServers", json::array())) {
        has = has || server.contains("failure");
      }
      if (has) problems.push_back(service);
    }
  }

  int end_status(const json& whole, const json& agent, const json& problems,
                 const std::string& next, bool as_json) {
    if (as_json) {
      terminal_.out << whole.dump(2) << "\n";
    } else {
      terminal_.out << problem_lines(agent, problems, look());
    }
    if (!next.empty()) terminal_.err << "there are more: --after " << next << "\n";
    return kOk;
  }

  const Arguments& arguments_;
  Terminal& terminal_;
};

}  // namespace

void print_configuration(const std::string& text, const Arguments& arguments, Terminal& terminal) {
  if (arguments.option("output") == "json") {
    terminal.out << text;
  } else {
    terminal.out << config_text(json::parse(text, nullptr, false),
                                {.width = terminal.width, .colours = terminal.colours});
  }
}

bool is_command(std::span<const std::string> arguments) {
  return !arguments.empty() && !arguments.front().starts_with('-');
}

int run_command(std::span<const std::string> arguments, Terminal& terminal) {
  const CommandSpec* spec = find_command(arguments.front());
  if (spec == nullptr) {
    terminal.err << "\"" << arguments.front() << "\" is no command of this program\n\n"
                 << commands_help();
    return kUsage;
  }
  auto given = parse_arguments(*spec, arguments.subspan(1));
  if (!given.ok()) {
    terminal.err << given.status().message() << "\n";
    return kUsage;
  }
  if (given->help) {
    terminal.out << command_help(*spec);
    return kOk;
  }
  Command command(*given, terminal);
  if (spec->name == "status") return command.status();
  if (spec->name == "explain") return command.explain();
  if (spec->name == "plan") return command.plan();
  if (spec->name == "drain") return command.drain();
  if (spec->name == "completion") return command.completion();
  return command.audit();
}

}  // namespace cli
