#include "netconf/iptables_rules.h"

#include <algorithm>
#include <map>
#include <utility>

namespace netconf {
namespace {

using base::Code;
using base::Result;
using base::Status;

// The lines of one table, in the order in which iptables-restore needs them.
struct TableText {
  std::string declarations;
  std::string rules;
  std::string deletions;
};

struct RestoreWriter {
  TableText& text;

  void operator()(const WriteChain& write) const {
    text.declarations += ":" + write.chain.name + " - [0:0]\n";
    for (const std::string& rule : write.chain.rules) {
      text.rules += "-A " + write.chain.name + " " + rule + "\n";
    }
  }
  void operator()(const InsertRule& insert) const {
    text.rules += "-I " + insert.chain + " 1 " + insert.rule + "\n";
  }
  void operator()(const DeleteRule& remove) const {
    text.rules += "-D " + remove.chain + " " + remove.rule + "\n";
  }
  void operator()(const DeleteChain& remove) const {
    // Declaring a chain makes it where it is missing and empties it, so that -X always finds it.
    text.declarations += ":" + remove.name + " - [0:0]\n";
    text.deletions += "-X " + remove.name + "\n";
  }
};

// nat first: its masquerade rules must be there before filter lets the packets pass.
std::pair<int, std::string_view> table_order(std::string_view table) {
  int rank = table == "nat" ? 0 : table == "filter" ? 1 : 2;
  return {rank, table};
}

struct TableOrder {
  bool operator()(const std::string& a, const std::string& b) const {
    return table_order(a) < table_order(b);
  }
};

// Reads iptables-save's lines one by one.
class SaveParser {
 public:
  Status line(std::string_view text) {
    if (text.empty() || text.front() == '#') return Status();
    if (text.front() == '*') {
      table_ = text.substr(1);
      return Status();
    }
    if (text == "COMMIT") {
      table_.clear();
      return Status();
    }
    if (table_.empty()) return unreadable(text, "a line \"*TABLE\" before it");
    if (text.front() == ':') return declaration(text.substr(1));
    if (text.front() == '[') {  // counters, with -c
      std::size_t end = text.find("] ");
      if (end == std::string_view::npos) return unreadable(text, "\"[PACKETS:BYTES] -A CHAIN\"");
      text.remove_prefix(end + 2);
    }
    return rule(text);
  }

  bool inside_table() const { return !table_.empty(); }

  IptablesState take() {
    IptablesState state;
    for (auto& [key, rules] : chains_) {
      state.push_back({key.first, key.second, std::move(rules)});
    }
    return state;
  }

 private:
  static Status unreadable(std::string_view text, std::string_view expected) {
    return Status(Code::kCorrupt, "iptables-save printed \"" + std::string(text.substr(0, 200)) +
                                      "\", expected " + std::string(expected));
  }

  Status declaration(std::string_view text) {
    std::size_t blank = text.find(' ');
    if (blank == 0 || blank == std::string_view::npos) {
      return unreadable(text, "\":CHAIN POLICY [PACKETS:BYTES]\"");
    }
    chains_[{table_, std::string(text.substr(0, blank))}];
    return Status();
  }

  Status rule(std::string_view text) {
    constexpr std::string_view kAppend = "-A ";
    if (!text.starts_with(kAppend)) return unreadable(text, "\"-A CHAIN RULE\"");
    text.remove_prefix(kAppend.size());
    std::size_t blank = text.find(' ');
    // A rule that only counts has no text behind the chain.
    std::string_view body = blank == std::string_view::npos ? "" : text.substr(blank + 1);
    auto found = chains_.find({table_, std::string(text.substr(0, blank))});
    if (found == chains_.end()) return unreadable(text, "a declaration of the chain before it");
    found->second.emplace_back(body);
    return Status();
  }

  std::string table_;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> chains_;
};

}  // namespace

std::string_view jump_target(std::string_view rule) {
  for (std::string_view option : {"-j ", "-g "}) {
    std::size_t at = rule.rfind(option);
    if (at == std::string_view::npos || (at > 0 && rule[at - 1] != ' ')) continue;
    rule.remove_prefix(at + option.size());
    return rule.substr(0, rule.find(' '));
  }
  return {};
}

const std::string& table_of(const IptablesOp& op) {
  struct Visitor {
    const std::string& operator()(const WriteChain& write) const { return write.chain.table; }
    const std::string& operator()(const InsertRule& insert) const { return insert.table; }
    const std::string& operator()(const DeleteRule& remove) const { return remove.table; }
    const std::string& operator()(const DeleteChain& remove) const { return remove.table; }
  };
  return std::visit(Visitor(), op);
}

std::future<Result<IptablesState>> IptablesRules::begin_read(base::Family family,
                                                             std::vector<std::string> tables) {
  std::promise<Result<IptablesState>> outcome;
  outcome.set_value(read(family, tables));
  return outcome.get_future();
}

std::string to_restore_text(std::span<const IptablesOp> ops) {
  std::map<std::string, TableText, TableOrder> tables;
  for (const IptablesOp& op : ops) std::visit(RestoreWriter{tables[table_of(op)]}, op);
  std::string text;
  for (const auto& [table, lines] : tables) {
    text += "*" + table + "\n" + lines.declarations + lines.rules + lines.deletions + "COMMIT\n";
  }
  return text;
}

Result<IptablesState> parse_save_text(std::string_view text) {
  SaveParser parser;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    Status read = parser.line(text.substr(0, end));
    if (!read) return read;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (parser.inside_table()) {
    return Status(Code::kCorrupt, "the text of iptables-save ends inside a table, without COMMIT");
  }
  return parser.take();
}

}  // namespace netconf
