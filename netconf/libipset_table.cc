#include "netconf/libipset_table.h"

#include <signal.h>

#include <cerrno>
#include <optional>
#include <set>
#include <utility>

#include "netconf/ipset_save.h"
#include "netconf/libipset_session.h"

namespace netconf {
namespace {

using base::Code;
using base::Result;
using base::Status;

// What adding and deleting have in common.
struct EntryOp {
  bool add;
  const std::string* set;
  IpsetType type;
  const IpsetEntry* entry;
};

std::optional<EntryOp> entry_op(const IpsetOp& op) {
  if (const auto* add = std::get_if<AddIpsetEntry>(&op)) {
    return EntryOp{true, &add->set, add->type, &add->entry};
  }
  if (const auto* remove = std::get_if<DeleteIpsetEntry>(&op)) {
    return EntryOp{false, &remove->set, remove->type, &remove->entry};
  }
  return std::nullopt;
}

// libipset cuts longer names, and would then act on another set.
Status check_name(const std::string& name) {
  if (!name.empty() && name.size() <= kIpsetNameLimit) return Status();
  return Status(Code::kInvalidArgument, "the name must have 1 to 31 characters");
}

// Holds this thread's signals back. libmnl takes an interrupted wait for a broken conversation, and
// would count its messages wrongly from then on; a conversation takes milliseconds.
class SignalsHeldBack {
 public:
  SignalsHeldBack() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;
  ~SignalsHeldBack() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

// An entry that waits to be sent, and the operation it came from.
struct Pending {
  IpsetEntry entry;
  std::size_t op;
};

class LibipsetTable final : public IpsetTable {
 public:
  explicit LibipsetTable(LibipsetSession session) : session_(std::move(session)) {}

  Result<std::vector<Ipset>> read(std::span<const std::string> names) override {
    SignalsHeldBack quiet;
    session_.forget_sets();
    IpsetSaveParser parser;
    for (const std::string& name : std::set<std::string>(names.begin(), names.end())) {
      if (!check_name(name)) continue;  // such a set cannot exist
      Status saved = with_new_session_if_broken(
          [&] { return session_.save(name, [&](std::string_view piece) { parser.feed(piece); }); });
      if (!saved && saved.code() != Code::kNotFound) return saved.in("read set " + name);
    }
    return parser.finish();
  }

  std::vector<Status> apply(std::span<const IpsetOp> ops) override {
    SignalsHeldBack quiet;
    session_.forget_sets();
    std::vector<Status> outcomes(ops.size());
    for (std::size_t i = 0; i < ops.size();) {
      std::optional<EntryOp> first = entry_op(ops[i]);
      if (!first) {
        outcomes[i] = apply_to_set(ops[i]).in(to_text(ops[i]));
        ++i;
        continue;
      }
      // Neighbours of one kind for one set share messages.
      std::size_t end = i + 1;
      while (end < ops.size()) {
        std::optional<EntryOp> next = entry_op(ops[end]);
        if (!next || next->add != first->add || *next->set != *first->set) break;
        ++end;
      }
      apply_entries(ops, i, end, outcomes);
      i = end;
    }
    return outcomes;
  }

 private:
  // Runs a command; where library and kernel misunderstand each other, once more in a new session.
  // Every command here may be done twice.
  template <typename Command>
  Status with_new_session_if_broken(const Command& command) {
    LibipsetFailure failure = command();
    if (failure.session_is_broken && reopen()) failure = command();
    return failure.status;
  }

  bool reopen() {
    Result<LibipsetSession> opened = LibipsetSession::open();
    if (!opened) return false;
    session_ = std::move(*opened);  // the end of the old one clears the caches of both
    return true;
  }

  Status apply_to_set(const IpsetOp& op) {
    if (const auto* create = std::get_if<CreateIpset>(&op)) return create_set(create->spec);
    if (const auto* destroy = std::get_if<DestroyIpset>(&op)) {
      if (Status named = check_name(destroy->name); !named) return named;
      return with_new_session_if_broken([&] { return session_.destroy(destroy->name); });
    }
    const auto& swap = std::get<SwapIpsets>(op);
    for (const std::string* name : {&swap.a, &swap.b}) {
      if (Status named = check_name(*name); !named) return named;
    }
    return with_new_session_if_broken([&] { return session_.swap(swap.a, swap.b); });
  }

  Status create_set(const IpsetSpec& spec);
  Status describe_clash(const IpsetSpec& spec);
  void apply_entries(std::span<const IpsetOp> ops, std::size_t begin, std::size_t end,
                     std::vector<Status>& outcomes);
  LibipsetFailure send(bool add, const std::string& set, std::span<const Pending> pending,
                       std::size_t from);
  void send_all(bool add, const std::string& set, std::span<const Pending> pending,
                std::vector<Status>& outcomes);
  void send_one_by_one(bool add, const std::string& set, std::span<const Pending> pending,
                       std::vector<Status>& outcomes);

