#include "agent/browser_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <future>
#include <map>
#include <regex>
#include <set>
#include <span>

#include "tests/fakes/fake_node.h"
#include "tests/fakes/http_probe.h"

namespace agent {
namespace {

using fakes::make_service;
using fakes::make_slice;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Parameters = std::vector<std::pair<std::string, std::string>>;

constexpr base::Protocol kTcp = base::Protocol::kTcp;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

// An agent with a page; the test's thread is the loop's.
class BrowserServerTest : public testing::Test {
 protected:
  void start() {
    agent_.sync();
    agent_.run();
    ASSERT_TRUE(agent_.loop.started());
  }
  void serve(const std::string& name, const std::string& address,
             const std::vector<std::string>& endpoints) {
    agent_.put(make_service(name, address, {{"http", kTcp, 80, 0}}));
    agent_.put(make_slice(name, name + "-1", {{"http", kTcp, 8080}}, endpoints));
  }
  HttpResponse ask(HttpRequest request) {
    if (request.host.empty()) request.host = "localhost:10266";
    std::future<HttpResponse> answer =
        std::async(std::launch::async, [&] { return server_.answer(request); });
    while (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      pollfd entry{.fd = questions_.readable_fd(), .events = POLLIN, .revents = 0};
      if (poll(&entry, 1, 1) == 1) questions_.answer(agent_.loop, node_.clock.now());
    }
    return answer.get();
  }
  std::string get(const std::string& path, Parameters parameters = {}, int status = 200) {
    HttpResponse answer = ask({.method = "GET", .path = path, .parameters = std::move(parameters)});
    EXPECT_EQ(answer.status, status) << *answer.body;
    return *answer.body;
  }
  static std::string header(const HttpResponse& answer, const std::string& name) {
    for (const auto& [key, value] : answer.headers) {
      if (key == name) return value;
    }
    return "";
  }
  // The Services of a page, and the values of `after` in its links.
  static std::vector<std::string> services_in(const std::string& html) {
    static const std::regex kService("<th scope=\"row\"><a href=\"[^\"]*\">([^<]*)</a>");
    return {std::sregex_token_iterator(html.begin(), html.end(), kService, 1), {}};
  }
  static std::string link(const std::string& html, const std::string& relation) {
    std::smatch found;
    const std::regex link("rel=\"" + relation + "\" href=\"/\\?([^\"]*)\"");
    return std::regex_search(html, found, link) ? found[1].str() : "none";
  }

  HealthState health(std::vector<std::string> faults, std::vector<std::string> warnings) const {
    HealthState state;
    state.published = node_.clock.now();
    state.timeout = std::chrono::hours(1);
    state.faults = std::move(faults);
    state.warnings = std::move(warnings);
    return state;
  }

