#include "watchers/field_reader.h"

#include <algorithm>
#include <cassert>

#include "watchers/quote.h"

namespace watchers {
namespace {

// An object can be wrong in thousands of places; that many are told.
constexpr std::size_t kMaxProblems = 8;

std::string_view allowed_text(FieldShape shape) {
  switch (shape) {
    case FieldShape::kString: return "a string";
    case FieldShape::kInteger: return "an integer";
    case FieldShape::kBoolean: return "true or false";
    case FieldShape::kObject:
    case FieldShape::kStringMap: return "an object";
    case FieldShape::kStrings:
    case FieldShape::kObjects: return "an array";
  }
  return "?";
}

}  // namespace

FieldTable::FieldTable(std::initializer_list<std::initializer_list<FieldStep>> groups) {
  for (const auto& group : groups) steps_.insert(steps_.end(), group);
  std::stable_sort(steps_.begin(), steps_.end(),
                   [](const FieldStep& a, const FieldStep& b) { return a.parent < b.parent; });
  for (const FieldStep& step : steps_) {
    assert(step.parent < kMaxFields && step.child < kMaxFields);
    ++first_[step.parent + std::size_t{1}];
  }
  for (std::size_t i = 1; i < first_.size(); ++i) {
    first_[i] = static_cast<std::uint16_t>(first_[i] + first_[i - 1]);
  }
}

const FieldStep* FieldTable::find(Field parent, std::string_view key) const {
  for (std::size_t i = first_[parent]; i < first_[parent + std::size_t{1}]; ++i) {
    if (steps_[i].key == key) return &steps_[i];
  }
  return nullptr;
}

base::Status FieldReader::read(std::string_view text, Field start) {
  start_ = start;
  frames_.clear();
  skipped_depth_ = 0;
  member_ = nullptr;
  problems_.clear();
  bool is_object = text.find_first_not_of(" \t\r\n") != text.npos &&
                   text[text.find_first_not_of(" \t\r\n")] == '{';
  if (!is_object) {
    return base::Status(base::Code::kCorrupt, "expected a JSON object, found " + quote(text));
  }
  return parse_json(text, *this);
}

const FieldStep* FieldReader::target() {
  if (skipped_depth_ > 0 || frames_.empty()) return nullptr;
  Frame& top = frames_.back();
  if (top.type == Frame::Type::kStruct) return member_;
  if (top.type == Frame::Type::kArray) ++top.count;
  return top.step;
}

FieldShape FieldReader::expected(const FieldStep& step) const {
  switch (frames_.back().type) {
    case Frame::Type::kStruct: return step.shape;
    case Frame::Type::kMap: return FieldShape::kString;
    case Frame::Type::kArray: break;
  }
  return step.shape == FieldShape::kStrings ? FieldShape::kString : FieldShape::kObject;
}

void FieldReader::begin(Frame::Type type, const FieldStep* step, Field field) {
  frames_.push_back({type, field, step, 0});
  member_ = nullptr;
}

void FieldReader::begin_object() {
  if (frames_.empty()) {
    begin(Frame::Type::kStruct, nullptr, start_);
    return;
  }
  const FieldStep* step = target();
  if (step) {
    FieldShape shape = expected(*step);
    if (shape == FieldShape::kObject) {
      begin(Frame::Type::kStruct, step, step->child);
      on_begin_object(step->child);
      return;
    }
    if (shape == FieldShape::kStringMap) {
      begin(Frame::Type::kMap, step, step->child);
      return;
    }
    mismatch(*step, "an object");
  }
  ++skipped_depth_;
}

void FieldReader::begin_array() {
  const FieldStep* step = target();
  if (step) {
    FieldShape shape = expected(*step);
    if (shape == FieldShape::kStrings || shape == FieldShape::kObjects) {
      begin(Frame::Type::kArray, step, step->child);
      on_begin_array(step->child);
      return;
    }
    mismatch(*step, "an array");
  }
  ++skipped_depth_;
}

void FieldReader::end() {
  if (skipped_depth_ > 0) {
    --skipped_depth_;
    return;
  }
  // A member name of the object inside must not show in the path of the whole object.
  member_ = nullptr;
  if (frames_.back().type == Frame::Type::kStruct) on_end_object(frames_.back().field);
  frames_.pop_back();
}

void FieldReader::key(std::string_view name) {
  if (skipped_depth_ > 0) return;
  const Frame& top = frames_.back();
  if (top.type == Frame::Type::kMap) {
    member_name_ = name;
  } else {
    member_ = table_.find(top.field, name);
  }
}

void FieldReader::string(std::string_view value) {
  const FieldStep* step = target();
  if (!step) return;
  if (expected(*step) != FieldShape::kString) {
    mismatch(*step, quote(value));
  } else if (frames_.back().type == Frame::Type::kMap) {
    on_member(step->child, member_name_, value);
  } else {
    on_string(step->child, value);
  }
}

void FieldReader::integer(std::int64_t value) {
  const FieldStep* step = target();
  if (!step) return;
  if (expected(*step) == FieldShape::kInteger) {
    on_integer(step->child, value);
  } else {
    mismatch(*step, std::to_string(value));
  }
}

void FieldReader::other_number(std::string_view text) {
  if (const FieldStep* step = target()) mismatch(*step, printable(text, 32));
}

void FieldReader::boolean(bool value) {
  const FieldStep* step = target();
  if (!step) return;
  if (expected(*step) == FieldShape::kBoolean) {
    on_boolean(step->child, value);
  } else {
    mismatch(*step, value ? "true" : "false");
  }
}

void FieldReader::null() { target(); }

void FieldReader::mismatch(const FieldStep& step, std::string_view found) {
  problem(found, allowed_text(expected(step)));
}

void FieldReader::problem(std::string_view found, std::string_view allowed) {
  problem(path() + ": found " + std::string(found) + ", allowed: " + std::string(allowed));
}

void FieldReader::problem(std::string text) {
  if (problems_.size() < kMaxProblems) {
    problems_.push_back(std::move(text));
  } else if (problems_.size() == kMaxProblems) {
    problems_.emplace_back("more problems are not listed");
  }
}

std::string FieldReader::path() const {
  std::string text;
  auto append = [&](const FieldStep* step) {
    // The step from a watch event into its object is no part of the object's own paths.
    if (!step || step->child == kRootField) return;
    if (!text.empty()) text += '.';
    text += step->key;
  };
  for (const Frame& frame : frames_) {
    bool element = &frame != &frames_.front() && (&frame - 1)->type == Frame::Type::kArray;
    if (!element) append(frame.step);
    if (frame.type == Frame::Type::kArray && frame.count > 0) {
      text += '[' + std::to_string(frame.count - 1) + ']';
    }
  }
  if (!frames_.empty()) {
    if (frames_.back().type == Frame::Type::kStruct) append(member_);
    if (frames_.back().type == Frame::Type::kMap) text += '[' + quote(member_name_) + ']';
  }
  return text;
}

}  // namespace watchers
