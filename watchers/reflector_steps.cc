#include <string>
#include <utility>

#include "watchers/quote.h"
#include "watchers/reflector.h"

// What a reflector asks the API server for, when, and what follows from the answers.
namespace watchers {
namespace {

// A watch that ends sooner and without an event is a failure of the server.
constexpr base::Duration kShortWatch = std::chrono::seconds(1);
// Streaming lists in a row without an end mark, after which the server is taken not to know them.
constexpr int kListsWithoutMark = 2;
// Failed watches in a row, after which the state is read anew.
constexpr int kFailedWatches = 3;

std::string cause_of(const ApiFailure& failure, bool in_event) {
  return (in_event ? "event_" : "http_") + std::to_string(failure.code);
}

}  // namespace

Reflector::Next Reflector::list() {
  update_status([&](ReflectorStatus& status) {
    status.state = ReflectorState::kListing;
    status.streaming_lists = use_streaming_;
  });
  choose_resource();
  if (stopping_) return Next::kAtOnce;
  known_.begin_list();
  unnamed_in_list_ = 0;
  return use_streaming_ ? list_by_watch() : list_by_pages();
}

// While the fallback is in use, the API group may have come with an upgrade of the server.
void Reflector::choose_resource() {
  if (active_ == &options_.resource || std::exchange(just_fell_back_, false)) return;
  std::optional<Response> response =
      open(options_.resource.group_path, {.idle_timeout = options_.list_idle_timeout});
  if (response && response->head.status == 200) use(options_.resource);
}

bool Reflector::group_is_missing() {
  std::optional<Response> response =
      open(active_->group_path, {.idle_timeout = options_.list_idle_timeout});
  return response && response->head.status == 404;
}

Reflector::Next Reflector::list_by_pages() {
  // "0" means any version the server has at hand, which costs it nothing.
  std::string version = version_.empty() ? "0" : version_;
  if (consistent_list_) version.clear();
  std::string path = base_path();
  // A list at a version comes from the server's cache, but not if it is asked for in pages.
  bool pages = use_pages_ && (version.empty() || version == "0");
  std::string limit = pages ? "limit=" + std::to_string(options_.page_size) + "&" : "";
  std::string query = path + limit;
  if (!version.empty()) query += "resourceVersion=" + percent_encoded(version) + "&";

  ListEnvelope envelope;
  while (true) {
    query.pop_back();  // the last '&' or '?'
    envelope = {};
    error_event_.reset();
    Next next = list_page(query, envelope);
    if (error_event_) {
      ApiFailure failure = *std::exchange(error_event_, std::nullopt);
      // Its continue token has run out; a list in one piece has none.
      if (failure.expired() && query.find("&continue=") != query.npos) {
        use_pages_ = false;
        (void)failed(cause_of(failure, false), failure.message);
        return Next::kAtOnce;
      }
      return react_to_listing(failure, false);
    }
    if (envelope.kind.empty()) return next;
    if (envelope.continue_token.empty()) break;
    query = path + limit + "continue=" + percent_encoded(envelope.continue_token) + "&";
  }
  use_pages_ = true;
  finish_list(envelope.resource_version);
  return Next::kAtOnce;
}

// Reads one page; leaves `envelope` empty or sets error_event_ where that fails.
Reflector::Next Reflector::list_page(const std::string& path, ListEnvelope& envelope) {
  std::optional<Response> response =
      open(path, {.compressed = true, .idle_timeout = options_.list_idle_timeout});
  if (!response) return Next::kAfterBackoff;
  if (response->head.status != 200) {
    error_event_ = failure_of(*active_, response->head, read_beginning(*response->body));
    return Next::kAfterBackoff;
  }
  if (!is_ours(response->head)) {
    return failed("content_type", active_->name + ": not a Kubernetes API: content type " +
                                      response->head.content_type);
  }
  envelope_.reset();
  std::unique_ptr<BodyDecoder> body = decoder_->list(*this);
  base::Status status = read_all(*response, *body);
  if (!status.ok()) {
    bool corrupt = status.code() == base::Code::kCorrupt;
    return failed(corrupt ? "corrupt" : "connection",
                  "list of " + active_->name + " broke off: " + status.message());
  }
  if (!envelope_) return Next::kAtOnce;  // stopping
  if (envelope_->status) {
    error_event_ = failure_of(*active_, *envelope_->status);
    return Next::kAfterBackoff;
  }
  // Anything else would look like an empty list, and every object seem to be gone.
  if (!envelope_->kind.ends_with("List")) {
    return failed("corrupt", "list of " + active_->name + ": kind: found " +
                                 quote(envelope_->kind) + ", allowed: a list");
  }
  if (envelope_->resource_version.empty()) {
    return failed("corrupt", "list of " + active_->name +
                                 ": metadata.resourceVersion: found none, allowed: a version");
  }
  envelope = *std::move(envelope_);
  return Next::kAtOnce;
}

std::string Reflector::watch_query() {
  std::uniform_int_distribution<int> seconds(options_.min_watch_s, options_.max_watch_s);
  return base_path() +
         "watch=1&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(seconds(random_));
}

Reflector::Next Reflector::list_by_watch() {
  std::string path = watch_query() + "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
  if (!version_.empty() && !consistent_list_) {
    path += "&resourceVersion=" + percent_encoded(version_);
  }
  listing_by_watch_ = true;
  Next next = follow(path);
  listing_by_watch_ = false;
  return next;
}

Reflector::Next Reflector::watch() {
  return follow(watch_query() + "&resourceVersion=" + percent_encoded(version_));
}

Reflector::Next Reflector::follow(const std::string& path) {
  base::TimePoint started = clock_.now();
  events_in_watch_ = 0;
  error_event_.reset();
  std::optional<Response> response = open(path, {.idle_timeout = options_.watch_idle_timeout});
  if (!response) return Next::kAfterBackoff;
  if (response->head.status != 200) {
    ApiFailure failure = failure_of(*active_, response->head, read_beginning(*response->body));
    return react(failure, /*in_event=*/false);
  }
  if (!is_ours(response->head)) {
    return failed("content_type", active_->name + ": not a Kubernetes API: content type " +
                                      response->head.content_type);
  }
  update_status([&](ReflectorStatus& status) {
    ++status.watches;
    if (!listing_by_watch_) status.state = ReflectorState::kWatching;
  });
  std::unique_ptr<BodyDecoder> body = decoder_->watch(*this);
  base::Status status = read_all(*response, *body);
  response.reset();  // ends the request before anything else is asked
  if (error_event_) {
    ApiFailure failure = *std::exchange(error_event_, std::nullopt);
    return react(failure, /*in_event=*/true);
  }
  if (stopping_) return Next::kAtOnce;

  if (status.code() == base::Code::kCorrupt) {
    if (++failed_watches_ >= kFailedWatches) need_list_ = true;
    return failed("corrupt", "watch of " + active_->name + ": " + status.message());
  }
  bool was_short = clock_.now() - started < kShortWatch;
  Next next = Next::kAtOnce;
  if (!status.ok()) {
    (void)failed("connection", "watch of " + active_->name + " broke off: " + status.message());
    if (was_short) next = Next::kAfterBackoff;
  }
  if (listing_by_watch_) {
    if (++lists_without_mark_ >= kListsWithoutMark) use_streaming_ = false;
    return failed("no_end_mark",
                  "streaming list of " + active_->name + " ended before the mark of its end");
  }
  if (status.ok() && events_in_watch_ == 0 && was_short) {
    return failed("short_watch",
                  "watch of " + active_->name + " ended within a second and without an event");
  }
  return next;
}

Reflector::Next Reflector::react(const ApiFailure& failure, bool in_event) {
  return listing_by_watch_ ? react_to_listing(failure, in_event)
                           : react_to_watching(failure, in_event);
}

Reflector::Next Reflector::react_to_listing(const ApiFailure& failure, bool in_event) {
  (void)failed(cause_of(failure, in_event), failure.message);
  if (failure.expired() || failure.version_too_large) {
    // The version is not to be had from this server: take the newest state, whatever it is.
    return std::exchange(consistent_list_, true) ? Next::kAfterBackoff : Next::kAtOnce;
  }
  if (failure.code == 400 && active_->field_selector_optional && use_optional_field_) {
    use_optional_field_ = false;
    return Next::kAtOnce;
  }
  if ((failure.code == 400 || failure.code == 422) && use_streaming_) {
    use_streaming_ = false;
    return Next::kAtOnce;
  }
  if (failure.code == 404 && options_.fallback && active_ == &options_.resource &&
      group_is_missing()) {
    use(*options_.fallback);
    just_fell_back_ = true;
    return Next::kAtOnce;
  }
  retry_after_ = failure.retry_after;
  return Next::kAfterBackoff;
}

Reflector::Next Reflector::react_to_watching(const ApiFailure& failure, bool in_event) {
  (void)failed(cause_of(failure, in_event), failure.message);
  retry_after_ = failure.retry_after;
  if (failure.expired()) {
    need_list_ = true;
    // If lists do not help either, not in a tight circle.
    return std::exchange(progress_, false) ? Next::kAtOnce : Next::kAfterBackoff;
  }
  bool may_pass =
      failure.code == 429 || failure.code >= 500 || failure.code == 401 || failure.code == 403;
  bool stuck = failure.code != 429 && ++failed_watches_ >= kFailedWatches;
  if (!may_pass || stuck) {
    need_list_ = true;
    failed_watches_ = 0;
  }
  return Next::kAfterBackoff;
}

}  // namespace watchers
