#include "cli/completion.h"

#include "cli/commands.h"

namespace cli {
namespace {

constexpr char kServices[] = "ipvs-agent status -o name --limit 500 2>/dev/null";

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string command_names() {
  std::vector<std::string> names;
  for (const CommandSpec& command : commands()) names.push_back(command.name);
  return joined(names);
}

std::string option_names(const CommandSpec& command) {
  std::vector<std::string> names = {"--help"};
  for (const OptionSpec& option : command.options) {
    if (option.letter != 0) names.push_back(std::string("-") + option.letter);
    names.push_back("--" + option.name);
  }
  return joined(names);
}

// "-o|--output"
std::string spellings(const OptionSpec& option) {
  return (option.letter == 0 ? "" : std::string("-") + option.letter + "|") + "--" + option.name;
}

// What may stand where a command's words do.
std::vector<std::string> fixed_words(const CommandSpec& command) {
  if (command.name == "completion") return {"bash", "zsh", "fish"};
  return {};
}

std::string bash_script() {
  std::string text =
      "# completions of ipvs-agent for bash\n"
      "_ipvs_agent() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W '" +
      command_names() +
      " --help --version --config' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const CommandSpec& command : commands()) {
    text += "    " + command.name + ")\n      case $before in\n";
    for (const OptionSpec& option : command.options) {
      if (option.value.empty()) continue;
      std::string reply = option.choices.empty() ? (option.value == "PATH" ? "-f" : "")
                                                 : "-W '" + joined(option.choices) + "'";
      text += "        " + spellings(option) + ") ";
      text += reply.empty() ? "return ;;\n"
                            : "COMPREPLY=($(compgen " + reply + " -- \"$word\")); return ;;\n";
    }
    std::string words = joined(fixed_words(command));
    if (command.words_are_services) words = "$(" + std::string(kServices) + ")";
    text +=
        "      esac\n"
        "      if [[ $word == -* ]]; then\n"
        "        COMPREPLY=($(compgen -W '" +
        option_names(command) + "' -- \"$word\"))\n";
    if (!words.empty()) {
      text += "      else\n        COMPREPLY=($(compgen -W \"" + words + "\" -- \"$word\"))\n";
    }
    text += "      fi ;;\n";
  }
  return text + "  esac\n}\ncomplete -F _ipvs_agent ipvs-agent\n";
}

// zsh runs bash's functions, once its own completion is there.
std::string zsh_script() {
  return "# completions of ipvs-agent for zsh\n"
         "(( $+functions[compdef] )) || { autoload -U compinit && compinit -i; }\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script();
}

std::string fish_quoted(const std::string& text) {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string fish_script() {
  std::string text =
      "# completions of ipvs-agent for fish\n"
      "complete -c ipvs-agent -f\n";
  for (const CommandSpec& command : commands()) {
    text += "complete -c ipvs-agent -n __fish_use_subcommand -a " + command.name + " -d " +
            fish_quoted(command.summary) + "\n";
    std::string when =
        "complete -c ipvs-agent -n '__fish_seen_subcommand_from " + command.name + "'";
    for (const OptionSpec& option : command.options) {
      text += when + " -l " + option.name;
      if (option.letter != 0) text += std::string(" -s ") + option.letter;
      if (!option.value.empty()) text += option.value == "PATH" ? " -rF" : " -x";
      if (!option.choices.empty()) text += " -a " + fish_quoted(joined(option.choices));
      text += " -d " + fish_quoted(option.help) + "\n";
    }
    text += when + " -l help -s h -d 'Print this page'\n";
    std::string words = joined(fixed_words(command));
    if (command.words_are_services) words = "(" + std::string(kServices) + ")";
    if (!words.empty()) text += when + " -a '" + words + "'\n";
  }
  return text;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return "";
}

}  // namespace cli