  LibipsetSession session_;
};

Status LibipsetTable::create_set(const IpsetSpec& spec) {
  if (Status named = check_name(spec.name); !named) return named;
  Status created = with_new_session_if_broken([&] { return session_.create(spec); });
  if (created.code() == Code::kAlreadyExists) return describe_clash(spec);
  if (!created || spec.type == IpsetType::kBitmapPort) return created;
  // The kernel takes a set of the other family for the same one.
  session_.forget_sets();
  Result<LibipsetHeader> header = session_.header(spec.name);
  if (!header) return header.status();
  return header->family == spec.family ? Status() : describe_clash(spec);
}

// kAlreadyExists, with what is there.
Status LibipsetTable::describe_clash(const IpsetSpec& spec) {
  const std::vector<std::string> names = {spec.name};
  Result<std::vector<Ipset>> existing = read(names);
  std::string found = "a set that is none of those in use here";
  if (existing && !existing->empty()) {
    existing->front().entries.clear();
    existing->front().foreign_entries.clear();
    found = to_text(existing->front());
    found.pop_back();
    found = "\"" + found + "\"";
  }
  return Status(Code::kAlreadyExists, "it exists as " + found, EEXIST);
}

void LibipsetTable::apply_entries(std::span<const IpsetOp> ops, std::size_t begin, std::size_t end,
                                  std::vector<Status>& outcomes) {
  const EntryOp first = *entry_op(ops[begin]);
  const std::string& set = *first.set;
  LibipsetHeader header;
  Status known = check_name(set);
  if (known) {
    known = with_new_session_if_broken([&]() -> LibipsetFailure {
      Result<LibipsetHeader> answer = session_.header(set);
      if (answer) header = *answer;
      return {answer.status(), 0, answer.status().code() == Code::kCorrupt};
    });
  }
  std::vector<Pending> pending;
  pending.reserve(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    const EntryOp op = *entry_op(ops[i]);
    Status refused = known;
    if (refused && op.type != header.type) {
      refused = Status(Code::kInvalidArgument, "the set is of type " +
                                                   std::string(to_string(header.type)) + ", not " +
                                                   std::string(to_string(op.type)));
    }
    if (refused) {
      Result<IpsetEntry> entry = canonical(op.type, header.family, *op.entry);
      if (entry) pending.push_back({*entry, i});
      refused = entry.status();
    }
    outcomes[i] = std::move(refused);
  }
  send_all(first.add, set, pending, outcomes);
  for (std::size_t i = begin; i < end; ++i) {
    if (!outcomes[i]) outcomes[i] = outcomes[i].in(to_text(ops[i]));
  }
}

// Sends the entries from `from` on; their lines are their places counted from 1.
LibipsetFailure LibipsetTable::send(bool add, const std::string& set,
                                    std::span<const Pending> pending, std::size_t from) {
  for (std::size_t i = from; i < pending.size(); ++i) {
    auto line = static_cast<std::uint32_t>(i + 1);
    LibipsetFailure failure = add ? session_.add(set, pending[i].entry, line)
                                  : session_.remove(set, pending[i].entry, line);
    if (!failure.ok()) return failure;
  }
  return session_.commit();
}

void LibipsetTable::send_all(bool add, const std::string& set, std::span<const Pending> pending,
                             std::vector<Status>& outcomes) {
  std::size_t next = 0;
  bool reopened = false;
  while (next < pending.size()) {
    LibipsetFailure failure = send(add, set, pending, next);
    if (failure.ok()) return;
    if (failure.session_is_broken && !reopened && reopen() && session_.header(set).ok()) {
      reopened = true;
      continue;
    }
    bool named = failure.line > next && failure.line <= pending.size();
    if (!named) return send_one_by_one(add, set, pending.subspan(next), outcomes);
    // Those before it are in the kernel; it and what was behind it in its message are not.
    next = failure.line;
    outcomes[pending[next - 1].op] = failure.status;
    if (failure.status.code() == Code::kNotFound) {  // the set itself is gone
      for (const Pending& rest : pending.subspan(next)) outcomes[rest.op] = failure.status;
      return;
    }
  }
}

// For a failure of which it is unknown which entry it belongs to.
void LibipsetTable::send_one_by_one(bool add, const std::string& set,
                                    std::span<const Pending> pending,
                                    std::vector<Status>& outcomes) {
  for (const Pending& one : pending) {
    outcomes[one.op] = send(add, set, {&one, 1}, 0).status;
  }
}

}  // namespace

Result<std::unique_ptr<IpsetTable>> open_libipset_table() {
  Result<LibipsetSession> session = LibipsetSession::open();
  if (!session) return session.status();
  return std::unique_ptr<IpsetTable>(std::make_unique<LibipsetTable>(std::move(*session)));
}

}  // namespace netconf
