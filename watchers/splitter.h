#ifndef IPVS_AGENT_WATCHERS_SPLITTER_H_
#define IPVS_AGENT_WATCHERS_SPLITTER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace watchers {

// Cuts the body of an API answer into its objects while it arrives, by counting brackets outside of
// strings: never more than one object is held, however long the body is.
//
// The contents of arrays that are called "managedFields" are left out ("managedFields":[]): they
// are up to half of an object and nobody here reads them.
//
// Threading: one owner.
class Splitter {
 public:
  enum class Shape {
    // One {..., "items": [{...}, ...]}: gives each item, then the rest of the object, the envelope,
    // with empty items. A Status in the place of a list is an envelope as well.
    kList,
    // Objects one after the other, as a watch sends them. One that is cut off in the middle of the
    // stream ends it: at the next object, or at one more where that could be a part of it.
    kStream,
  };

  struct Limits {
    std::size_t object_bytes = std::size_t{8} << 20U;  // etcd itself refuses more than 1.5 MB
    int depth = 256;                                   // of nested brackets in one body
  };

  struct Piece {
    std::string_view bytes;  // valid during the call only
    bool is_envelope = false;
    // Not empty: the object went beyond a limit, and why; `bytes` is its beginning.
    std::string_view defect;
  };
  using Take = std::function<void(const Piece&)>;

  Splitter(Shape shape, Limits limits, Take take)
      : shape_(shape), limits_(limits), take_(std::move(take)) {}

  // Takes the next bytes of the body, cut anywhere.
  // Errors: kCorrupt when the body is not of the shape; nothing more can be fed then.
  base::Status feed(std::string_view bytes);
  // The body ended.
  // Errors: kCorrupt when it ended inside an object.
  base::Status finish() const;

 private:
  base::Status open(const char* at);
  base::Status close(const char* at);
  void end_string(const char* behind);
  void keep_until(const char* end);
  void give(bool is_envelope);
  bool between_items() const { return in_items_ && !in_item_; }
  std::string& buffer() { return in_item_ ? item_ : outer_; }
  std::string& defect() { return in_item_ ? item_defect_ : outer_defect_; }

  Shape shape_;
  Limits limits_;
  Take take_;

  std::string item_;   // the list item that is being read
  std::string outer_;  // the envelope, or the object of a stream
  std::string item_defect_;
  std::string outer_defect_;

  int depth_ = 0;
  char before_ = '\0';  // the last byte outside of strings that is no space
  bool in_string_ = false;
  bool escaped_ = false;  // the byte before was a backslash inside a string
  bool in_items_ = false;
  bool in_item_ = false;
  bool done_ = false;          // the list ended
  int cut_depth_ = 0;          // > 0: inside managedFields, opened at this depth
  std::size_t string_at_ = 0;  // where in buffer() the last string began
  enum class Name { kOther, kItems, kManagedFields } last_name_ = Name::kOther;

  const char* run_ = nullptr;  // first byte of this feed() that is not in buffer() yet
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_SPLITTER_H_