  fakes::FakeNode node_;
  fakes::FakeAgent agent_{node_};
  LoopQuestions questions_{std::chrono::minutes(1)};
  fakes::RecordingLog lines_;
  RecentLog log_{lines_, node_.clock, 50};
  Published<HealthState> health_{health({}, {})};
  int template_searches_ = 0;  // the server's thread counts while a test waits for its answer
  BrowserServer server_{
      {.questions = questions_,
       .health = health_,
       .clock = node_.clock,
       .changes = log_,
       .templates =
           [this](std::span<const ipvs::VirtualServer> servers, const base::IpAddress& client) {
             ++template_searches_;
             ipvs::FoundTemplates found;
             for (const ipvs::VirtualServer& server : servers) {
               if (client != ip("192.0.2.7")) continue;
               found.by_virtual_server[server.key] = {.server = {ip("10.244.1.2"), 8080},
                                                      .left = std::chrono::seconds(99)};
             }
             return found;
           }},
      {.node = "node-<1>"}};
};

TEST_F(BrowserServerTest, ShowsServicesWithWhatTheKernelHolds) {
  serve("web", "10.96.0.10", {"10.244.1.1", "10.244.1.2"});
  serve("empty", "10.96.0.11", {});
  start();
  ASSERT_TRUE(node_.ipvs.set_connections({ip("10.96.0.10"), 80, kTcp, 0}, {ip("10.244.1.2"), 8080},
                                         1203, 4));
  const std::string html = get("/");
  EXPECT_THAT(html, AllOf(HasSubstr("<!doctype html>"), HasSubstr("<html lang=\"en\">"),
                          HasSubstr("node-&lt;1&gt;"), HasSubstr("1 to 2 of 2 Services"),
                          HasSubstr("in step"), HasSubstr("10.96.0.10:80/TCP")));
  EXPECT_THAT(html,
              AllOf(HasSubstr("2 of 2 in use"),
                    HasSubstr("<code>10.244.1.2:8080</code> weight 1, 1,203 active, 4 "),
                    HasSubstr("data-label=\"Active\">1,203</td>"), HasSubstr("no endpoints")));
}

TEST_F(BrowserServerTest, NamesFromTheApiNeverBecomeMarkup) {
  const std::string evil = "<script>alert(1)</script>\"'&";
  serve(evil, "10.96.0.10", {"10.244.1.1"});
  agent_.put(make_service("other", "10.96.0.11", {{"http", kTcp, 80, 0}}));
  watchers::Service broken = make_service("broken", "10.96.0.12", {{"http", kTcp, 80, 0}});
  broken.problems = {"found \"<img src=x>\""};
  agent_.put(broken);
  start();
  log_.warning("<b>event</b>", {{"what", "<i>text</i>"}});
  health_.publish(health({}, {"<u>problem</u>"}));
  for (const std::string& html :
       {get("/"), get("/", {{"text", "\"><script>alert(2)</script>"}, {"namespace", "'><b>"}}),
        get("/", {{"after", "default/<x>"}}), get("/changes"), get("/drains"),
        get("/service", {{"name", "default/" + evil}}),
        get("/service", {{"name", "default/<b>gone</b>"}}, 404),
        get("/<script>alert(3)</script>", {}, 404), get("/service", {{"name", "<b>"}}, 400)}) {
    EXPECT_THAT(html,
                AllOf(Not(HasSubstr("<script>")), Not(HasSubstr("<img")), Not(HasSubstr("<b>")),
                      Not(HasSubstr("<i>")), Not(HasSubstr("<u>")), Not(HasSubstr("\"'&\""))));
  }
}

TEST_F(BrowserServerTest, PagesThereAndBack) {
  for (int i = 0; i < 250; ++i) {
    const std::string number = std::to_string(1000 + i);
    serve("web-" + number, "10.96.1." + std::to_string(i + 1), {"10.244.1.1"});
  }
  start();
  const std::string first = get("/");
  EXPECT_THAT(first, HasSubstr("1 to 100 of 250 Services"));
  EXPECT_EQ(services_in(first).size(), 100u);
  EXPECT_EQ(link(first, "prev"), "none");
  EXPECT_EQ(link(first, "next"), "namespace=&amp;text=&amp;after=default%2Fweb-1099");
  const std::string second = get("/", {{"after", "default/web-1099"}});
  EXPECT_THAT(second, HasSubstr("101 to 200 of 250 Services"));
  EXPECT_EQ(services_in(second).front(), "default/web-1100");
  EXPECT_EQ(link(second, "prev"), "namespace=&amp;text=");
  const std::string third = get("/", {{"after", "default/web-1199"}});
  EXPECT_THAT(third, HasSubstr("201 to 250 of 250 Services"));
  EXPECT_EQ(link(third, "next"), "none");
  EXPECT_EQ(link(third, "prev"), "namespace=&amp;text=&amp;after=default%2Fweb-1099");
  EXPECT_EQ(services_in(get("/", {{"after", "zzz/zzz"}})).size(), 0u);
}

TEST_F(BrowserServerTest, FiltersByNameAddressNamespaceAndTrouble) {
  serve("web", "10.96.0.10", {"10.244.1.1"});
  serve("webhook", "10.96.0.11", {"10.244.1.1"});
  serve("empty", "10.96.0.12", {});
  watchers::Service other = make_service("web", "10.96.0.13", {{"http", kTcp, 80, 0}});
  other.key.space = "shop";
  other.external_ips = {ip("192.0.2.7")};
  agent_.put(other);
  watchers::Service broken = make_service("dns", "10.96.0.14", {});
  broken.problems = {"it has no ports"};
  agent_.put(broken);
  start();
  using List = std::vector<std::string>;
  auto found = [&](Parameters parameters) {
    const List rows = services_in(get("/", std::move(parameters)));
    const std::set<std::string> once(rows.begin(), rows.end());
    return List(once.begin(), once.end());
  };
  EXPECT_EQ(found({{"text", "web"}}), (List{"default/web", "default/webhook", "shop/web"}));
  EXPECT_EQ(found({{"text", "p/we"}}), (List{"shop/web"}));
  EXPECT_EQ(found({{"text", "shop"}}), (List{"shop/web"}));
  EXPECT_EQ(found({{"text", "10.96.0.11"}}), (List{"default/webhook"}));
  EXPECT_EQ(found({{"text", "192.0.2.7:80"}}), (List{"shop/web"}));
  EXPECT_EQ(found({{"text", "10.96.0.1"}}), List());
  EXPECT_EQ(found({{"text", "web"}, {"namespace", "shop"}}), (List{"shop/web"}));
  EXPECT_EQ(found({{"troubled", "1"}}), (List{"default/dns", "default/empty", "shop/web"}));
  EXPECT_THAT(get("/", {{"text", "web"}, {"troubled", "1"}}),
              AllOf(HasSubstr("value=\"web\""), HasSubstr("checked")));
}

TEST_F(BrowserServerTest, ExplainsAService) {
  serve("web", "10.96.0.10", {"10.244.1.1", "10.244.1.2"});
  watchers::EndpointSlice slice =
      make_slice("web", "web-2", {{"http", kTcp, 8080}}, {"10.244.1.3"});
  slice.groups.front().endpoints.front().ready = false;
  agent_.put(slice);
  start();
  EXPECT_THAT(get("/service", {{"name", "default/web"}}),
              AllOf(HasSubstr("<h1>default/web</h1>"), HasSubstr("10.96.0.10:80/TCP"),
                    HasSubstr("3 endpoints"), HasSubstr("10.244.1.1:8080"), HasSubstr("not ready"),
                    HasSubstr("web-2")));
  EXPECT_THAT(get("/service", {{"name", "default/none"}}, 404),
              HasSubstr("no Service default/none is known to the agent"));
}

TEST_F(BrowserServerTest, ForetellsWhatAClientGetsAndAsksTheKernelOnce) {
  watchers::Service service = make_service("web", "10.96.0.10", {{"http", kTcp, 80, 0}});
  service.affinity_timeout_s = 10800;
  agent_.put(service);
  agent_.put(make_slice("web", "web-1", {{"http", kTcp, 8080}}, {"10.244.1.1", "10.244.1.2"}));
  start();
  EXPECT_THAT(get("/service", {{"name", "default/web"}}),
              AllOf(HasSubstr("<form class=\"filter\" id=\"client\""),
                    HasSubstr("name=\"name\" value=\"default/web\""),
                    Not(HasSubstr("A new connection of"))));
  EXPECT_EQ(template_searches_, 0);
  const Parameters asked = {{"name", "default/web"}, {"client", " 192.0.2.7 "}};
  EXPECT_THAT(get("/service", asked),
              AllOf(HasSubstr("A new connection of <code>192.0.2.7</code>"),
                    HasSubstr("to <code>10.96.0.10:80/TCP</code>: <code>10.244.1.2:8080</code>, by "
                              "its session, which lasts for 99 s more"),
                    HasSubstr("value=\"192.0.2.7\"")));
  EXPECT_EQ(template_searches_, 1);
  Parameters live = asked;
  live.emplace_back("part", "live");
  EXPECT_THAT(get("/service", live), Not(HasSubstr("A new connection of")));
  EXPECT_EQ(template_searches_, 1) << "a page that stays open asks no more";
  EXPECT_THAT(get("/service", {{"name", "default/web"}, {"client", "2001:db8::1"}}),
              HasSubstr("no address of this family"));
}

TEST_F(BrowserServerTest, AClientThatIsNoneIsRefusedAndTheServiceIsShown) {
  serve("web", "10.96.0.10", {"10.244.1.1"});
  start();
  const Parameters wrong = {{"name", "default/web"}, {"client", "<b>me"}};
  EXPECT_THAT(get("/service", wrong, 400),
              AllOf(HasSubstr("client: found &quot;&lt;b&gt;me&quot;, allowed: IP, IP:PORT"),
                    HasSubstr("value=\"&lt;b&gt;me\""), HasSubstr("10.244.1.1:8080")));
  Parameters live = wrong;
  live.emplace_back("part", "live");
  EXPECT_THAT(get("/service", live), HasSubstr("10.244.1.1:8080"));
}

TEST_F(BrowserServerTest, ShowsWhatDrainsAndWhatWasLogged) {
  serve("web", "10.96.0.10", {"10.244.1.1", "10.244.1.2"});
  start();
  EXPECT_THAT(get("/drains"), HasSubstr("Nothing drains."));
  EXPECT_THAT(get("/changes"), HasSubstr("Nothing since the start"));
  ASSERT_TRUE(
      node_.ipvs.set_connections({ip("10.96.0.10"), 80, kTcp, 0}, {ip("10.244.1.2"), 8080}, 5, 0));
  serve("web", "10.96.0.10", {"10.244.1.1"});
  agent_.run_for(std::chrono::seconds(3));
  agent_.loop.order_drain(*parse_drain_order("10.244.1.1"), false, node_.clock.now());
  agent_.run();
  log_.info("applied", {{"cause", "change"}, {"commands", "ipvsadm -e"}});
  node_.clock.advance(std::chrono::seconds(7));
  EXPECT_THAT(get("/drains"), AllOf(HasSubstr("10.244.1.2:8080"), HasSubstr("of 15 min"),
                                    HasSubstr("Ordered: <code>10.244.1.1</code>"),
                                    HasSubstr("nobody else takes connections")));
  EXPECT_THAT(get("/changes"),
              AllOf(HasSubstr("applied"), HasSubstr("ipvsadm -e"), HasSubstr("(7 s ago)")));
}

TEST_F(BrowserServerTest, LetsNothingRunButItsOwnScript) {
  start();
  std::set<std::string> nonces;
  for (int i = 0; i < 3; ++i) {
    const HttpResponse answer = ask({.method = "GET", .path = "/"});
    const std::string policy = header(answer, "Content-Security-Policy");
    std::smatch nonce;
    ASSERT_TRUE(std::regex_search(policy, nonce, std::regex("script-src 'nonce-([0-9a-f]{32})'")));
    EXPECT_TRUE(nonces.insert(nonce[1]).second) << "a nonce came twice";
    EXPECT_THAT(policy, AllOf(HasSubstr("default-src 'none'"), HasSubstr("base-uri 'none'"),
                              HasSubstr("frame-ancestors 'none'"), HasSubstr("form-action 'self'"),
                              Not(HasSubstr("unsafe"))));
    EXPECT_THAT(*answer.body, AllOf(HasSubstr("<script nonce=\"" + nonce[1].str() + "\">"),
                                    HasSubstr("<style nonce=\"" + nonce[1].str() + "\">")));
    EXPECT_EQ(header(answer, "Cache-Control"), "no-store");
    EXPECT_EQ(header(answer, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header(answer, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(answer.content_type, "text/html; charset=utf-8");
    // Nothing is fetched from elsewhere.
    EXPECT_THAT(*answer.body, Not(HasSubstr("src=")));
    EXPECT_THAT(*answer.body, Not(HasSubstr("href=\"http")));
  }
}

TEST_F(BrowserServerTest, RefusesOtherNamesAndMethods) {
  start();
  for (const char* host : {"evil.example", "10.0.0.7:10266", "localhost.evil.example:10266"}) {
    const HttpResponse answer = ask({.method = "GET", .path = "/", .host = host});
    EXPECT_EQ(answer.status, 403) << host;
    EXPECT_THAT(*answer.body, HasSubstr("Host: found \"" + std::string(host) + "\""));
    EXPECT_EQ(answer.content_type, "text/plain; charset=utf-8");
  }
  EXPECT_EQ(server_.answer({.method = "GET", .path = "/"}).status, 403) << "without a name";
  for (const char* method : {"POST", "DELETE", "PUT", "OPTIONS", "TRACE"}) {
    const HttpResponse answer = ask({.method = method, .path = "/"});
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(header(answer, "Allow"), "GET, HEAD");
  }
  EXPECT_EQ(ask({.method = "HEAD", .path = "/"}).status, 200);
}

TEST_F(BrowserServerTest, ThePartThatIsReplacedIsThePartOfTheDocument) {
  serve("web", "10.96.0.10", {"10.244.1.1"});
  start();
  const std::string part = get("/", {{"part", "live"}});
  EXPECT_THAT(part, AllOf(HasSubstr("<div id=\"now\">"), HasSubstr("<div id=\"list\">"),
                          Not(HasSubstr("<form")), Not(HasSubstr("<script"))));
  const std::string document = get("/");
  for (const char* id : {"now", "list"}) {
    const std::string begin = "id=\"" + std::string(id) + "\">";
    const std::size_t place = part.find(begin) + begin.size();
    EXPECT_THAT(document, HasSubstr(part.substr(place, part.find("</div>\n", place) - place)));
  }
}

TEST_F(BrowserServerTest, ALoopThatDoesNotAnswerIsToldWithWhatIsKnown) {
  start();
  LoopQuestions nobody(std::chrono::milliseconds(1));
  health_.publish(health({"no CAP_NET_ADMIN"}, {}));
  BrowserServer server(
      {.questions = nobody, .health = health_, .clock = node_.clock, .changes = log_},
      {.node = "node-1"});
  for (const char* path : {"/", "/drains", "/service"}) {
    const HttpResponse answer = server.answer({.method = "GET",
                                               .path = path,
                                               .parameters = {{"name", "default/web"}},
                                               .host = "localhost"});
    EXPECT_EQ(answer.status, 503) << path;
    EXPECT_THAT(*answer.body, HasSubstr("the agent is busy"));
  }
  const HttpResponse answer = server.answer({.method = "GET", .path = "/", .host = "localhost"});
  EXPECT_THAT(*answer.body, HasSubstr("no CAP_NET_ADMIN"));
}

TEST_F(BrowserServerTest, AnswersABrowserAtItsAddress) {
  start();
  ASSERT_TRUE(server_.start().ok());
  ASSERT_TRUE(server_.listen({ip("127.0.0.1"), 0}).ok());
  const ListenAddress where = server_.serving().front();
  base::UniqueFd fd = fakes::connect_to(where);
  fakes::send_all(fd, "GET /changes HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(fakes::read_all(fd),
              AllOf(HasSubstr("HTTP/1.1 200 OK"), HasSubstr("<h1>Changes</h1>")));
  EXPECT_THAT(fakes::ask(where, "GET", "/changes"), HasSubstr("HTTP/1.1 403 Forbidden"));
}

}  // namespace
}  // namespace agent
