#ifndef IPVS_AGENT_AGENT_EVENT_SENDER_H_
#define IPVS_AGENT_AGENT_EVENT_SENDER_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "agent/kubernetes_event.h"
#include "agent/log.h"
#include "base/clock.h"
#include "watchers/rest_client.h"
#include "watchers/waiter.h"

namespace agent {

// What became of an event.
enum class EventOutcome : std::uint8_t {
  kSent,
  kKnown,     // another node, or this one, has told it within the hour
  kRepeated,  // told by this node a few minutes ago: not sent again
  kDropped,   // too many at once
  kFailed,    // the API server refused it or was not there
};

// "sent", "known", "repeated", "dropped", "failed".
std::string_view to_string(EventOutcome outcome);

struct EventSenderOptions {
  std::string node;
  std::uint64_t seed = 1;  // of the pause before a first event; should differ from node to node
  bool enabled = true;
  // Called for every event, from any of the threads.
  std::function<void(EventOutcome)> on_outcome;
};

// Sends Kubernetes Events, as many as a person can read: of those that come at once at most kBurst,
// then one in kInterval; nothing twice within kQuiet. What cannot be sent is lost: the log has it.
//
// A change that every node has something to say of reaches all of them at once, so the first event
// waits for up to kSpread.
// Threading: post() and set_enabled() from any thread, they never wait; start() and stop() from
// one.
//   One thread sends.
class EventSender {
 public:
  static constexpr double kBurst = 25;
  static constexpr base::Duration kInterval = std::chrono::seconds(10);
  static constexpr base::Duration kQuiet = std::chrono::minutes(10);
  static constexpr base::Duration kSpread = std::chrono::seconds(5);
  static constexpr base::Duration kAnswerTimeout = std::chrono::seconds(10);

  // The references outlive it.
  EventSender(watchers::RestClient& client, const base::Clock& clock, watchers::Waiter& waiter,
              Log& log, EventSenderOptions options);
  // As stop().
  ~EventSender();

  void start();
  // What waits is not sent any more. A request that runs ends by RestClient::shut_down().
  void stop();

  void post(KubernetesEvent event);
  void set_enabled(bool enabled) { enabled_ = enabled; }

 private:
  void run();
  void send(const KubernetesEvent& event);
  bool is_repeated(const KubernetesEvent& event, base::TimePoint now);
  bool take_token(base::TimePoint now);
  void note_failure(const std::string& failure);  // once in a row

  watchers::RestClient& client_;
  const base::Clock& clock_;
  watchers::Waiter& waiter_;
  Log& log_;
  const EventSenderOptions options_;
  std::atomic<bool> enabled_;

  std::mutex mutex_;  // of those up to the next blank line
  std::condition_variable changed_;
  std::vector<KubernetesEvent> queue_;
  std::unordered_map<std::uint64_t, base::TimePoint> told_;  // by identity
  double tokens_ = kBurst;
  base::TimePoint tokens_counted_{};
  bool stopping_ = false;

  std::minstd_rand random_;   // the sending thread's
  std::string last_failure_;  // the sending thread's; told once
  std::thread thread_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_EVENT_SENDER_H_
