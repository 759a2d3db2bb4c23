#include "agent/loop_questions.h"

#include <string>

namespace agent {

base::Status LoopQuestions::wait_for(Call call) {
  auto question = std::make_shared<Question>();
  question->call = std::move(call);
  std::unique_lock lock(mutex_);
  if (closed_) return {base::Code::kUnavailable, "the agent is ending"};
  waiting_.push_back(question);
  wake_.notify();
  changed_.wait_for(lock, patience_,
                    [&] { return closed_ || question->state == State::kAnswered; });
  if (question->state == State::kAnswered) return {};
  question->state = State::kGivenUp;
  if (closed_) return {base::Code::kUnavailable, "the agent is ending"};
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience_).count();
  return {base::Code::kUnavailable,
          "the agent is busy: its loop did not answer within " + std::to_string(seconds) +
              " s (a round with very many changes, or a kernel that is slow); ask again"};
}

void LoopQuestions::answer(Loop& loop, base::TimePoint now) {
  wake_.clear();
  std::vector<std::shared_ptr<Question>> questions;
  {
    std::lock_guard lock(mutex_);
    questions.swap(waiting_);
  }
  for (const auto& question : questions) {
    {
      std::lock_guard lock(mutex_);
      if (question->state == State::kGivenUp) continue;
      question->state = State::kTaken;
    }
    question->call(loop, now);
    std::lock_guard lock(mutex_);
    if (question->state == State::kTaken) question->state = State::kAnswered;
    changed_.notify_all();
  }
}

void LoopQuestions::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  waiting_.clear();
  changed_.notify_all();
}

}  // namespace agent
