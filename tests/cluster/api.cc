#include "tests/cluster/api.h"

#include <algorithm>
#include <thread>

namespace cluster {
namespace {

using base::Code;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

Code code_of_http(int status) {
  switch (status) {
    case 400:
    case 422: return Code::kInvalidArgument;
    case 401:
    case 403: return Code::kPermissionDenied;
    case 404: return Code::kNotFound;
    case 409: return Code::kAlreadyExists;
    case 410: return Code::kOutOfDate;
    case 429:
    case 500:
    case 503: return Code::kUnavailable;
    default: return Code::kInternal;
  }
}

}  // namespace

Result<HttpAnswer> Api::get(const std::string& path) {
  HttpRequest request;
  request.url = url_ + path;
  request.credentials = credentials_;
  return http_.send(request);
}

Result<std::string> Api::create(const std::string& collection, const std::string& object) {
  return change("POST", collection, "application/json", object);
}

Result<std::string> Api::merge_patch(const std::string& path, const std::string& patch) {
  return change("PATCH", path, "application/merge-patch+json", patch);
}

Result<std::string> Api::replace(const std::string& path, const std::string& object) {
  return change("PUT", path, "application/json", object);
}

Result<std::string> Api::remove(const std::string& path) {
  return change("DELETE", path, "application/json", "");
}

Result<std::string> Api::change(const std::string& method, const std::string& path,
                                const std::string& content_type, const std::string& body) {
  HttpRequest request;
  request.method = method;
  request.url = url_ + path;
  request.headers = {"Content-Type: " + content_type};
  request.body = body;
  request.credentials = credentials_;
  Result<HttpAnswer> answer = http_.send(request);
  if (!answer.ok()) return answer.status();
  if (answer->status < 200 || answer->status > 299) {
    return Status(
        code_of_http(answer->status),
        method + " " + path + ": HTTP " + std::to_string(answer->status) + ": " + answer->body);
  }
  return std::move(answer->body);
}

Api::Watch Api::watch(const std::string& path, const EventReader& reader, milliseconds deadline) {
  HttpRequest request;
  request.url = url_ + path;
  request.credentials = credentials_;
  request.deadline = deadline;
  std::string pending;
  bool enough = false;
  auto sink = [&](std::string_view bytes) {
    pending.append(bytes);
    std::size_t begin = 0;
    for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (!reader(std::string_view(pending).substr(begin, end - begin))) {
        enough = true;
        return false;
      }
    }
    pending.erase(0, begin);
    return true;
  };
  Result<HttpAnswer> answer = http_.send(request, sink);
  Watch watch;
  if (!answer.ok()) {
    watch.end =
        answer.status().code() == Code::kCancelled ? WatchEnd::kDeadline : WatchEnd::kBroken;
    watch.reason = answer.status().message();
    return watch;
  }
  watch.answer = std::move(*answer);
  watch.end = watch.answer.status != 200 ? WatchEnd::kRefused
              : enough                   ? WatchEnd::kEnough
                                         : WatchEnd::kClosed;
  if (watch.end == WatchEnd::kRefused) watch.reason = watch.answer.body;
  return watch;
}

Status Api::await(const std::string& collection, const EventReader& wanted, milliseconds deadline) {
  return await_new(
      collection, [&wanted] { return wanted; }, deadline);
}

Status Api::await_new(const std::string& collection, const std::function<EventReader()>& new_reader,
                      milliseconds deadline) {
  const Clock::time_point end = Clock::now() + deadline;
  const std::string path = collection + (collection.find('?') == std::string::npos ? "?" : "&") +
                           "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
                           "allowWatchBookmarks=true";
  std::string seen;
  while (true) {
    auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
    if (left.count() <= 0) break;
    EventReader wanted = new_reader();
    Watch result = watch(
        path,
        [&](std::string_view line) {
          seen = line;
          return !wanted(line);
        },
        left);
    if (result.end == WatchEnd::kEnough) return {};
    if (!result.reason.empty()) seen = result.reason;
    std::this_thread::sleep_for(std::min(left, milliseconds(50)));  // the server is not there
  }
  return {Code::kUnavailable, "waited " + std::to_string(deadline.count()) + " ms on " +
                                  collection + "; last seen: " + seen};
}

Status Api::await_empty(const std::string& collection, milliseconds deadline) {
  auto new_reader = [] {
    return [held = 0](std::string_view line) mutable {
      if (line.starts_with(R"({"type":"ADDED")")) {
        ++held;
        return false;  // the initial events may go on
      }
      if (line.starts_with(R"({"type":"DELETED")")) --held;
      return held == 0;
    };
  };
  return await_new(collection, new_reader, deadline);
}

}  // namespace cluster
