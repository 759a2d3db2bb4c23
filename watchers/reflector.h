#ifndef IPVS_AGENT_WATCHERS_REFLECTOR_H_
#define IPVS_AGENT_WATCHERS_REFLECTOR_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include "base/backoff.h"
#include "base/clock.h"
#include "watchers/api_failure.h"
#include "watchers/known_objects.h"
#include "watchers/object_decoder.h"
#include "watchers/object_event.h"
#include "watchers/reflector_status.h"
#include "watchers/resource.h"
#include "watchers/rest_client.h"
#include "watchers/waiter.h"

namespace watchers {

struct ReflectorOptions {
  WatchedResource resource;
  // Watched instead while the server does not know the API group of `resource`.
  std::optional<WatchedResource> fallback;
  // Ask for lists as watches (WatchList), until the server refuses.
  bool streaming_lists = true;
  int page_size = 500;  // of lists that are read from storage
  // Silence after which a request is given up. The server sends bookmarks about once a minute.
  base::Duration watch_idle_timeout = std::chrono::seconds(95);
  base::Duration list_idle_timeout = std::chrono::seconds(30);
  // A watch is asked to end after a random time in between, so that nodes do not come back at once.
  int min_watch_s = 300;
  int max_watch_s = 600;
  base::BackoffPolicy backoff;
  // Without failure for that long, the next wait is the first one again.
  base::Duration backoff_reset = std::chrono::minutes(2);
  std::uint64_t seed = 0;  // of everything random here; different on every node
  // Told of every failure, in a sentence; on the reflector's thread. May be empty.
  std::function<void(std::string_view)> on_failure;
};

// Keeps the mailbox in step with one resource of the API server: lists it, watches it, and starts
// again after whatever happens. The order of events of one object is kept; an object is delivered
// again only when its resourceVersion differs; after a break nothing is missed, because the watch
// goes on at the last version, and a new list yields the deletions that fell in between.
//
// Threading: start() and stop() from one thread, status() from any. All work is done on a thread of
// its own.
// Ownership: everything passed by reference outlives the reflector.
// Errors: none ends it; each is counted, told to on_failure and followed by another try.
class Reflector final : private DecodedSink {
 public:
  using MakeDecoder = std::function<std::unique_ptr<ObjectDecoder>(Resource)>;

  Reflector(ReflectorOptions options, RestClient& client, MakeDecoder make_decoder,
            EventMailbox& mailbox, const base::Clock& clock, Waiter& waiter);
  ~Reflector() override;  // stops

  void start();
  // Interrupts the waiter and the body that is read, and joins the thread. A request whose answer
  // has not begun is ended only by RestClient::shut_down(), which should be called before.
  void stop();

  ReflectorStatus status() const;

 private:
  enum class Next : std::uint8_t { kAtOnce, kAfterBackoff };

  void run();
  void wait_for_next_try();

  // What is done on the way; each returns when to go on.
  Next list();
  Next list_by_pages();
  Next list_page(const std::string& path, ListEnvelope& envelope);
  Next list_by_watch();
  Next watch();
  Next follow(const std::string& path);  // reads a watch to its end
  Next react(const ApiFailure& failure, bool in_event);
  Next react_to_listing(const ApiFailure& failure, bool in_event);
  Next react_to_watching(const ApiFailure& failure, bool in_event);
  Next failed(const std::string& cause, const std::string& message);
  void finish_list(const std::string& version);
  void choose_resource();
  bool group_is_missing();
  void use(const WatchedResource& resource);

  // Makes the body one that stop() cancels, for as long as it lives.
  class Reading {
   public:
    Reading(Reflector& reflector, ResponseBody& body);
    ~Reading();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    Reflector& reflector_;
  };

  // Requests.
  std::string base_path() const { return selecting_path(*active_, use_optional_field_); }
  std::string watch_query();
  std::optional<Response> open(const std::string& path, RequestOptions options);
  std::string read_beginning(ResponseBody& body);
  base::Status read_all(Response& response, BodyDecoder& decoder);
  bool is_ours(const ResponseHead& head) const;

  // From the decoder.
  void on_item(DecodedObject item) override { take(std::move(item)); }
  void on_envelope(ListEnvelope envelope) override { envelope_ = std::move(envelope); }
  void on_event(WatchEvent event) override;
  void take(DecodedObject object);
  void send(const ObjectKey& key, ObjectNews news);
  void advance(const std::string& version);

  template <typename Change>
  void update_status(Change change) {
    std::lock_guard lock(status_mutex_);
    change(status_);
  }

  const ReflectorOptions options_;
  RestClient& client_;
  const MakeDecoder make_decoder_;
  EventMailbox& mailbox_;
  const base::Clock& clock_;
  Waiter& waiter_;

  std::thread thread_;
  std::atomic<bool> stopping_ = false;
  std::mutex body_mutex_;
  ResponseBody* body_ = nullptr;  // the one being read; guarded by body_mutex_
  mutable std::mutex status_mutex_;
  ReflectorStatus status_;

  // Below: only used on the thread.
  const WatchedResource* active_ = nullptr;
  std::unique_ptr<ObjectDecoder> decoder_;
  std::mt19937_64 random_;
  base::Backoff backoff_;
  base::TimePoint last_backoff_;
  base::Duration retry_after_{};

  KnownObjects known_;
  std::string version_;  // opaque; "" before the first list
  bool need_list_ = true;
  bool consistent_list_ = false;    // the last list's version was refused: ask for the newest state
  bool use_optional_field_ = true;  // the server knows the optional field selector
  bool use_streaming_ = true;       // the server knows streaming lists
  bool use_pages_ = true;           // continue tokens have not run out
  bool listing_by_watch_ = false;   // before the end mark of a streaming list
  bool just_fell_back_ = false;     // the API group was asked for and is missing
  int lists_without_mark_ = 0;      // streaming lists in a row that ended without it
  int failed_watches_ = 0;          // in a row, without anything new
  bool progress_ = false;           // something came since the last list
  std::uint64_t events_in_watch_ = 0;
  std::uint64_t unnamed_in_list_ = 0;
  std::optional<ListEnvelope> envelope_;
  std::optional<ApiFailure> error_event_;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_REFLECTOR_H_
