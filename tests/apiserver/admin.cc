#include "tests/apiserver/admin.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tests/apiserver/sample_objects.h"
#include "tests/apiserver/status_body.h"

namespace apiserver {
namespace {

// What a command does with the server; the text is told to the caller.
using Act = std::function<std::string(TestApiServer&, const HttpRequest&)>;

struct Command {
  const char* name;
  const char* usage;
  Act act;
};

int number(const HttpRequest& request, const std::string& name, int otherwise) {
  std::string text = request.parameter(name);
  return text.empty() ? otherwise : std::atoi(text.c_str());
}

bool on(const HttpRequest& request) { return request.parameter("off").empty(); }

FaultScope scope_of(const HttpRequest& request) {
  FaultScope scope;
  scope.resource = request.parameter("resource");
  std::string verb = request.parameter("verb");
  if (verb == "list") scope.verb = FaultScope::Verb::kList;
  if (verb == "watch") scope.verb = FaultScope::Verb::kWatch;
  return scope;
}

std::string give_order(TestApiServer& server, const HttpRequest& request, WatchOrder order) {
  std::size_t reached = server.faults().order(request.parameter("resource"), order);
  return "open watches reached: " + std::to_string(reached);
}

std::string plan_answer(TestApiServer& server, const HttpRequest& request) {
  HttpResponse response;
  response.status = number(request, "status", 500);
  std::string type = request.parameter("type");
  if (!request.body.empty()) {
    response.body = request.body;
    response.content_type = type.empty() ? "text/html" : type;
  } else {
    response =
        failure(response.status, response.status == 429 ? "TooManyRequests" : "InternalError",
                "this answer was ordered by a test");
  }
  if (int seconds = number(request, "retry-after", 0); seconds > 0) {
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
  }
  server.faults().answer(number(request, "times", 1), scope_of(request), response);
  return "planned";
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"end-watches", "resource=",
       [](TestApiServer& s, const HttpRequest& r) {
         return give_order(s, r, {WatchOrder::Kind::kEnd, ""});
       }},
      {"reset-watches", "resource=",
       [](TestApiServer& s, const HttpRequest& r) {
         return give_order(s, r, {WatchOrder::Kind::kReset, ""});
       }},
      {"truncate-next-event", "resource=",
       [](TestApiServer& s, const HttpRequest& r) {
         return give_order(s, r, {WatchOrder::Kind::kTruncateNext, ""});
       }},
      {"cut-next-event-short", "resource=",
       [](TestApiServer& s, const HttpRequest& r) {
         return give_order(s, r, {WatchOrder::Kind::kCutShort, ""});
       }},
      {"send", "resource= BODY: a line for the open watches",
       [](TestApiServer& s, const HttpRequest& r) {
         return give_order(s, r, {WatchOrder::Kind::kSend, r.body});
       }},
      {"silence", "resource= [off=1]",
       [](TestApiServer& s, const HttpRequest& r) {
         s.faults().silence(r.parameter("resource"), on(r));
         return std::string("done");
       }},
      {"answer", "status= times= resource= verb=list|watch retry-after= type= BODY: the answer",
       plan_answer},
      {"hang", "times= resource= verb=list|watch",
       [](TestApiServer& s, const HttpRequest& r) {
         s.faults().hang(number(r, "times", 1), scope_of(r));
         return std::string("planned");
       }},
      {"drop-bookmarks", "[off=1]",
       [](TestApiServer& s, const HttpRequest& r) {
         s.faults().drop_bookmarks = on(r);
         return std::string("done");
       }},
      {"duplicate-events", "[off=1]",
       [](TestApiServer& s, const HttpRequest& r) {
         s.faults().duplicate_events = on(r);
         return std::string("done");
       }},
      {"slow-bodies", "rate=BYTES_A_SECOND (0: no limit)",
       [](TestApiServer& s, const HttpRequest& r) {
         s.faults().body_rate = static_cast<std::size_t>(number(r, "rate", 0));
         return std::string("done");
       }},
      {"reset-connections", "",
       [](TestApiServer& s, const HttpRequest&) {
         s.listener().abort_all(Connection::Abort::kReset);
         return std::string("done");
       }},
      {"refuse", "[off=1]",
       [](TestApiServer& s, const HttpRequest& r) {
         if (on(r)) {
           s.listener().refuse();
           return std::string("refusing connections");
         }
         base::Status accepted = s.listener().accept_again();
         return accepted ? std::string("accepting connections") : accepted.message();
       }},
      {"ignore", "[off=1]: connects, never answers",
       [](TestApiServer& s, const HttpRequest& r) {
         s.listener().ignore(on(r));
         return std::string("done");
       }},
      {"compact", "",
       [](TestApiServer& s, const HttpRequest&) {
         s.store().compact();
         return "compacted at " + std::to_string(s.store().compacted());
       }},
      {"expired-certificate", "[off=1]",
       [](TestApiServer& s, const HttpRequest& r) {
         if (!on(r)) {
           s.use_good_certificate();
           return std::string("the good certificate is back");
         }
         CertificateRequest expired;
         expired.common_name = "kube-apiserver";
         expired.ip_addresses = {"127.0.0.1", "::1"};
         expired.lifetime = std::chrono::hours(-1);
         s.use_certificate(s.authority().issue("expired", expired));
         return std::string("an expired certificate is shown");
       }},
      {"token", "token= user= [off=1: reject it]",
       [](TestApiServer& s, const HttpRequest& r) {
         std::string token = r.parameter("token");
         if (on(r)) {
           s.access().allow_token(token, r.parameter("user"));
         } else {
           s.access().reject_token(token);
         }
         return std::string("done");
       }},
      {"forbid", "path= [off=1]",
       [](TestApiServer& s, const HttpRequest& r) {
         s.access().forbid(r.parameter("path"), on(r));
         return std::string("done");
       }},
      {"endpoint-slices", "[off=1]: an old cluster",
       [](TestApiServer& s, const HttpRequest& r) {
         s.features().endpoint_slices = on(r);
         return std::string("done");
       }},
      {"initial-events", "policy=send|forbid|ignore",
       [](TestApiServer& s, const HttpRequest& r) {
         std::string policy = r.parameter("policy");
         s.features().initial_events = policy == "forbid"   ? InitialEvents::kForbid
                                       : policy == "ignore" ? InitialEvents::kIgnore
                                                            : InitialEvents::kSend;
         return std::string("done");
       }},
      {"bulk", "services= endpoints=",
       [](TestApiServer& s, const HttpRequest& r) {
         load_bulk(s.store(), number(r, "services", 100), number(r, "endpoints", 10));
         return "version " + std::to_string(s.store().version());
       }},
      {"clear-faults", "",
       [](TestApiServer& s, const HttpRequest&) {
         s.faults().clear();
         s.listener().ignore(false);
         s.use_good_certificate();
         base::Status accepted = s.listener().accept_again();
         return accepted ? std::string("done") : accepted.message();
       }},
      {"state", "",
       [](TestApiServer& s, const HttpRequest&) {
         nlohmann::json state = {{"url", s.url()},
                                 {"version", s.store().version()},
                                 {"compacted", s.store().compacted()},
                                 {"watches", s.faults().open_watches("")},
                                 {"connections", s.listener().connections()},
                                 {"requests", s.api().requests({})}};
         return state.dump();
       }},
  };
  return all;
}

}  // namespace

Admin::Admin(TestApiServer& server, const std::string& address)
    : server_(server), listener_(address, [this](Connection& client) { serve(client); }) {}

void Admin::serve(Connection& connection) {
  std::string unread;
  while (auto request = read_request(connection, unread)) {
    if (!write_response(connection, obey(*request))) return;
  }
}

HttpResponse Admin::obey(const HttpRequest& request) {
  HttpResponse response{200, "text/plain; charset=utf-8", {}, ""};
  for (const Command& command : commands()) {
    if (request.path != std::string("/") + command.name) continue;
    response.body = command.act(server_, request) + "\n";
    return response;
  }
  if (request.path != "/") {
    response.status = 404;
    response.body = "no such command: " + request.path + "; there are:\n";
  }
  for (const Command& command : commands()) {
    response.body += std::string("POST /") + command.name;
    if (*command.usage != '\0') response.body += std::string("?") + command.usage;
    response.body += "\n";
  }
  return response;
}

}  // namespace apiserver
