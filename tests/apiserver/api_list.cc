// The part of Api that lists and watches: versions, pages, compression.
#include <charconv>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/apiserver/api.h"
#include "tests/apiserver/status_body.h"

namespace apiserver {
namespace {

using Json = nlohmann::json;

// What kube-apiserver waits for a version to come, and from which size on it compresses.
constexpr base::Duration kPatience = std::chrono::seconds(3);
constexpr std::size_t kSmallestCompressed = 128 << 10;
constexpr std::size_t kChunk = 64 << 10;

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

HttpResponse invalid_version(const std::string& text) {
  return failure(400, "BadRequest",
                 "resourceVersion: Invalid value: \"" + text + "\": must be an unsigned integer");
}

// Where the next page goes on: the version of the list and the last object sent.
struct PageToken {
  Version version = 0;
  std::string space;
  std::string name;
};

constexpr char kHexDigits[] = "0123456789abcdef";

std::string print(const PageToken& token) {
  std::string text = Json{{"rv", token.version}, {"ns", token.space}, {"name", token.name}}.dump();
  std::string hex;
  for (char c : text) {
    hex += kHexDigits[static_cast<unsigned char>(c) >> 4];
    hex += kHexDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

std::optional<PageToken> parse_token(const std::string& hex) {
  std::string text;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(&hex[i], &hex[i] + 2, value, 16);
    text += static_cast<char>(value);
  }
  Json token = Json::parse(text, nullptr, false);
  if (!token.is_object()) return std::nullopt;
  return PageToken{token.value("rv", Version{0}), token.value("ns", ""), token.value("name", "")};
}

HttpResponse expired_page() {
  return failure(410, "Expired",
                 "The provided continue parameter is too old to display a consistent list result. "
                 "You must start a new list without the continue parameter.");
}

// The objects of one answer, and what its metadata says.
struct Page {
  Version version = 0;
  std::vector<ObjectPtr> objects;
  std::string token;
  std::size_t remaining = 0;
};

Page cut_page(const Snapshot& snapshot, const ObjectFilter& filter, const PageToken& after,
              std::size_t limit) {
  Page page;
  page.version = snapshot.version;
  std::pair from(after.space, after.name);
  for (const ObjectPtr& object : snapshot.objects) {
    if (!filter.matches(*object) || std::pair(object->space, object->name) <= from) continue;
    if (limit == 0 || page.objects.size() < limit) {
      page.objects.push_back(object);
    } else {
      ++page.remaining;
    }
  }
  if (page.remaining > 0) {
    page.token = print({snapshot.version, page.objects.back()->space, page.objects.back()->name});
  }
  return page;
}

// remainingItemCount is not given where a selector makes it unknown to the real server.
std::string list_text(const ResourceType& type, const Page& page, bool selected) {
  std::string text = "{\"kind\":\"" + type.kind + "List\",\"apiVersion\":\"" + type.api_version() +
                     "\",\"metadata\":{\"resourceVersion\":\"" + std::to_string(page.version) +
                     "\"";
  if (!page.token.empty()) {
    text += ",\"continue\":\"" + page.token + "\"";
    if (!selected) text += ",\"remainingItemCount\":" + std::to_string(page.remaining);
  }
  text += "},\"items\":[";
  for (std::size_t i = 0; i < page.objects.size(); ++i) {
    if (i > 0) text += ',';
    text += page.objects[i]->item();
  }
  return text + "]}\n";
}

bool write_list(const HttpRequest& request, std::string text, Connection& connection) {
  HttpResponse response;
  bool compress = request.header("accept-encoding").find("gzip") != std::string::npos;
  if (compress && text.size() > kSmallestCompressed) {
    text = gzipped(text);
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
  if (compress) response.headers.emplace_back("Vary", "Accept-Encoding");
  if (text.size() < kChunk) {
    response.body = std::move(text);
    return write_response(connection, response);
  }
  // Large lists come in many chunks, as servers with streaming encoders (since 1.33) send them.
  if (!begin_chunks(connection, response)) return false;
  for (std::size_t at = 0; at < text.size(); at += kChunk) {
    if (!write_chunk(connection, std::string_view(text).substr(at, kChunk))) return false;
  }
  return end_chunks(connection);
}

HttpResponse initial_events_forbidden() {
  auto cause = [](const char* message, const char* field) {
    return Json{{"reason", "FieldValueForbidden"}, {"message", message}, {"field", field}};
  };
  Json details = {
      {"group", "meta.k8s.io"},
      {"kind", "ListOptions"},
      {"causes", Json::array({cause("Forbidden: resourceVersionMatch is forbidden for watch",
                                    "resourceVersionMatch"),
                              cause("Forbidden: sendInitialEvents is forbidden for watch unless "
                                    "the WatchList feature gate is enabled",
                                    "sendInitialEvents")})}};
  return failure(422, "Invalid",
                 "ListOptions.meta.k8s.io \"\" is invalid: [resourceVersionMatch: Forbidden: "
                 "resourceVersionMatch is forbidden for watch, sendInitialEvents: Forbidden: "
                 "sendInitialEvents is forbidden for watch unless the WatchList feature gate is "
                 "enabled]",
                 details);
}

HttpResponse initial_events_without_match() {
  Json details = {
      {"group", "meta.k8s.io"},
      {"kind", "ListOptions"},
      {"causes",
       Json::array({{{"reason", "FieldValueForbidden"},
                     {"message",
                      "Forbidden: sendInitialEvents requires setting resourceVersionMatch to "
                      "NotOlderThan"},
                     {"field", "resourceVersionMatch"}}})}};
  return failure(422, "Invalid",
                 "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: "
                 "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                 details);
}

}  // namespace

bool Api::answer_list(const HttpRequest& request, const ObjectFilter& filter,
                      Connection& connection) {
  std::string version_text = request.parameter("resourceVersion");
  auto wanted = version_text.empty() ? std::optional<std::uint64_t>(0) : number(version_text);
  if (!wanted) return write_response(connection, invalid_version(version_text));
  std::size_t limit = number(request.parameter("limit")).value_or(0);
  std::string continue_text = request.parameter("continue");
  bool selected =
      !request.parameter("labelSelector").empty() || !request.parameter("fieldSelector").empty();
  PageToken after;
  Snapshot snapshot;
  if (!continue_text.empty()) {
    auto token = parse_token(continue_text);
    if (!token) {
      return write_response(connection, failure(400, "BadRequest", "continue key is not valid"));
    }
    after = *token;
    auto kept = store_.list_at(*filter.type, after.version);
    if (!kept) return write_response(connection, expired_page());
    snapshot = *std::move(kept);
  } else if (request.parameter("resourceVersionMatch") == "Exact") {
    auto kept = store_.list_at(*filter.type, *wanted);
    if (!kept) {
      return write_response(connection, failure(410, "Expired",
                                                "The resourceVersion for the provided list is too "
                                                "old."));
    }
    snapshot = *std::move(kept);
  } else {
    if (!store_.await_version(*wanted, kPatience)) {
      return write_response(connection, too_large_version(*wanted, store_.version()));
    }
    snapshot = store_.list(*filter.type);
    // The watch cache, which answers for version 0, knows no pages.
    if (version_text == "0") limit = 0;
  }
  Page page = cut_page(snapshot, filter, after, limit);
  if (!page.token.empty()) store_.keep_for_pages(*filter.type, snapshot);
  return write_list(request, list_text(*filter.type, page, selected), connection);
}

bool Api::answer_watch(const HttpRequest& request, const ObjectFilter& filter,
                       Connection& connection) {
  std::string version_text = request.parameter("resourceVersion");
  auto wanted = version_text.empty() ? std::optional<std::uint64_t>(0) : number(version_text);
  if (!wanted) return write_response(connection, invalid_version(version_text));
  WatchQuery query;
  query.filter = filter;
  query.after = *wanted;
  query.existing_first = *wanted == 0;
  std::string bookmarks = request.parameter("allowWatchBookmarks");
  query.bookmarks = bookmarks == "true" || bookmarks == "1";
  query.bookmark_interval = features_.bookmark_interval;
  std::string initial = request.parameter("sendInitialEvents");
  InitialEvents policy = features_.initial_events;
  if (!initial.empty() && policy == InitialEvents::kForbid) {
    return write_response(connection, initial_events_forbidden());
  }
  if (!initial.empty() && policy == InitialEvents::kSend) {
    if (request.parameter("resourceVersionMatch") != "NotOlderThan") {
      return write_response(connection, initial_events_without_match());
    }
    if (!store_.await_version(*wanted, kPatience)) {
      return write_response(connection, too_large_version(*wanted, store_.version()));
    }
    query.existing_first = initial == "true" || initial == "1";
    query.mark_end_of_existing = query.existing_first && query.bookmarks;
    if (*wanted == 0 && !query.existing_first) query.after = store_.version();
  }
  if (auto seconds = number(request.parameter("timeoutSeconds")); seconds && *seconds > 0) {
    query.timeout = std::chrono::seconds(*seconds);
  } else {
    // The real server's default: 30 minutes to twice that.
    thread_local std::minstd_rand random{std::random_device{}()};
    query.timeout = std::chrono::seconds(1800 + random() % 1800);
  }
  return WatchStream(query, store_, faults_, connection).serve();
}

}  // namespace apiserver
