#include "watchers/reflector.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "watchers/quote.h"

// The thread, its requests, and what is delivered. What is asked when is in reflector_steps.cc.
namespace watchers {
namespace {

constexpr std::size_t kReadSize = std::size_t{64} << 10U;
// Of an answer that is an error; a Status is far shorter.
constexpr std::size_t kErrorBodySize = std::size_t{64} << 10U;

// The name under which a failed request is counted.
std::string cause_of(const base::Status& status) {
  switch (status.code()) {
    case base::Code::kPermissionDenied: return "certificate";
    case base::Code::kCorrupt: return "corrupt";
    default: return "connection";
  }
}

}  // namespace

Reflector::Reflector(ReflectorOptions options, RestClient& client, MakeDecoder make_decoder,
                     EventMailbox& mailbox, const base::Clock& clock, Waiter& waiter)
    : options_(std::move(options)),
      client_(client),
      make_decoder_(std::move(make_decoder)),
      mailbox_(mailbox),
      clock_(clock),
      waiter_(waiter),
      random_(options_.seed),
      backoff_(options_.backoff, options_.seed),
      use_streaming_(options_.streaming_lists) {
  use(options_.resource);
}

Reflector::~Reflector() { stop(); }

void Reflector::start() {
  thread_ = std::thread([this] { run(); });
}

void Reflector::stop() {
  stopping_ = true;
  waiter_.interrupt();
  {
    std::lock_guard lock(body_mutex_);
    if (body_) body_->cancel();
  }
  if (thread_.joinable()) thread_.join();
}

ReflectorStatus Reflector::status() const {
  std::lock_guard lock(status_mutex_);
  return status_;
}

void Reflector::run() {
  while (!stopping_) {
    Next next = need_list_ ? list() : watch();
    if (next == Next::kAfterBackoff && !stopping_) wait_for_next_try();
  }
  update_status([](ReflectorStatus& status) { status.state = ReflectorState::kStopped; });
}

void Reflector::wait_for_next_try() {
  base::TimePoint now = clock_.now();
  if (now - last_backoff_ > options_.backoff_reset) backoff_.reset();
  base::Duration wait = std::max(backoff_.next(), std::exchange(retry_after_, {}));
  update_status([](ReflectorStatus& status) { status.state = ReflectorState::kWaiting; });
  waiter_.wait(wait);
  last_backoff_ = clock_.now();
}

Reflector::Next Reflector::failed(const std::string& cause, const std::string& message) {
  // What a stop broke off is no failure.
  if (stopping_) return Next::kAtOnce;
  update_status([&](ReflectorStatus& status) {
    ++status.errors[cause];
    status.last_error = message;
    status.last_error_at = clock_.wall_now();
  });
  if (options_.on_failure) options_.on_failure(message);
  return Next::kAfterBackoff;
}

void Reflector::use(const WatchedResource& resource) {
  active_ = &resource;
  decoder_ = make_decoder_(resource.resource);
  use_optional_field_ = true;
  version_.clear();
  update_status([&](ReflectorStatus& status) { status.resource = resource.name; });
}

// The head of the answer; nothing after a failure, which has been told.
std::optional<Response> Reflector::open(const std::string& path, RequestOptions options) {
  options.accept = decoder_->media_type();
  base::Result<Response> response = client_.get(path, options);
  if (!response.ok()) {
    if (response.status().code() == base::Code::kCancelled) {
      // The client was shut down: it will refuse whatever comes.
      stopping_ = true;
    }
    (void)failed(cause_of(response.status()), active_->name + ": " + response.status().message());
    return std::nullopt;
  }
  update_status([&](ReflectorStatus& status) { status.last_contact = clock_.now(); });
  return *std::move(response);
}

Reflector::Reading::Reading(Reflector& reflector, ResponseBody& body) : reflector_(reflector) {
  std::lock_guard lock(reflector_.body_mutex_);
  reflector_.body_ = &body;
}

Reflector::Reading::~Reading() {
  std::lock_guard lock(reflector_.body_mutex_);
  reflector_.body_ = nullptr;
}

bool Reflector::is_ours(const ResponseHead& head) const {
  std::string_view type = head.content_type;
  type = type.substr(0, type.find_first_of("; "));
  return type.empty() || type == decoder_->media_type();
}

std::string Reflector::read_beginning(ResponseBody& body) {
  Reading reading(*this, body);
  std::string text(kErrorBodySize, '\0');
  std::size_t length = 0;
  while (!stopping_ && length < text.size()) {
    base::Result<std::size_t> got = body.read(std::span(text).subspan(length));
    if (!got.ok() || *got == 0) break;
    length += *got;
  }
  text.resize(length);
  return text;
}

// Decodes until the body ends, breaks or tells an error.
base::Status Reflector::read_all(Response& response, BodyDecoder& decoder) {
  Reading reading(*this, *response.body);
  std::vector<char> buffer(kReadSize);
  base::Status status;
  while (!stopping_ && !error_event_) {
    base::Result<std::size_t> got = response.body->read(buffer);
    if (!got.ok()) {
      status = got.status();
      break;
    }
    status = *got == 0 ? decoder.finish() : decoder.feed({buffer.data(), *got});
    if (*got == 0 || !status.ok()) break;
    update_status([&](ReflectorStatus& shown) { shown.last_contact = clock_.now(); });
  }
  return status;
}

void Reflector::on_event(WatchEvent event) {
  if (error_event_) return;  // the server has ended this watch
  ++events_in_watch_;
  update_status([](ReflectorStatus& status) { ++status.events; });
  switch (event.type) {
    case WatchEvent::Type::kAdded:
    case WatchEvent::Type::kModified: {
      std::string version = event.object.resource_version;
      take(std::move(event.object));
      advance(version);
      break;
    }
    case WatchEvent::Type::kDeleted:
      if (std::holds_alternative<Rejected>(event.object.news)) {
        take(std::move(event.object));
        break;
      }
      known_.forget(event.object.key);
      send(event.object.key, Deleted{});
      advance(event.object.resource_version);
      break;
    case WatchEvent::Type::kBookmark:
      if (listing_by_watch_ && event.initial_events_end) {
        finish_list(event.object.resource_version);
      } else {
        advance(event.object.resource_version);
      }
      break;
    case WatchEvent::Type::kError: error_event_ = failure_of(*active_, event.status); break;
    case WatchEvent::Type::kUnknown: take(std::move(event.object)); break;
  }
}

void Reflector::take(DecodedObject object) {
  if (std::holds_alternative<Rejected>(object.news)) {
    known_.touch(object.key);
    if (object.key.name.empty()) ++unnamed_in_list_;
    update_status([](ReflectorStatus& status) { ++status.rejected; });
    send(object.key, std::move(object.news));
  } else if (known_.note(object.key, object.resource_version)) {
    send(object.key, std::move(object.news));
  }
}

void Reflector::send(const ObjectKey& key, ObjectNews news) {
  deliver(mailbox_, {active_->kind, key}, {std::move(news), clock_.now()});
}

void Reflector::advance(const std::string& version) {
  // Before the end mark of a streaming list, its versions do not stand for all that came before.
  if (listing_by_watch_ || version.empty()) return;
  version_ = version;
  progress_ = true;
  failed_watches_ = 0;
  update_status([&](ReflectorStatus& status) {
    status.resource_version = version;
    status.objects = known_.size();
  });
}

void Reflector::finish_list(const std::string& version) {
  if (unnamed_in_list_ == 0) {
    for (const ObjectKey& key : known_.end_list()) send(key, Deleted{});
  } else {
    // One of them may be an object that would now seem to be gone.
    (void)failed("incomplete_list", active_->name + ": " + std::to_string(unnamed_in_list_) +
                                        " objects of the list cannot even be named; objects that "
                                        "are gone are kept until the next list");
  }
  listing_by_watch_ = false;
  need_list_ = false;
  consistent_list_ = false;
  lists_without_mark_ = 0;
  advance(version);
  progress_ = false;
  send({}, Synced{});
  update_status([&](ReflectorStatus& status) {
    ++status.lists;
    status.synced = true;
    status.state = ReflectorState::kWatching;
    status.objects = known_.size();
  });
}

}  // namespace watchers
