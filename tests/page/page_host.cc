// An agent with a large cluster on a host in memory, whose page a browser opens: everything from
// the loop to the HTTP server is the agent's own.
//
// usage: page_host SERVICES REFRESH_MS
//
// Prints the page's port, and then does what each line of its standard input says, with "done"
// when that is applied:
//   endpoints NUMBER COUNT   Service NUMBER has so many endpoints now
//   hold MS                  the loop answers nothing for so long, as in a long round
//   stop, listen             the server is gone; it is there again, at the same port
// It ends with its standard input.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "agent/browser_server.h"
#include "agent/metrics.h"
#include "agent/reporter.h"
#include "tests/fakes/fake_node.h"
#include "tests/fakes/http_probe.h"
#include "watchers/object_event.h"

namespace {

constexpr base::Protocol kTcp = base::Protocol::kTcp;
// What a name would look like if the API server let everything in.
constexpr char kEvilName[] = "<img src=x onerror=alert(1)>\"'&amp;<script>alert(2)</script>";

std::string numbered(const char* network, int number) {
  return std::string(network) + std::to_string(number / 250) + "." +
         std::to_string(number % 250 + 1);
}

class PageHost {
 public:
  PageHost(int services, base::Duration refresh) : services_(services), refresh_(refresh) {}

  bool start() {
    if (!host_.prepare(clock_.now()).ok()) return false;
    for (int i = 0; i < services_; ++i) put(i, 3 + i % 3);
    put_special();
    for (auto kind :
         {watchers::Kind::kService, watchers::Kind::kEndpointSlice, watchers::Kind::kNode}) {
      deliver({kind, {}}, watchers::Synced());
    }
    run();
    connect();
    put(3, 2);  // one leaves with connections
    run();
    return loop_.started() && listen({*base::IpAddress::parse("127.0.0.1"), 0});
  }

  base::Port port() const { return server_->serving().front().port; }

