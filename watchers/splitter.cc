#include "watchers/splitter.h"

#include <array>
#include <utility>

#include "watchers/quote.h"

namespace watchers {
namespace {

constexpr std::string_view kItemsName = "\"items\"";
constexpr std::string_view kManagedFieldsName = "\"managedFields\"";
// Buffers that grew beyond this are given back.
constexpr std::size_t kKeptCapacity = std::size_t{256} << 10U;
// No honest body comes near it; it keeps the count from overflowing.
constexpr int kHopelessDepth = 10'000'000;

// What a byte outside of strings can mean.
enum class Mark : unsigned char { kPlain, kSpace, kQuote, kOpen, kClose, kColon };

constexpr std::array<Mark, 256> make_marks() {
  std::array<Mark, 256> marks{};
  for (char c : {' ', '\t', '\r', '\n'}) marks[static_cast<unsigned char>(c)] = Mark::kSpace;
  marks['"'] = Mark::kQuote;
  marks['{'] = marks['['] = Mark::kOpen;
  marks['}'] = marks[']'] = Mark::kClose;
  marks[':'] = Mark::kColon;
  return marks;
}
constexpr std::array<Mark, 256> kMarks = make_marks();

// The bytes that stop the search for the end of a string.
constexpr std::array<bool, 256> make_ends_run() {
  std::array<bool, 256> ends{};
  for (char c : {'"', '\\', '\n'}) ends[static_cast<unsigned char>(c)] = true;
  return ends;
}
constexpr std::array<bool, 256> kEndsRun = make_ends_run();

base::Status corrupt(std::string what) {
  return base::Status(base::Code::kCorrupt, std::move(what));
}

}  // namespace

base::Status Splitter::feed(std::string_view bytes) {
  const char* const end = bytes.data() + bytes.size();
  const char* at = bytes.data();
  run_ = at;
  while (at != end) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
        ++at;
        continue;
      }
      while (at != end && !kEndsRun[static_cast<unsigned char>(*at)]) ++at;
      if (at == end) break;
      if (*at == '\n') {
        if (shape_ == Shape::kStream) return corrupt("an event is cut off inside a string");
        ++at;
        continue;
      }
      if (*at++ == '\\') {
        escaped_ = true;
      } else {
        in_string_ = false;
        if (cut_depth_ == 0) end_string(at);
      }
      continue;
    }
    Mark mark = kMarks[static_cast<unsigned char>(*at)];
    switch (mark) {
      case Mark::kSpace:
      case Mark::kColon: break;
      case Mark::kPlain: last_name_ = Name::kOther; break;
      case Mark::kQuote:
        in_string_ = true;
        if (cut_depth_ == 0) {
          string_at_ = buffer().size() + static_cast<std::size_t>(at - run_);
        }
        break;
      case Mark::kOpen:
        if (base::Status status = open(at); !status.ok()) return status;
        break;
      case Mark::kClose:
        if (base::Status status = close(at); !status.ok()) return status;
        break;
    }
    if (mark != Mark::kSpace && mark != Mark::kOpen && mark != Mark::kClose) {
      if (depth_ == 0) {
        return corrupt("expected a JSON object, found " +
                       quote(std::string_view(at, static_cast<std::size_t>(end - at))));
      }
      if (between_items() && *at != ',') {
        return corrupt("expected an object as list item, found " +
                       quote(std::string_view(at, static_cast<std::size_t>(end - at))));
      }
    }
    if (mark != Mark::kSpace) before_ = *at;
    ++at;
  }
  if (depth_ > 0 && !between_items()) keep_until(end);
  return {};
}

base::Status Splitter::finish() const {
  if (depth_ > 0) return corrupt("the body ended inside an object");
  if (shape_ == Shape::kList && !done_) return corrupt("the body is empty");
  return {};
}

base::Status Splitter::open(const char* at) {
  Name name = std::exchange(last_name_, Name::kOther);
  if (depth_ == 0) {
    if (done_) return corrupt("found more bytes behind the end of the list");
    if (*at != '{') return corrupt("expected a JSON object, found an array");
    run_ = at;
  } else if (between_items()) {
    if (*at != '{') return corrupt("expected an object as list item, found an array");
    in_item_ = true;
    run_ = at;
  } else if (shape_ == Shape::kStream && *at == '{' && before_ != ':' && before_ != ',' &&
             before_ != '[') {
    // Counting on would swallow every later event.
    return corrupt("an event begins inside one that is cut off");
  }
  if (++depth_ > kHopelessDepth) return corrupt("the body has too many open brackets");
  if (cut_depth_ > 0) return {};
  if (depth_ > limits_.depth && defect().empty()) {
    keep_until(at);
    defect() = "nested deeper than the allowed " + std::to_string(limits_.depth) + " levels";
  }
  if (*at != '[') return {};
  if (name == Name::kItems && depth_ == 2) {
    keep_until(at + 1);
    in_items_ = true;
  } else if (name == Name::kManagedFields) {
    keep_until(at + 1);
    cut_depth_ = depth_;
  }
  return {};
}

base::Status Splitter::close(const char* at) {
  last_name_ = Name::kOther;
  if (depth_ == 0) return corrupt("found a closing bracket outside of an object");
  --depth_;
  if (cut_depth_ > 0) {
    if (depth_ >= cut_depth_) return {};
    cut_depth_ = 0;
    run_ = at;
  }
  if (in_item_ && depth_ == 2) {
    keep_until(at + 1);
    give(/*is_envelope=*/false);
    in_item_ = false;
  } else if (in_items_ && depth_ == 1) {
    in_items_ = false;
    run_ = at;
  } else if (depth_ == 0) {
    keep_until(at + 1);
    done_ = shape_ == Shape::kList;
    give(/*is_envelope=*/done_);
  }
  return {};
}

// Recognises the two names that matter. Only strings of their length are looked at.
void Splitter::end_string(const char* behind) {
  last_name_ = Name::kOther;
  std::size_t length = buffer().size() + static_cast<std::size_t>(behind - run_) - string_at_;
  if (length != kManagedFieldsName.size() && length != kItemsName.size()) return;
  keep_until(behind);
  if (buffer().size() < string_at_ + length) return;  // beyond a limit, not kept
  std::string_view text = std::string_view(buffer()).substr(string_at_);
  if (text == kManagedFieldsName) last_name_ = Name::kManagedFields;
  if (text == kItemsName && depth_ == 1 && shape_ == Shape::kList) last_name_ = Name::kItems;
}

void Splitter::keep_until(const char* end) {
  std::string_view fresh(run_, static_cast<std::size_t>(end - run_));
  run_ = end;
  if (cut_depth_ > 0 || !defect().empty()) return;
  std::string& kept = buffer();
  if (kept.size() + fresh.size() > limits_.object_bytes) {
    fresh = fresh.substr(0, limits_.object_bytes - kept.size());
    defect() = "longer than the allowed " + std::to_string(limits_.object_bytes) + " bytes";
  }
  kept.append(fresh);
}

void Splitter::give(bool is_envelope) {
  std::string& bytes = buffer();
  take_({bytes, is_envelope, defect()});
  defect().clear();
  bytes.clear();
  if (bytes.capacity() > kKeptCapacity) bytes.shrink_to_fit();
}

}  // namespace watchers
