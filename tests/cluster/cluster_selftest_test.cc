// The control plane and this folder's library, without an agent: what tests build on is there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cluster/api.h"
#include "tests/cluster/api_tunnel.h"
#include "tests/cluster/control_plane.h"
#include "tests/cluster/environment.h"
#include "tests/cluster/manifests.h"

namespace cluster {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;
using WatchEnd = Api::WatchEnd;

constexpr char kInitialEvents[] =
    "?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    "&allowWatchBookmarks=true";

// The status of a list with these credentials on a new connection; 0 where there was no answer,
// with the reason in `reason`.
int list_status(const std::string& url, const Credentials& credentials,
                std::string* reason = nullptr) {
  auto answer = Api(url, credentials).get("/api/v1/services?limit=1");
  if (!answer.ok() && reason != nullptr) *reason = answer.status().message();
  return answer.ok() ? answer->status : 0;
}

class ControlPlaneTest : public testing::Test {
 protected:
  void SetUp() override {
    auto environment = Environment::read();
    ASSERT_TRUE(environment.ok()) << environment.status().message();
    environment_ = *environment;
    plane_ = std::make_unique<ControlPlane>(environment_);
    ok(plane_->ready());
    auto administrator = plane_->administrator();
    ASSERT_TRUE(administrator.ok()) << administrator.status().message();
    administrator_ = *administrator;
    api_ = std::make_unique<Api>(environment_.api_url(), administrator_);
    std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    for (char c : test) space_ += static_cast<char>(std::tolower(c));
    space_ += "-" + std::to_string(getpid());  // the control plane may have served another run
    create("/api/v1/namespaces", namespace_json(space_));
  }

  static void ok(const base::Status& status) { ASSERT_TRUE(status.ok()) << status.message(); }

  json create(const std::string& collection, const std::string& object) {
    auto made = api_->create(collection, object);
    EXPECT_TRUE(made.ok()) << made.status().message();
    return made.ok() ? json::parse(*made) : json();
  }

  void patch(const std::string& path, const std::string& change) {
    ok(api_->merge_patch(path, change).status());
  }

  std::string services() const { return "/api/v1/namespaces/" + space_ + "/services"; }
  std::string pods() const { return "/api/v1/namespaces/" + space_ + "/pods"; }
  std::string slices() const {
    return "/apis/discovery.k8s.io/v1/namespaces/" + space_ + "/endpointslices";
  }
  // Keeps its connection to itself: not disturbed by what api_ does at the same time.
  Api::Watch watch(const std::string& path, const Api::EventReader& reader,
                   seconds deadline = seconds(60)) {
    return Api(environment_.api_url(), administrator_).watch(path, reader, deadline);
  }
  Credentials agent_certificate() { return value(plane_->agent_with_certificate()); }
  Credentials agent_token() { return value(plane_->agent_with_token()); }
  static Credentials value(const base::Result<Credentials>& credentials) {
    EXPECT_TRUE(credentials.ok()) << credentials.status().message();
    return credentials.ok() ? *credentials : Credentials{};
  }