  // Does what the lines of the standard input say, until it ends.
  void serve() {
    for (;;) {
      pollfd entries[] = {{.fd = questions_.readable_fd(), .events = POLLIN, .revents = 0},
                          {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
      poll(entries, 2, 100);
      run();
      questions_.answer(loop_, clock_.now());
      if (entries[1].revents == 0) continue;
      char line[100];
      if (std::fgets(line, sizeof(line), stdin) == nullptr) return;
      obey(line);
      std::printf("done\n");
      std::fflush(stdout);
    }
  }

 private:
  void obey(const std::string& line) {
    std::istringstream words(line);
    std::string word;
    int number = 0;
    words >> word >> number;
    if (word == "endpoints") {
      int endpoints = 0;
      words >> endpoints;
      put(number, endpoints);
      run();
    } else if (word == "hold") {
      std::this_thread::sleep_for(std::chrono::milliseconds(number));
    } else if (word == "stop") {
      where_ = server_->serving().front();
      server_.reset();
    } else if (word == "listen") {
      listen(where_);
    }
  }

  bool listen(const agent::ListenAddress& where) {
    server_ = std::make_unique<agent::BrowserServer>(
        agent::BrowserServer::Parts{
            .questions = questions_, .health = health_, .clock = clock_, .changes = log_},
        agent::BrowserServer::Options{.node = "worker-1", .refresh = refresh_});
    return server_->start().ok() && server_->listen(where).ok();
  }

  template <typename Object>
  void deliver(const watchers::EventKey& key, Object object) {
    watchers::deliver(mailbox_, key, {.news = std::move(object), .received = clock_.now()});
  }

  void put_objects(watchers::Service service, watchers::EndpointSlice slice) {
    slice.key = {service.key.space, service.key.name + "-x7k2p"};
    slice.service = service.key.name;
    service.resource_version = slice.resource_version = std::to_string(++version_);
    const watchers::EventKey service_key{watchers::Kind::kService, service.key};
    const watchers::EventKey slice_key{watchers::Kind::kEndpointSlice, slice.key};
    deliver(service_key, std::make_shared<const watchers::Service>(std::move(service)));
    deliver(slice_key, std::make_shared<const watchers::EndpointSlice>(std::move(slice)));
  }

  // Service `number` with so many endpoints.
  void put(int number, int endpoints) {
    char name[32];
    std::snprintf(name, sizeof(name), "service-%05d", number);
    watchers::Service service =
        fakes::make_service(name, numbered("10.96.", number), {{"http", kTcp, 80, 0}});
    service.key.space = "team-" + std::to_string(10 + number * 40 / services_);
    std::vector<std::string> addresses;
    for (int i = 0; i < endpoints; ++i) {
      addresses.push_back(numbered(("10." + std::to_string(200 + i) + ".").c_str(), number));
    }
    put_objects(service, fakes::make_slice(name, name, {{"http", kTcp, 8080}}, addresses));
  }

  // What a user looks for: no endpoints, endpoints that are not ready, two families, a long name,
  // and one that is no name.
  void put_special() {
    put_objects(fakes::make_service("empty", "10.111.0.1", {{"http", kTcp, 80, 0}}),
                fakes::make_slice("", "", {{"http", kTcp, 8080}}, {}));
    put_objects(fakes::make_service(kEvilName, "10.111.0.2", {{"http", kTcp, 80, 0}}),
                fakes::make_slice("", "", {{"http", kTcp, 8080}}, {"10.244.9.9"}));
    watchers::Service web = fakes::make_service(
        "web", "10.111.0.3", {{"http", kTcp, 80, 30080}, {"https", kTcp, 443, 30443}});
    web.type = watchers::ServiceType::kLoadBalancer;
    web.cluster_ips.push_back(*base::IpAddress::parse("fd00:10:96::a:3"));
    web.ingress = {{*base::IpAddress::parse("192.0.2.10"), false}};
    web.affinity_timeout_s = 10800;
    watchers::EndpointSlice slice =
        fakes::make_slice("", "", {{"http", kTcp, 8080}, {"https", kTcp, 8443}}, {"10.244.1.1"});
    auto& endpoints = slice.groups.front().endpoints;
    endpoints.push_back(fakes::make_endpoint("10.244.1.2", "worker-2"));
    endpoints.back().ready = false;
    endpoints.push_back(fakes::make_endpoint("10.244.1.3", "worker-3"));
    endpoints.back().ready = false;
    endpoints.back().terminating = true;
    put_objects(web, slice);
    put_objects(fakes::make_service(std::string(63, 'n'), "10.111.0.4", {{"http", kTcp, 80, 0}}),
                fakes::make_slice("", "", {{"http", kTcp, 8080}}, {"10.244.1.7"}));
    watchers::Service broken = fakes::make_service("broken", "10.111.0.5", {{"http", kTcp, 80, 0}});
    broken.problems = {"spec.externalIPs[0]: found \"10.0.0\", allowed: an IP address"};
    put_objects(broken, fakes::make_slice("", "", {{"http", kTcp, 8080}}, {"10.244.1.8"}));
  }

  // Connections for the first Services.
  void connect() {
    for (int i = 0; i < std::min(services_, 50); ++i) {
      const ipvs::VirtualServerKey key{*base::IpAddress::parse(numbered("10.96.", i)), 80, kTcp, 0};
      for (int j = 0; j < 3; ++j) {
        std::string address = numbered(("10." + std::to_string(200 + j) + ".").c_str(), i);
        node_.ipvs.set_connections(key, {*base::IpAddress::parse(address), 8080},
                                   static_cast<std::uint32_t>(i * 7 % 40 + j * 11),
                                   static_cast<std::uint32_t>(i * 3));
      }
    }
  }

  void run() {
    while (loop_.step(clock_.now()) <= clock_.now()) {
    }
  }

  const int services_;
  const base::Duration refresh_;
  int version_ = 1000;
  base::SystemClock clock_;
  fakes::FakeNode node_;
  fakes::RecordingLog lines_;
  agent::RecentLog log_{lines_, clock_, 200};
  agent::Metrics metrics_{clock_};
  agent::Published<agent::HealthState> health_{agent::HealthState{.published = clock_.now(),
                                                                  .timeout = std::chrono::hours(1),
                                                                  .families = {},
                                                                  .node_eligible = true,
                                                                  .faults = {},
                                                                  .warnings = {}}};
  agent::Reporter reporter_{log_,
                            metrics_,
                            health_,
                            clock_,
                            {.health_timeout = std::chrono::hours(1),
                             .families = {base::Family::kIpv4, base::Family::kIpv6},
                             .sources = [] { return std::vector<agent::SourceStatus>(); },
                             .node_ports = {}}};
  agent::Host host_{node_.tables(), fakes::FakeAgent::default_host_options()};
  watchers::EventMailbox mailbox_;
  agent::Loop loop_{host_, mailbox_, clock_, reporter_, fakes::FakeAgent::default_loop_options()};
  agent::LoopQuestions questions_{std::chrono::seconds(2)};
  agent::ListenAddress where_;
  std::unique_ptr<agent::BrowserServer> server_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: page_host SERVICES REFRESH_MS\n");
    return 2;
  }
  PageHost host(std::max(1, std::atoi(argv[1])), std::chrono::milliseconds(std::atoi(argv[2])));
  if (!host.start()) {
    std::fprintf(stderr, "page_host: cannot start\n");
    return 1;
  }
  std::setvbuf(stdin, nullptr, _IONBF, 0);  // poll() knows nothing of what a buffer holds
  std::printf("%u\n", static_cast<unsigned>(host.port()));
  std::fflush(stdout);
  host.serve();
  return 0;
}
