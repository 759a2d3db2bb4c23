#include "tests/fakes/scripted_rest_client.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace fakes {

using base::Code;
using base::Status;

ScriptedAnswer ScriptedAnswer::http(int status, std::string body, std::string content_type) {
  ScriptedAnswer answer;
  answer.head_.status = status;
  answer.head_.content_type = std::move(content_type);
  return body.empty() ? std::move(answer) : std::move(answer).bytes(std::move(body));
}

ScriptedAnswer ScriptedAnswer::failure(Code code, std::string message) {
  ScriptedAnswer answer;
  answer.failure_ = Status(code, std::move(message));
  return answer;
}

ScriptedAnswer ScriptedAnswer::retry_after(base::Duration duration) && {
  head_.retry_after = duration;
  return std::move(*this);
}
ScriptedAnswer ScriptedAnswer::bytes(std::string text) && {
  steps_.push_back({Step::Type::kBytes, std::move(text), {}});
  return std::move(*this);
}
ScriptedAnswer ScriptedAnswer::pass(base::Duration duration) && {
  steps_.push_back({Step::Type::kPass, "", duration});
  return std::move(*this);
}
ScriptedAnswer ScriptedAnswer::breaks(std::string message) && {
  steps_.push_back({Step::Type::kBreak, std::move(message), {}});
  return std::move(*this);
}
ScriptedAnswer ScriptedAnswer::hangs() && {
  steps_.push_back({Step::Type::kHang, "", {}});
  return std::move(*this);
}

// The body of a scripted answer.
class ScriptedBody final : public watchers::ResponseBody {
 public:
  ScriptedBody(ScriptedRestClient& client, std::deque<ScriptedAnswer::Step> steps)
      : client_(client), steps_(std::move(steps)) {}

  base::Result<std::size_t> read(std::span<char> buffer) override {
    using Type = ScriptedAnswer::Step::Type;
    while (!cancelled_ && !steps_.empty()) {
      ScriptedAnswer::Step& step = steps_.front();
      switch (step.type) {
        case Type::kPass:
          if (client_.clock_) client_.clock_->advance(step.duration);
          break;
        case Type::kBreak: return Status(Code::kUnavailable, step.text);
        case Type::kHang: client_.hang([this] { return cancelled_.load(); }); continue;
        case Type::kBytes: {
          std::size_t count = std::min(buffer.size(), step.text.size());
          std::copy_n(step.text.begin(), count, buffer.begin());
          step.text.erase(0, count);
          if (step.text.empty()) steps_.pop_front();
          return count;
        }
      }
      steps_.pop_front();
    }
    if (cancelled_) return Status(Code::kCancelled, "cancelled");
    return std::size_t{0};
  }

  void cancel() override {
    std::lock_guard lock(client_.mutex_);
    cancelled_ = true;
    client_.changed_.notify_all();
  }

 private:
  ScriptedRestClient& client_;
  std::deque<ScriptedAnswer::Step> steps_;
  std::atomic<bool> cancelled_ = false;
};

base::Result<watchers::Response> ScriptedRestClient::get(const std::string& path,
                                                         const watchers::RequestOptions& options) {
  return post(path, "", options);
}

base::Result<watchers::Response> ScriptedRestClient::post(const std::string& path,
                                                          const std::string& json,
                                                          const watchers::RequestOptions& options) {
  std::unique_lock lock(mutex_);
  requests_.push_back({path, options, json});
  if (script_.empty()) {
    used_up_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return shut_down_; });
  }
  if (shut_down_) return Status(Code::kCancelled, "the client is shut down");
  ScriptedAnswer answer = std::move(script_.front());
  script_.pop_front();
  if (!answer.failure_.ok()) return answer.failure_;
  return watchers::Response{answer.head_,
                            std::make_unique<ScriptedBody>(*this, std::move(answer.steps_))};
}

void ScriptedRestClient::hang(const std::function<bool()>& cancelled) {
  std::unique_lock lock(mutex_);
  used_up_ = true;
  changed_.notify_all();
  changed_.wait(lock, cancelled);
}

void ScriptedRestClient::shut_down() {
  std::lock_guard lock(mutex_);
  shut_down_ = true;
  changed_.notify_all();
}

void ScriptedRestClient::wait_until_used_up() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return used_up_; });
}

std::vector<ScriptedRestClient::Request> ScriptedRestClient::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

}  // namespace fakes
