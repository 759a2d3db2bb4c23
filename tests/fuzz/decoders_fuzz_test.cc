#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/fuzz/mutation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int kRuns = 20'000;

const std::vector<std::string>& corpus() {
  static const std::string kService =
      R"({"kind":"Service","metadata":{"name":"web","namespace":"default","resourceVersion":"4",)"
      R"("labels":{"a":"b"},"annotations":{"ipvs-agent.io/scheduler":"lc"},"managedFields":[{"x":)"
      R"({"f:a":{}}}]},"spec":{"type":"LoadBalancer","clusterIP":"10.0.0.1","clusterIPs":)"
      R"(["10.0.0.1","fd00::1"],"ipFamilies":["IPv4","IPv6"],"ports":[{"name":"http","port":80,)"
      R"("protocol":"TCP","nodePort":30080}],"externalIPs":["192.0.2.1"],"sessionAffinity":)"
      R"("ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":60}},)"
      R"("loadBalancerSourceRanges":["10.0.0.0/8"]},"status":{"loadBalancer":{"ingress":)"
      R"([{"ip":"192.0.2.2","ipMode":"VIP"}]}}})";
  static const std::string kSlice =
      R"({"metadata":{"name":"web-1","namespace":"default","resourceVersion":"5","labels":)"
      R"({"kubernetes.io/service-name":"web"},"annotations":)"
      R"({"endpoints.kubernetes.io/last-change-trigger-time":"2026-07-01T12:00:00.5Z"}},)"
      R"("addressType":"IPv4","endpoints":[{"addresses":["10.1.0.1"],"conditions":{"ready":true,)"
      R"("serving":true,"terminating":false},"nodeName":"n1","hints":{"forZones":[{"name":"a"}],)"
      R"("forNodes":[{"name":"n1"}]}}],"ports":[{"name":"http","port":8080,"protocol":"TCP"}]})";
  static const std::string kEndpoints =
      R"({"metadata":{"name":"web","namespace":"default"},"subsets":[{"addresses":)"
      R"([{"ip":"10.0.0.1","nodeName":"n1"}],"notReadyAddresses":[{"ip":"fd00::2"}],"ports":)"
      R"([{"port":80,"protocol":"UDP"}]}]})";
  static const std::string kNode =
      R"({"metadata":{"name":"n1","labels":{"topology.kubernetes.io/zone":"a"}},"spec":)"
      R"({"podCIDRs":["10.244.0.0/24"],"taints":[{"key":"k"}]},"status":{"addresses":)"
      R"([{"type":"InternalIP","address":"192.168.0.1"}]}})";
  static const std::string kStatus =
      R"({"kind":"Status","code":410,"reason":"Expired","message":"too old","details":{"causes":)"
      R"([{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1}})";
  static const std::vector<std::string> kCorpus = [] {
    std::vector<std::string> bodies;
    for (const std::string& object : {kService, kSlice, kEndpoints, kNode, kStatus}) {
      bodies.push_back(R"({"kind":"List","metadata":{"resourceVersion":"9","continue":"c"},)"
                       R"("items":[)" +
                       object + "," + object + "]}");
      bodies.push_back(R"({"type":"ADDED","object":)" + object + "}\n" +
                       R"({"type":"ERROR","object":)" + object + "}\n" +
                       R"({"type":"DELETED","object":)" + object + "}");
    }
    bodies.push_back(kStatus);
    return bodies;
  }();
  return kCorpus;
}

const std::vector<std::string_view> kWords = {"{",
                                              "}",
                                              "[",
                                              "]",
                                              "\"",
                                              "\\",
                                              ",",
                                              ":",
                                              "null",
                                              "true",
                                              "-1",
                                              "1e999",
                                              "65536",
                                              "99999999999999999999",
                                              "\"items\":[",
                                              "\"managedFields\":[",
                                              "\"managedFields\"",
                                              "\\u0000",
                                              "\\ud800",
                                              "\xff",
                                              "[[[[[[[[[[[[[[[[[[[[[[[[",
                                              "]]]]]]]]]]]]]]]]]]]]]]]]",
                                              "{\"a\":{\"b\":",
                                              "::ffff:1.2.3.4",
                                              "\"metadata\":",
                                              "\"object\":",
                                              "\"type\":\"BOOKMARK\"",
                                              "\n",
                                              "<html>"};

void run(char choice, const std::string& body) {
  std::string input = choice + body;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(DecodersFuzz, SurvivesTheCorpus) {
  for (const std::string& body : corpus()) {
    for (int choice = 0; choice < 256; ++choice) run(static_cast<char>(choice), body);
  }
}

TEST(DecodersFuzz, SurvivesSeededMutations) {
  std::mt19937_64 random(20260701);
  for (int i = 0; i < kRuns; ++i) {
    std::size_t which = static_cast<std::size_t>(random()) % corpus().size();
    run(static_cast<char>(random() & 0xffU),
        fuzz::mutate(corpus()[which], corpus(), kWords, random));
  }
}

TEST(DecodersFuzz, SurvivesEveryTruncation) {
  for (const std::string& body : corpus()) {
    for (std::size_t length = 0; length < body.size(); ++length) {
      run(static_cast<char>(length * 8 + length % 8), body.substr(0, length));
    }
  }
}

}  // namespace
