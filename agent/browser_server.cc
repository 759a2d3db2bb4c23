#include "agent/browser_server.h"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <utility>

#include "agent/asked_client.h"
#include "agent/browser_request.h"
#include "agent/browser_views.h"
#include "agent/drain_answer.h"
#include "agent/explanation.h"
#include "agent/running_drains.h"
#include "agent/status_answer.h"

namespace agent {
namespace {

using base::Code;
using base::Status;

constexpr std::size_t kMostLines = 100;
constexpr std::size_t kMostDrains = 200;

// 128 bits that nobody can guess, in hexadecimal; "" where the kernel has none, and then no script
// and no style is let run.
std::string make_nonce() {
  std::array<std::uint8_t, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return "";
  std::string nonce;
  for (std::uint8_t byte : bytes) {
    nonce += "0123456789abcdef"[byte >> 4U];
    nonce += "0123456789abcdef"[byte & 0xfU];
  }
  return nonce;
}

std::string security_policy(const std::string& nonce) {
  std::string policy =
      "default-src 'none'; connect-src 'self'; img-src data:; form-action 'self'; "
      "base-uri 'none'; frame-ancestors 'none'";
  if (!nonce.empty()) {
    policy += "; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce + "'";
  }
  return policy;
}

HttpResponse page(int status, std::string content_type, std::string body,
                  const std::string& nonce) {
  HttpResponse response;
  response.status = status;
  response.content_type = std::move(content_type);
  response.headers = {{"Content-Security-Policy", security_policy(nonce)},
                      {"Cache-Control", "no-store"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Frame-Options", "DENY"},
                      {"Cross-Origin-Opener-Policy", "same-origin"},
                      {"Cross-Origin-Resource-Policy", "same-origin"}};
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

HttpResponse refusal(int status, std::string sentence) {
  return page(status, "text/plain; charset=utf-8", std::move(sentence) + "\n", "");
}

int code_of(const Status& status) {
  switch (status.code()) {
    case Code::kInvalidArgument: return 400;
    case Code::kNotFound: return 404;
    case Code::kUnavailable: return 503;
    default: return 500;
  }
}

}  // namespace

struct BrowserServer::View {
  int status = 200;
  std::string path;
  std::string heading;
  BrowserContent content = {};

  void fail(const Status& failure) {
    status = code_of(failure);
    content.list.append(failure_view(failure.message()));
  }
};

BrowserServer::BrowserServer(Parts parts, Options options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      server_({.answer = [this](const HttpRequest& request) { return answer(request); },
               .on_listen = options_.on_listen}) {}

HttpResponse BrowserServer::answer(const HttpRequest& request) {
  if (!names_loopback(request.host)) {
    return refusal(403, "Host: found \"" + request.host.substr(0, 100) +
                            "\", allowed: localhost or an address of the loopback. Open this page "
                            "by http://localhost:PORT/");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = refusal(405, "this page only reads: GET and HEAD");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  View view = view_of(request);
  const std::string html = "text/html; charset=utf-8";
  if (parameter(request, "part") == "live") {
    return page(view.status, html, live_parts(view.content), "");
  }
  BrowserFrame frame{.path = std::move(view.path),
                     .heading = std::move(view.heading),
                     .node = options_.node,
                     .nonce = make_nonce(),
                     .refresh = options_.refresh};
  return page(view.status, html, browser_document(frame, view.content), frame.nonce);
}

BrowserServer::View BrowserServer::view_of(const HttpRequest& request) {
  if (request.path == "/") return services(request);
  if (request.path == "/service") return service(request);
  if (request.path == "/changes") return changes();
  if (request.path == "/drains") return drains();
  View view{.path = request.path, .heading = "Not found"};
  view.fail({Code::kNotFound, "there is no " + request.path.substr(0, 200) + " here"});
  return view;
}

BrowserServer::View BrowserServer::services(const HttpRequest& request) {
  View view{.path = "/", .heading = "Services"};
  const std::shared_ptr<const HealthState> health = parts_.health.get();
  auto question = services_question(request);
  if (!question.ok()) {
    view.fail(question.status());
    return view;
  }
  view.content.form = filter_view(*question);
  auto found = parts_.questions.ask([asked = *question](Loop& loop, base::TimePoint now) {
    return status_page(loop, asked, now);
  });
  view.content.now = agent_view(found.ok() ? &found->agent : nullptr, *health, now());
  if (found.ok()) {
    view.content.list = services_view(*found, *question);
  } else {
    view.fail(found.status());
  }
  return view;
}

BrowserServer::View BrowserServer::service(const HttpRequest& request) {
  const std::string name = parameter(request, "name");
  View view{.path = "/service", .heading = name.substr(0, 320)};
  auto key = service_key("name", name);
  if (!key.ok()) {
    view.heading = "A Service";
    view.fail(key.status());
    return view;
  }
  auto found = parts_.questions.ask(
      [key = *key](Loop& loop, base::TimePoint now) { return planned_from(loop, key, now); });
  if (!found.ok()) {
    view.fail(found.status());
    return view;
  }
  const std::string asked = trimmed(parameter(request, "client"));
  auto client = parse_client(asked);
  view.content.form = client_view(*key, asked);
  if (!client.ok()) {
    view.status = code_of(client.status());
    view.content.form.append(failure_view(client.status().message()));
  }
  // What is asked of the kernel for the client is asked once, not with each refresh.
  const bool live = parameter(request, "part") == "live";
  if (live) view.status = 200;
  if (live || !client.ok() || !*client) {
    view.content.list = service_view(explain_service(*std::move(found)), now());
    return view;
  }
  const Explanation explanation = explain_service(*std::move(found), **client, parts_.templates);
  view.content.form.append(choices_view(explanation, asked, now().wall));
  view.content.list = service_view(explanation, now());
  return view;
}

BrowserServer::View BrowserServer::changes() {
  View view{.path = "/changes", .heading = "Changes"};
  view.content.list = lines_view(parts_.changes.newest(kMostLines), now());
  return view;
}

BrowserServer::View BrowserServer::drains() {
  View view{.path = "/drains", .heading = "Drains"};
  auto running = parts_.questions.ask(
      [](Loop& loop, base::TimePoint now) { return running_drains(loop, kMostDrains, now); });
  auto orders =
      parts_.questions.ask([](Loop& loop, base::TimePoint) { return drain_status(loop); });
  if (running.ok() && orders.ok()) {
    view.content.list = drains_view(*running, *orders);
  } else {
    view.fail(running.ok() ? orders.status() : running.status());
  }
  return view;
}

}  // namespace agent
