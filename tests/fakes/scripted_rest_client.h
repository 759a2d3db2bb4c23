#ifndef IPVS_AGENT_TESTS_FAKES_SCRIPTED_REST_CLIENT_H_
#define IPVS_AGENT_TESTS_FAKES_SCRIPTED_REST_CLIENT_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/fakes/manual_clock.h"
#include "watchers/rest_client.h"

namespace fakes {

// One answer of an API server, written down beforehand.
class ScriptedAnswer {
 public:
  // An answer of that HTTP status.
  static ScriptedAnswer http(int status, std::string body = "",
                             std::string content_type = "application/json");
  // No answer.
  static ScriptedAnswer failure(base::Code code, std::string message);

  ScriptedAnswer retry_after(base::Duration duration) &&;
  // What the body does next, after what it did before.
  ScriptedAnswer bytes(std::string text) &&;
  ScriptedAnswer pass(base::Duration duration) &&;  // moves the clock, if the client has one
  ScriptedAnswer breaks(std::string message) &&;
  // Stays open and silent until it is cancelled. Without this, the body ends properly.
  ScriptedAnswer hangs() &&;

 private:
  friend class ScriptedRestClient;
  friend class ScriptedBody;
  struct Step {
    enum class Type { kBytes, kPass, kBreak, kHang } type;
    std::string text;
    base::Duration duration{};
  };

  base::Status failure_;
  watchers::ResponseHead head_;
  std::deque<Step> steps_;
};

// A RestClient that answers from a script, one answer a request. When the script is used up the
// next request waits until shut_down(): then everything before it has been dealt with, which is
// what wait_until_used_up() waits for.
//
// Threading: as RestClient; the rest from the test's thread.
class ScriptedRestClient final : public watchers::RestClient {
 public:
  struct Request {
    std::string path;
    watchers::RequestOptions options;
    std::string json;  // of a POST
  };

  explicit ScriptedRestClient(ManualClock* clock = nullptr) : clock_(clock) {}

  // To be called before the first request.
  void answer(ScriptedAnswer answer) { script_.push_back(std::move(answer)); }

  base::Result<watchers::Response> get(const std::string& path,
                                       const watchers::RequestOptions& options) override;
  base::Result<watchers::Response> post(const std::string& path, const std::string& json,
                                        const watchers::RequestOptions& options) override;
  void shut_down() override;

  // Returns when a request came that the script has no answer for, or a body hangs.
  void wait_until_used_up();
  // Every request so far, the one that waits included.
  std::vector<Request> requests() const;

 private:
  friend class ScriptedBody;
  void hang(const std::function<bool()>& cancelled);

  ManualClock* clock_;
  std::deque<ScriptedAnswer> script_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Request> requests_;
  bool used_up_ = false;
  bool shut_down_ = false;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_SCRIPTED_REST_CLIENT_H_
