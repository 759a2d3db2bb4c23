#ifndef IPVS_AGENT_AGENT_LOOP_QUESTIONS_H_
#define IPVS_AGENT_AGENT_LOOP_QUESTIONS_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "agent/loop.h"
#include "base/clock.h"
#include "base/event_fd.h"
#include "base/result.h"

namespace agent {

// Questions of other threads that only the loop's thread can answer, since it owns the state. An
// answer is a value that the asker may keep; making it must not take longer than a few
// milliseconds, for no change of the cluster is applied meanwhile: who wants more asks several
// times.
//
// Threading: ask() and close() from any thread, answer() from the loop's.
class LoopQuestions {
  template <typename T>
  struct AsResult {
    using Type = base::Result<T>;
  };
  template <typename T>
  struct AsResult<base::Result<T>> {
    using Type = base::Result<T>;
  };

 public:
  // `patience`: how long an asker waits.
  explicit LoopQuestions(base::Duration patience = std::chrono::seconds(5)) : patience_(patience) {}

  // Has `answer(Loop&, TimePoint now)` called on the loop's thread, and returns what it returns; a
  // Result as it is. What it refers to must live until it was called or close() has returned: the
  // asker may have given up by then.
  // Errors: kUnavailable when the loop does not come to it in time, or after close().
  template <typename Answer>
  auto ask(Answer answer) ->
      typename AsResult<std::invoke_result_t<Answer, Loop&, base::TimePoint>>::Type {
    using Value = std::invoke_result_t<Answer, Loop&, base::TimePoint>;
    auto value = std::make_shared<std::optional<Value>>();
    base::Status status = wait_for([value, answer = std::move(answer)](Loop& loop, auto now) {
      value->emplace(answer(loop, now));
    });
    if (!status.ok()) return status;
    return std::move(**value);
  }

  // Answers everything that waits.
  void answer(Loop& loop, base::TimePoint now);
  // Nothing is answered any more; those that wait learn it at once.
  void close();
  // Readable when something waits.
  int readable_fd() const { return wake_.fd(); }

 private:
  enum class State { kWaiting, kTaken, kAnswered, kGivenUp };
  using Call = std::function<void(Loop&, base::TimePoint)>;
  struct Question {
    Call call;
    State state = State::kWaiting;
  };

  base::Status wait_for(Call call);

  const base::Duration patience_;
  base::EventFd wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Question>> waiting_;
  bool closed_ = false;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LOOP_QUESTIONS_H_
