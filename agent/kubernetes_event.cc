#include "agent/kubernetes_event.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "agent/yaml_tree.h"

namespace agent {
namespace {

// Limits of the API's validation, in bytes.
constexpr std::size_t kMostNote = 1000;
constexpr std::size_t kMostInstance = 128;
constexpr std::size_t kMostName = 230;  // with the suffix below 253

// FNV-1a, because every node must come to the same number.
std::uint64_t hashed(std::uint64_t hash, std::string_view text) {
  for (char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return (hash ^ 0xff) * 0x100000001b3;  // "ab","c" is not "a","bc"
}

std::string hex(std::uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

std::string micro_time(base::WallTime time) {
  auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch());
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(micros);
  std::time_t whole = seconds.count();
  std::tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                parts.tm_sec, static_cast<int>((micros - seconds).count()));
  return text.data();
}

std::string namespace_of(const KubernetesEvent& event) {
  return event.object.space.empty() ? "default" : event.object.space;
}

// Cut between characters.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  text.resize(most);
  return text;
}

}  // namespace

std::uint64_t identity_of(const KubernetesEvent& event, std::string_view node) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::string_view part : {std::string_view(event.kind), std::string_view(event.object.space),
                                std::string_view(event.object.name), std::string_view(event.uid),
                                std::string_view(event.reason), std::string_view(event.note),
                                event.of_this_node ? node : std::string_view()}) {
    hash = hashed(hash, part);
  }
  return hash;
}

std::string path_of(const KubernetesEvent& event) {
  return "/apis/events.k8s.io/v1/namespaces/" + namespace_of(event) + "/events";
}

std::string to_json(const KubernetesEvent& event, const std::string& node, base::WallTime now) {
  auto hour = std::chrono::duration_cast<std::chrono::hours>(now.time_since_epoch()).count();
  const std::string name = cut(event.object.name, kMostName) + "." +
                           hex(hashed(identity_of(event, node), std::to_string(hour)));
  std::string regarding = R"({"apiVersion":"v1","kind":)" + quoted(event.kind) + R"(,"name":)" +
                          quoted(event.object.name);
  if (!event.object.space.empty()) regarding += R"(,"namespace":)" + quoted(event.object.space);
  if (!event.uid.empty()) regarding += R"(,"uid":)" + quoted(event.uid);
  return R"({"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":)" + quoted(name) +
         R"(,"namespace":)" + quoted(namespace_of(event)) + R"(},"eventTime":)" +
         quoted(micro_time(now)) +
         R"(,"reportingController":"ipvs-agent.io/agent","reportingInstance":)" +
         quoted(cut(node, kMostInstance)) + R"(,"action":"Proxying","reason":)" +
         quoted(event.reason) + R"(,"regarding":)" + regarding + R"(},"note":)" +
         quoted(cut(event.note, kMostNote)) + R"(,"type":)" +
         quoted(event.warning ? "Warning" : "Normal") + "}";
}

}  // namespace agent
