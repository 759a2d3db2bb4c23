#ifndef IPVS_AGENT_TESTS_UNIT_WATCHERS_REFLECTOR_FIXTURE_H_
#define IPVS_AGENT_TESTS_UNIT_WATCHERS_REFLECTOR_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/manual_clock.h"
#include "tests/fakes/manual_waiter.h"
#include "tests/fakes/scripted_rest_client.h"
#include "watchers/json_decoder.h"
#include "watchers/reflector.h"

// Bodies of an API server, and a reflector that runs against a script of them.
namespace watchers {

inline std::string service_json(const std::string& name, int version) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"default","resourceVersion":")" +
         std::to_string(version) + R"("},"spec":{"clusterIP":"10.0.0.1","ports":[{"port":80}]}})";
}

inline std::string event(const std::string& type, const std::string& name, int version) {
  return R"({"type":")" + type + R"(","object":)" + service_json(name, version) + "}\n";
}

inline std::string bookmark(int version, bool end_of_list = false) {
  std::string annotations =
      end_of_list ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "";
  return R"({"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":")" +
         std::to_string(version) + "\"" + annotations + "}}}\n";
}

inline std::string status_json(int code, const std::string& reason, const std::string& message = "",
                               const std::string& details = "{}") {
  return R"({"kind":"Status","status":"Failure","reason":")" + reason + R"(","message":")" +
         message + R"(","details":)" + details + R"(,"code":)" + std::to_string(code) + "}";
}

inline std::string error_event(int code, const std::string& reason) {
  return R"({"type":"ERROR","object":)" + status_json(code, reason) + "}\n";
}

inline std::string list_json(int version, const std::vector<std::string>& items,
                             const std::string& continue_token = "") {
  std::string text = R"({"kind":"ServiceList","metadata":{"resourceVersion":")" +
                     std::to_string(version) + R"(","continue":")" + continue_token +
                     R"("},"items":[)";
  for (const std::string& item : items) text += (text.ends_with('[') ? "" : ",") + item;
  return text + "]}";
}

inline fakes::ScriptedAnswer ok(std::string body = "") {
  return fakes::ScriptedAnswer::http(200, std::move(body));
}

// A watch that ends properly after some time.
inline fakes::ScriptedAnswer watch(std::string body) {
  return ok(std::move(body)).pass(std::chrono::seconds(5));
}

class ReflectorTest : public ::testing::Test {
 protected:
  ReflectorTest() {
    options_.resource = services();
    options_.backoff.jitter = 0.0;
    options_.on_failure = [this](std::string_view text) { failures_.emplace_back(text); };
  }

  // Runs until the script is used up, and stops. What came is in the members below.
  void run(std::vector<fakes::ScriptedAnswer> script) {
    for (fakes::ScriptedAnswer& answer : script) client_.answer(std::move(answer));
    Reflector reflector(
        options_, client_, [](Resource r) { return std::make_unique<JsonDecoder>(r); }, mailbox_,
        clock_, waiter_);
    reflector.start();
    client_.wait_until_used_up();
    status_ = reflector.status();
    for (auto& [key, news] : mailbox_.take()) delivered_.push_back(describe(key, news));
    for (const auto& request : client_.requests()) paths_.push_back(request.path);
    client_.shut_down();
    reflector.stop();
    EXPECT_EQ(reflector.status().state, ReflectorState::kStopped);
  }

  // "default/a=7", "-default/a", "!default/a", "synced".
  static std::string describe(const EventKey& key, const ObjectEvent& event) {
    std::string name = to_string(key.object);
    if (std::holds_alternative<Deleted>(event.news)) return "-" + name;
    if (std::holds_alternative<Rejected>(event.news)) return "!" + name;
    if (std::holds_alternative<Synced>(event.news)) return "synced";
    if (const auto* slice = std::get_if<std::shared_ptr<const EndpointSlice>>(&event.news)) {
      return name + "=" + (*slice)->resource_version;
    }
    return name + "=" + std::get<std::shared_ptr<const Service>>(event.news)->resource_version;
  }

  fakes::ManualClock clock_;
  fakes::ManualWaiter waiter_{clock_};
  fakes::ScriptedRestClient client_{&clock_};
  EventMailbox mailbox_;
  ReflectorOptions options_;

  std::vector<std::string> delivered_;
  std::vector<std::string> paths_;
  std::vector<std::string> failures_;
  ReflectorStatus status_;
};

class PagedReflectorTest : public ReflectorTest {
 protected:
  PagedReflectorTest() { options_.streaming_lists = false; }
};

inline const char* const kSelected =
    "/api/v1/services?labelSelector=%21service.kubernetes.io%2Fservice-proxy-name&"
    "fieldSelector=spec.clusterIP%21%3DNone&";

}  // namespace watchers

#endif  // IPVS_AGENT_TESTS_UNIT_WATCHERS_REFLECTOR_FIXTURE_H_