  Environment environment_;
  Credentials administrator_;
  std::unique_ptr<ControlPlane> plane_;
  std::unique_ptr<Api> api_;
  std::string space_;  // the test's own namespace
};

// Whether some endpoint with this address is in the slice that an event carries, and how ready.
bool has_endpoint(std::string_view line, const std::string& address, bool ready) {
  json event = json::parse(line);
  if (event["type"] == "BOOKMARK" || !event["object"]["endpoints"].is_array()) return false;
  for (const json& endpoint : event["object"]["endpoints"]) {
    if (endpoint["addresses"][0] == address && endpoint["conditions"]["ready"] == ready) {
      return true;
    }
  }
  return false;
}

TEST_F(ControlPlaneTest, TheRealControllersKeepEndpointSlices) {
  NodeManifest node{.name = space_, .addresses = {"192.0.2.10"}};
  create("/api/v1/nodes", node.json());
  patch("/api/v1/nodes/" + space_ + "/status", node.status_patch());
  create(services(), ServiceManifest{.name = "web", .selector = {{"app", "web"}}}.json());
  PodManifest pod{
      .name = "web-1", .labels = {{"app", "web"}}, .node = space_, .addresses = {"10.1.0.5"}};
  create(pods(), pod.json());
  patch(pods() + "/web-1/status", pod.status_patch());
  ok(api_->await(slices(), [](auto line) { return has_endpoint(line, "10.1.0.5", true); }));

  pod.ready = false;
  patch(pods() + "/web-1/status", pod.status_patch());
  ok(api_->await(slices(), [](auto line) { return has_endpoint(line, "10.1.0.5", false); }));

  // The slice goes with its Service: the garbage collector's work.
  ok(api_->remove(services() + "/web").status());
  ok(api_->await_empty(slices()));
}

TEST_F(ControlPlaneTest, ManifestsAreTakenAsTheyAre) {
  ServiceManifest service{
      .name = "dns",
      .ports =
          {{.name = "udp", .port = 53, .target_port = 5353, .protocol = base::Protocol::kUdp},
           {.name = "sctp", .port = 53, .target_port = 5353, .protocol = base::Protocol::kSctp}},
      .ip_family_policy = "RequireDualStack",
      .families = {"IPv6", "IPv4"},
      .affinity_seconds = 60};
  json made = create(services(), service.json());
  EXPECT_EQ(made["spec"]["ipFamilies"], json({"IPv6", "IPv4"}));
  EXPECT_EQ(made["spec"]["clusterIPs"].size(), 2u);
  EXPECT_EQ(made["spec"]["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"], 60);
  EndpointSliceManifest slice{
      .name = "dns-1",
      .service = "dns",
      .address_type = "IPv6",
      .endpoints = {{.address = "fd00::5", .zone = "a"}, {.address = "fd00::6", .ready = false}},
      .ports = {{.name = "udp", .protocol = base::Protocol::kUdp}}};
  made = create(slices(), slice.json());
  EXPECT_EQ(made["endpoints"].size(), 2u);
  EXPECT_EQ(made["endpoints"][1]["conditions"]["ready"], false);
  EXPECT_EQ(api_->create(slices(), slice.json()).status().code(), base::Code::kAlreadyExists);
  slice.name = "broken";
  slice.endpoints[0].address = "fd00::zz";
  EXPECT_EQ(api_->create(slices(), slice.json()).status().code(), base::Code::kInvalidArgument);
}

TEST_F(ControlPlaneTest, InitialEventsEndWithAMarkedBookmark) {
  create(services(), ServiceManifest{.name = "one"}.json());
  create(services(), ServiceManifest{.name = "two"}.json());
  std::vector<std::string> seen;
  Api::Watch ended = watch(services() + kInitialEvents, [&](std::string_view line) {
    json event = json::parse(line);
    const json& metadata = event["object"]["metadata"];
    if (event["type"] == "BOOKMARK") {
      EXPECT_EQ(metadata["annotations"]["k8s.io/initial-events-end"], "true");
      return false;
    }
    seen.push_back(event["type"].get<std::string>() + " " + metadata["name"].get<std::string>());
    return true;
  });
  EXPECT_EQ(ended.end, WatchEnd::kEnough) << ended.reason;
  EXPECT_THAT(seen, testing::UnorderedElementsAre("ADDED one", "ADDED two"));
}

TEST_F(ControlPlaneTest, AServerWithoutStreamingListsRefusesThem) {
  ok(plane_->restart(Part::kApiServer, {"--feature-gates=WatchList=false"}));
  Api::Watch ended = watch(services() + kInitialEvents, [](auto) { return true; });
  EXPECT_EQ(ended.end, WatchEnd::kRefused);
  EXPECT_EQ(ended.answer.status, 422);
  EXPECT_THAT(ended.answer.body, HasSubstr("sendInitialEvents is forbidden"));
  ok(plane_->restart(Part::kApiServer));
}

TEST_F(ControlPlaneTest, SelectorsOfAServiceProxyAreKnown) {
  create(services(), ServiceManifest{.name = "headless", .cluster_ip = "None"}.json());
  create(services(), ServiceManifest{.name = "other",
                                     .labels = {{"service.kubernetes.io/service-proxy-name", "x"}}}
                         .json());
  create(services(), ServiceManifest{.name = "ours"}.json());
  auto names = [&](const std::string& query) {
    std::vector<std::string> result;
    auto answer = api_->get(services() + query);
    EXPECT_TRUE(answer.ok() && answer->status == 200) << answer.status().message();
    if (!answer.ok()) return result;
    const json list = json::parse(answer->body);
    for (const json& item : list["items"]) {
      result.push_back(item["metadata"]["name"]);
    }
    return result;
  };
  EXPECT_THAT(names("?labelSelector=!service.kubernetes.io/service-proxy-name"
                    "&fieldSelector=spec.clusterIP!=None"),
              testing::ElementsAre("ours"));
  auto unknown = api_->get(services() + "?fieldSelector=spec.bogus!=None");
  ASSERT_TRUE(unknown.ok());
  EXPECT_EQ(unknown->status, 400);
}

TEST_F(ControlPlaneTest, AWatchFromBeforeACompactionIsGone) {
  json made = create(services(), ServiceManifest{.name = "old"}.json());
  std::string old = made["metadata"]["resourceVersion"];
  create(services(), ServiceManifest{.name = "new"}.json());
  auto revision = plane_->compact();
  ASSERT_TRUE(revision.ok()) << revision.status().message();
  EXPECT_GT(*revision, std::stoll(old));
  ok(plane_->restart(Part::kApiServer));  // the watch cache remembered
  json event;
  Api::Watch ended = watch(services() + "?watch=true&resourceVersion=" + old, [&](auto line) {
    event = json::parse(line);
    return true;
  });
  EXPECT_EQ(ended.end, WatchEnd::kClosed) << ended.reason;
  EXPECT_EQ(ended.answer.status, 200);  // the refusal is an event of a good answer
  EXPECT_EQ(event["type"], "ERROR");
  EXPECT_EQ(event["object"]["code"], 410);
  EXPECT_EQ(event["object"]["reason"], "Expired");
  auto list = api_->get(services() + "?resourceVersionMatch=Exact&resourceVersion=" + old);
  ASSERT_TRUE(list.ok()) << list.status().message();
  EXPECT_EQ(list->status, 410);
}

TEST_F(ControlPlaneTest, AKilledApiServerBreaksTheWatchAndKeepsTheObjects) {
  create(services(), ServiceManifest{.name = "kept"}.json());
  Api::Watch ended = watch(services() + kInitialEvents, [&](std::string_view line) {
    if (json::parse(line)["type"] == "BOOKMARK") ok(plane_->kill(Part::kApiServer));
    return true;
  });
  EXPECT_EQ(ended.end, WatchEnd::kBroken) << "no end of the body, only of the connection";
  EXPECT_FALSE(plane_->ready().ok());
  ok(plane_->start(Part::kApiServer));
  auto kept = api_->get(services() + "/kept");
  ASSERT_TRUE(kept.ok()) << kept.status().message();
  EXPECT_EQ(kept->status, 200);
}

TEST_F(ControlPlaneTest, APausedApiServerIsSilent) {
  ok(plane_->pause(Part::kApiServer));
  Api::Watch ended = watch(
      services() + kInitialEvents, [](auto) { return true; }, seconds(2));
  EXPECT_EQ(ended.end, WatchEnd::kDeadline);
  ok(plane_->resume(Part::kApiServer));
  EXPECT_EQ(list_status(environment_.api_url(), agent_certificate()), 200);
}

TEST_F(ControlPlaneTest, ServingCertificatesRotate) {
  std::string url = environment_.api_url();
  std::string reason;
  ok(plane_->rotate_serving_certificate(ServingCertificate::kExpired));
  EXPECT_EQ(list_status(url, agent_certificate(), &reason), 0);
  EXPECT_THAT(reason, HasSubstr("expired"));
  ok(plane_->rotate_serving_certificate(ServingCertificate::kWrongName));
  EXPECT_EQ(list_status(url, agent_certificate(), &reason), 0);
  EXPECT_THAT(reason, HasSubstr("name"));
  Credentials distrust = agent_certificate();
  ok(plane_->rotate_serving_certificate(ServingCertificate::kNewAuthority));
  EXPECT_EQ(list_status(url, distrust, &reason), 0);
  EXPECT_EQ(list_status(url, agent_certificate(), &reason), 200) << reason;
  ok(plane_->rotate_serving_certificate(ServingCertificate::kGood));
  EXPECT_EQ(list_status(url, agent_certificate(), &reason), 200) << reason;
}

TEST_F(ControlPlaneTest, ClientCertificatesExpire) {
  ok(plane_->rotate_client_certificate(seconds(3)));
  EXPECT_EQ(list_status(environment_.api_url(), agent_certificate()), 200);
  int status = 200;
  for (int tries = 0; status == 200 && tries < 300; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    status = list_status(environment_.api_url(), agent_certificate());
  }
  EXPECT_EQ(status, 401);
  ok(plane_->rotate_client_certificate(seconds(24 * 3600)));
  EXPECT_EQ(list_status(environment_.api_url(), agent_certificate()), 200);
}

TEST_F(ControlPlaneTest, TokensRotateAndOldOnesBecomeVoid) {
  Credentials old = agent_token();
  EXPECT_EQ(list_status(environment_.api_url(), old), 200);
  ok(plane_->rotate_token(true));
  EXPECT_NE(agent_token().token, old.token);
  EXPECT_EQ(list_status(environment_.api_url(), agent_token()), 200);
  int status = 200;
  for (int tries = 0; status == 200 && tries < 300; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    status = list_status(environment_.api_url(), old);
  }
  EXPECT_EQ(status, 401);
}

TEST_F(ControlPlaneTest, TheAgentsFilesCanBeWrittenAnywhere) {
  auto folder = std::filesystem::temp_directory_path() / space_;
  ok(plane_->write_agent_files(folder));
  std::ifstream file(folder / "token");
  std::string token;
  file >> token;
  EXPECT_EQ(token, agent_token().token);
  std::filesystem::remove_all(folder);
}

TEST_F(ControlPlaneTest, TheAgentMayReadWhatAServiceProxyReads) {
  for (const Credentials& credentials : {agent_certificate(), agent_token()}) {
    Api agent(environment_.api_url(), credentials);
    for (const char* path : {"/api/v1/services", "/apis/discovery.k8s.io/v1/endpointslices",
                             "/api/v1/nodes", "/apis/networking.k8s.io/v1/servicecidrs"}) {
      auto answer = agent.get(path);
      ASSERT_TRUE(answer.ok()) << answer.status().message();
      EXPECT_EQ(answer->status, 200) << path;
    }
    auto secrets = agent.get("/api/v1/secrets");
    ASSERT_TRUE(secrets.ok()) << secrets.status().message();
    EXPECT_EQ(secrets->status, 403);
  }
}

TEST_F(ControlPlaneTest, ATunnelPassesFreezesCutsAndRefuses) {
  auto tunnel =
      ApiTunnel::open({.target_host = environment_.host, .target_port = environment_.api_port});
  ASSERT_TRUE(tunnel.ok()) << tunnel.status().message();
  std::string url = "https://127.0.0.1:" + std::to_string((*tunnel)->port());
  EXPECT_EQ(list_status(url, agent_certificate()), 200);
  EXPECT_EQ((*tunnel)->accepted(), 1);

  Api agent(url, agent_certificate());
  const std::string all = std::string("/api/v1/services") + kInitialEvents;
  Api::Watch ended = agent.watch(all, [&](std::string_view line) {
    if (json::parse(line)["type"] == "BOOKMARK") (*tunnel)->cut();
    return true;
  });
  EXPECT_EQ(ended.end, WatchEnd::kBroken) << ended.reason;

  (*tunnel)->freeze(true);
  ended = agent.watch(
      all, [](auto) { return true; }, seconds(1));
  EXPECT_EQ(ended.end, WatchEnd::kDeadline);
  (*tunnel)->freeze(false);
  EXPECT_EQ(list_status(url, agent_certificate()), 200);

  (*tunnel)->refuse(true);
  EXPECT_EQ(list_status(url, agent_certificate()), 0);
  (*tunnel)->refuse(false);
  EXPECT_EQ(list_status(url, agent_certificate()), 200);
}

}  // namespace
}  // namespace cluster
