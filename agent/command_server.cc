#include "agent/command_server.h"

#include <charconv>
#include <optional>
#include <utility>

#include "agent/answer_json.h"
#include "agent/asked_client.h"
#include "agent/drain_answer.h"
#include "agent/explanation.h"
#include "agent/host_scan.h"
#include "agent/status_answer.h"
#include "agent/unix_socket.h"

namespace agent {
namespace {

using base::Code;
using base::Status;
using watchers::ObjectKey;

// More than these are not given at once.
constexpr std::size_t kMostServices = 500;

HttpResponse page(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

HttpResponse failure(const Status& status) {
  int code = 500;
  if (status.code() == Code::kInvalidArgument) code = 400;
  if (status.code() == Code::kNotFound) code = 404;
  if (status.code() == Code::kUnavailable) code = 503;
  return page(code, error_json(status.message()));
}

Status wrong(std::string_view name, const std::string& found, std::string_view allowed) {
  return {Code::kInvalidArgument,
          std::string(name) + ": found \"" + found + "\", allowed: " + std::string(allowed)};
}

std::string text_of(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.parameters) {
    if (key == name) return value;
  }
  return "";
}

base::Result<ObjectKey> parse_service(std::string_view name, const std::string& text) {
  std::size_t slash = text.find('/');
  if (slash == 0 || slash == text.npos || slash + 1 == text.size()) {
    return wrong(name, text, "NAMESPACE/NAME");
  }
  return ObjectKey{text.substr(0, slash), text.substr(slash + 1)};
}

base::Result<StatusQuestion> status_question(const HttpRequest& request) {
  StatusQuestion question;
  question.space = text_of(request, "namespace");
  question.name = text_of(request, "name");
  auto selector = LabelSelector::parse(text_of(request, "selector"));
  if (!selector.ok()) return selector.status();
  question.selector = *std::move(selector);
  if (std::string after = text_of(request, "after"); !after.empty()) {
    auto key = parse_service("after", after);
    if (!key.ok()) return key.status();
    question.after = *std::move(key);
  }
  if (std::string limit = text_of(request, "limit"); !limit.empty()) {
    auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), question.limit);
    if (error != std::errc() || end != limit.data() + limit.size() || question.limit < 1 ||
        question.limit > kMostServices) {
      return wrong("limit", limit, "1 to " + std::to_string(kMostServices));
    }
  }
  return question;
}

// "10.96.0.10:80", "[fd00::1]:80".
base::Result<ipvs::VirtualServerKey> parse_address(const std::string& text) {
  Status failed = wrong("address", text, "IP:PORT, such as 10.96.0.10:80 or [fd00::1]:80");
  std::size_t colon = text.rfind(':');
  if (colon == text.npos) return failed;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return failed;
  }
  ipvs::VirtualServerKey key;
  auto address = base::IpAddress::parse(host);
  const char* end = text.data() + text.size();
  auto [stopped, error] = std::from_chars(text.data() + colon + 1, end, key.port);
  if (!address.ok() || error != std::errc() || stopped != end || key.port == 0) return failed;
  key.address = *address;
  return key;
}

base::Result<std::vector<base::Protocol>> parse_protocols(const std::string& text) {
  if (text.empty()) {
    return std::vector{base::Protocol::kTcp, base::Protocol::kUdp, base::Protocol::kSctp};
  }
  std::string upper = text;
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  auto protocol = base::parse_protocol(upper);
  if (!protocol) return wrong("protocol", text, "TCP, UDP, SCTP");
  return std::vector{*protocol};
}

// Of the first of the protocols with which the address belongs to somebody.
base::Result<PlannedFrom> find_owner(const Loop& loop, ipvs::VirtualServerKey key,
                                     const std::vector<base::Protocol>& protocols,
                                     base::TimePoint now) {
  Status first;
  for (base::Protocol protocol : protocols) {
    key.protocol = protocol;
    auto owner = owner_of(loop, key);
    if (owner.ok()) return planned_from(loop, *owner, now);
    if (first.ok()) first = owner.status();
  }
  return first;
}

}  // namespace

CommandServer::CommandServer(Parts parts)
    : parts_(std::move(parts)),
      server_({.answer = [this](const HttpRequest& request) { return answer(request); },
               .on_listen = {}}) {}

