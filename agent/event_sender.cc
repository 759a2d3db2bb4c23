#include "agent/event_sender.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace agent {
namespace {

// More identities than tokens could have let through within kQuiet.
constexpr std::size_t kMostTold = 1024;
constexpr int kCreated = 201;
constexpr int kConflict = 409;

}  // namespace

std::string_view to_string(EventOutcome outcome) {
  switch (outcome) {
    case EventOutcome::kSent: return "sent";
    case EventOutcome::kKnown: return "known";
    case EventOutcome::kRepeated: return "repeated";
    case EventOutcome::kDropped: return "dropped";
    case EventOutcome::kFailed: return "failed";
  }
  return "unknown";
}

EventSender::EventSender(watchers::RestClient& client, const base::Clock& clock,
                         watchers::Waiter& waiter, Log& log, EventSenderOptions options)
    : client_(client),
      clock_(clock),
      waiter_(waiter),
      log_(log),
      options_(std::move(options)),
      enabled_(options_.enabled),
      tokens_counted_(clock.now()),
      random_(static_cast<std::minstd_rand::result_type>(options_.seed)) {}

EventSender::~EventSender() { stop(); }

void EventSender::start() {
  thread_ = std::thread([this] { run(); });
}

void EventSender::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  waiter_.interrupt();
  if (thread_.joinable()) thread_.join();
}

void EventSender::post(KubernetesEvent event) {
  if (!enabled_) return;
  base::TimePoint now = clock_.now();
  EventOutcome lost = EventOutcome::kRepeated;
  {
    std::lock_guard lock(mutex_);
    if (!is_repeated(event, now)) {
      if (take_token(now)) {
        told_[identity_of(event, options_.node)] = now;
        queue_.push_back(std::move(event));
        changed_.notify_all();
        return;
      }
      lost = EventOutcome::kDropped;
    }
  }
  if (options_.on_outcome) options_.on_outcome(lost);
}

// With mutex_ held.
bool EventSender::is_repeated(const KubernetesEvent& event, base::TimePoint now) {
  auto place = told_.find(identity_of(event, options_.node));
  if (place != told_.end() && now - place->second < kQuiet) return true;
  if (told_.size() >= kMostTold) {
    std::erase_if(told_, [&](const auto& told) { return now - told.second >= kQuiet; });
  }
  return false;
}

// With mutex_ held.
bool EventSender::take_token(base::TimePoint now) {
  double gained = std::chrono::duration<double>(now - tokens_counted_) /
                  std::chrono::duration<double>(kInterval);
  tokens_ = std::min(kBurst, tokens_ + gained);
  tokens_counted_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void EventSender::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
    }
    std::uniform_real_distribution<double> part(0, 1);
    auto pause = std::chrono::duration_cast<base::Duration>(kSpread * part(random_));
    if (!waiter_.wait(pause)) return;
    std::vector<KubernetesEvent> events;
    {
      std::lock_guard lock(mutex_);
      events.swap(queue_);
    }
    for (const KubernetesEvent& event : events) {
      {
        std::lock_guard lock(mutex_);
        if (stopping_) return;
      }
      send(event);
    }
  }
}

void EventSender::send(const KubernetesEvent& event) {
  watchers::RequestOptions options;
  options.idle_timeout = kAnswerTimeout;
  const std::string body = to_json(event, options_.node, clock_.wall_now());
  base::Result<watchers::Response> answer = client_.post(path_of(event), body, options);
  if (answer.status().code() == base::Code::kUnavailable) {
    // Usually an idle connection that the server has closed meanwhile. It is the same event again.
    answer = client_.post(path_of(event), body, options);
  }
  EventOutcome outcome = EventOutcome::kFailed;
  if (!answer.ok()) {
    // Cancelled: the agent ends.
    if (answer.status().code() != base::Code::kCancelled) note_failure(answer.status().message());
  } else {
    // Read to its end, so that the connection can be used again.
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
      base::Result<std::size_t> got = answer->body->read(std::span<char>(buffer));
      if (!got.ok() || *got == 0) break;
      if (text.size() < 512) text.append(buffer.data(), std::min<std::size_t>(*got, 512));
    }
    if (answer->head.status == kCreated) outcome = EventOutcome::kSent;
    if (answer->head.status == kConflict) outcome = EventOutcome::kKnown;
    if (outcome == EventOutcome::kFailed) {
      note_failure("HTTP status " + std::to_string(answer->head.status) + ": " + text);
    }
  }
  if (outcome != EventOutcome::kFailed) last_failure_.clear();
  if (options_.on_outcome) options_.on_outcome(outcome);
}

void EventSender::note_failure(const std::string& failure) {
  if (failure == last_failure_) return;
  last_failure_ = failure;
  log_.warning("Kubernetes Events cannot be sent; they are lost", {{"error", failure}});
}

}  // namespace agent
