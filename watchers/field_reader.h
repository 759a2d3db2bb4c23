#ifndef IPVS_AGENT_WATCHERS_FIELD_READER_H_
#define IPVS_AGENT_WATCHERS_FIELD_READER_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "watchers/json_parse.h"

namespace watchers {

// A place in an object that a reader knows, such as spec.ports[].port. Each reader numbers its own.
using Field = std::uint8_t;

// Where every reader starts: the object itself.
inline constexpr Field kRootField = 1;

// What may stand at a field. JSON null counts as "not given" everywhere.
enum class FieldShape : std::uint8_t {
  kString,
  kInteger,
  kBoolean,
  kObject,
  kStringMap,  // an object of strings: labels, annotations
  kStrings,    // an array of strings
  kObjects,    // an array of objects
};

// In `parent` objects the member `key` is the field `child`.
struct FieldStep {
  Field parent;
  std::string_view key;
  Field child;
  FieldShape shape;
};

// The fields that one reader knows. Those of one parent need not stand together.
class FieldTable {
 public:
  static constexpr Field kMaxFields = 64;  // field numbers are below it

  FieldTable(std::initializer_list<std::initializer_list<FieldStep>> groups);
  // Null where the field is not known.
  const FieldStep* find(Field parent, std::string_view key) const;

 private:
  std::vector<FieldStep> steps_;                       // grouped by parent
  std::array<std::uint16_t, kMaxFields + 1> first_{};  // of each parent in steps_
};

// Turns JSON tokens into values of known fields; everything else is skipped. A value of the wrong
// shape is left out and becomes a problem that names the field, what was found and what is allowed.
//
// Threading: one owner.
class FieldReader : private JsonEvents {
 public:
  ~FieldReader() override = default;
  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

 protected:
  // `table` outlives the reader.
  explicit FieldReader(const FieldTable& table) : table_(table) {}

  // Reads one object; with `start` other than kRootField its own fields are those of that field.
  // Errors: kCorrupt as parse_json(), or when the text is not an object.
  base::Status read(std::string_view text, Field start = kRootField);

  // What was found. Views are valid during the call only; a member that comes twice is told twice.
  virtual void on_string(Field, std::string_view) {}
  virtual void on_integer(Field, std::int64_t) {}
  virtual void on_boolean(Field, bool) {}
  virtual void on_member(Field, std::string_view, std::string_view) {}  // of a kStringMap
  virtual void on_begin_array(Field) {}
  virtual void on_begin_object(Field) {}  // also each one of a kObjects
  virtual void on_end_object(Field) {}

  // Notes what is wrong with the value that is being read.
  void problem(std::string_view found, std::string_view allowed);
  // Notes a problem in full.
  void problem(std::string text);
  std::vector<std::string>& problems() { return problems_; }

  // Where the reader is: "spec.ports[2].port".
  std::string path() const;

 private:
  struct Frame {
    enum class Type : std::uint8_t { kStruct, kMap, kArray } type;
    Field field;
    const FieldStep* step;  // how it was reached; null for the outermost
    std::uint32_t count;    // of the elements that began, in an array
  };

  void begin_object() override;
  void end_object() override { end(); }
  void begin_array() override;
  void end_array() override { end(); }
  void key(std::string_view name) override;
  void string(std::string_view value) override;
  void integer(std::int64_t value) override;
  void other_number(std::string_view text) override;
  void boolean(bool value) override;
  void null() override;

  void end();
  // The known field that the next value belongs to, or null.
  const FieldStep* target();
  // What may stand there: inside an array, an element of it.
  FieldShape expected(const FieldStep& step) const;
  void mismatch(const FieldStep& step, std::string_view found);
  void begin(Frame::Type type, const FieldStep* step, Field field);

  const FieldTable& table_;
  Field start_ = kRootField;
  std::vector<Frame> frames_;
  int skipped_depth_ = 0;  // > 0: inside a value that nobody reads
  const FieldStep* member_ = nullptr;
  std::string member_name_;  // in a map
  std::vector<std::string> problems_;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_FIELD_READER_H_