Status CommandServer::start(const std::string& path) {
  auto socket = listen_at_path(path);
  if (!socket.ok()) return socket.status();
  if (Status status = server_.start(); !status.ok()) return status;
  return server_.serve(*std::move(socket));
}

HttpResponse CommandServer::answer(const HttpRequest& request) {
  if (request.path == "/v1/drain") return drain(request);
  if (request.method != "GET" && request.method != "HEAD") {
    return failure(wrong("method", request.method, "GET"));
  }
  if (request.path == "/v1/status") return status(request);
  if (request.path == "/v1/explain") return explain(request);
  if (request.path == "/v1/plan") return scan(plan_json);
  if (request.path == "/v1/audit") return scan(audit_json);
  if (request.path == "/v1/config") return page(200, *parts_.configuration.get());
  return failure({Code::kNotFound, "there is no " + request.path +
                                       "; there is: /v1/status, /v1/explain, /v1/plan, "
                                       "/v1/audit, /v1/drain, /v1/config"});
}

HttpResponse CommandServer::status(const HttpRequest& request) {
  auto question = status_question(request);
  if (!question.ok()) return failure(question.status());
  auto found =
      parts_.questions.ask([asked = *std::move(question)](Loop& loop, base::TimePoint now) {
        return status_page(loop, asked, now);
      });
  if (!found.ok()) return failure(found.status());
  return page(200, status_json(*found, *parts_.health.get(),
                               {parts_.clock.now(), parts_.clock.wall_now()}));
}

HttpResponse CommandServer::explain(const HttpRequest& request) {
  auto client = parse_client(text_of(request, "client"));
  if (!client.ok()) return failure(client.status());
  std::string service = text_of(request, "service");
  if (!service.empty()) {
    auto key = parse_service("service", service);
    if (!key.ok()) return failure(key.status());
    return explained(parts_.questions.ask([key = *key](Loop& loop, base::TimePoint now) {
      return planned_from(loop, key, now);
    }),
                     *client);
  }
  auto key = parse_address(text_of(request, "address"));
  if (!key.ok()) return failure(key.status());
  auto protocols = parse_protocols(text_of(request, "protocol"));
  if (!protocols.ok()) return failure(protocols.status());
  return explained(
      parts_.questions.ask([key = *key, protocols = *protocols](Loop& loop, base::TimePoint now) {
        return find_owner(loop, key, protocols, now);
      }),
      *client);
}

HttpResponse CommandServer::explained(const base::Result<PlannedFrom>& found,
                                      const std::optional<ipvs::Client>& client) const {
  if (!found.ok()) return failure(found.status());
  return page(200, explanation_json(client ? explain_service(*found, *client, parts_.templates)
                                           : explain_service(*found),
                                    {parts_.clock.now(), parts_.clock.wall_now()}));
}

// Orders are told of once the round behind them has run: that is what the loop does before it looks
// at the next question.
HttpResponse CommandServer::drain(const HttpRequest& request) {
  const bool undo = request.method == "DELETE";
  if (undo || request.method == "POST") {
    auto order = parse_drain_order(text_of(request, "target"));
    if (!order.ok()) return failure(order.status());
    auto orders = parts_.questions.ask([order = *order, undo](Loop& loop, base::TimePoint now) {
      bool changed = loop.order_drain(order, undo, now);
      return std::make_pair(changed, loop.drain_orders().all());
    });
    if (!orders.ok()) return failure(orders.status());
    if (undo && !orders->first) {
      return failure({Code::kNotFound, "there is no order to drain " + to_string(*order)});
    }
    if (Status saved = parts_.drain_orders.save(orders->second); !saved.ok()) {
      return failure(saved.in("the order is in force, but ends with this agent"));
    }
  } else if (request.method != "GET") {
    return failure(wrong("method", request.method, "GET, POST, DELETE"));
  }
  auto found = parts_.questions.ask([](Loop& loop, base::TimePoint) { return drain_status(loop); });
  return found.ok() ? page(200, drain_json(*found)) : failure(found.status());
}

HttpResponse CommandServer::scan(std::string (*render)(const HostScan&)) {
  auto found = scan_host(parts_.questions);
  return found.ok() ? page(200, render(*found)) : failure(found.status());
}

}  // namespace agent
