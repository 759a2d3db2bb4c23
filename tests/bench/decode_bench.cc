// How fast and with how much memory API bodies become objects, against reading the same bodies into
// nlohmann/json's document tree in the same run.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/bench/api_bodies.h"
#include "tests/bench/memory_use.h"
#include "watchers/json_decoder.h"

namespace {

using watchers::EndpointSlice;
using Slices = std::vector<std::shared_ptr<const EndpointSlice>>;

constexpr int kSlices = 10'000;
constexpr int kEndpoints = 10;
constexpr int kEvents = 5'000;
constexpr std::size_t kPart = 64 * 1024;  // as the reflector reads

const std::string& list_body() {
  static const std::string kBody = bench::endpoint_slice_list(kSlices, kEndpoints);
  return kBody;
}

// The same list, with managedFields under a name that is not left out.
const std::string& uncut_list_body() {
  static const std::string kBody = [] {
    std::string text = list_body();
    for (std::size_t at = 0; (at = text.find("managedFields", at)) != text.npos;) {
      text[at + 12] = 'z';
    }
    return text;
  }();
  return kBody;
}

const std::string& watch_body() {
  static const std::string kBody = bench::endpoint_slice_events(kEvents, kEndpoints);
  return kBody;
}

struct KeepAll final : watchers::DecodedSink {
  void on_item(watchers::DecodedObject item) override {
    slices.push_back(std::get<std::shared_ptr<const EndpointSlice>>(std::move(item.news)));
  }
  void on_envelope(watchers::ListEnvelope) override {}
  void on_event(watchers::WatchEvent event) override { on_item(std::move(event.object)); }

  Slices slices;
};

Slices read_by_stream(const std::string& body, bool list) {
  watchers::JsonDecoder decoder(watchers::Resource::kEndpointSlices);
  KeepAll kept;
  auto reader = list ? decoder.list(kept) : decoder.watch(kept);
  std::string_view rest = body;
  bool good = true;
  while (good && !rest.empty()) {
    good = reader->feed(rest.substr(0, kPart)).ok();
    rest.remove_prefix(std::min(kPart, rest.size()));
  }
  if (!good || !reader->finish().ok()) std::abort();
  return std::move(kept.slices);
}

std::shared_ptr<const EndpointSlice> slice_of(const nlohmann::json& object) {
  auto slice = std::make_shared<EndpointSlice>();
  const auto& metadata = object.at("metadata");
  slice->key = {metadata.at("namespace"), metadata.at("name")};
  slice->resource_version = metadata.at("resourceVersion");
  slice->service = metadata.at("labels").at("kubernetes.io/service-name");
  watchers::EndpointGroup& group = slice->groups.emplace_back();
  for (const auto& item : object.at("endpoints")) {
    watchers::Endpoint& endpoint = group.endpoints.emplace_back();
    endpoint.address =
        *base::IpAddress::parse(item.at("addresses").at(0).get_ref<const std::string&>());
    endpoint.ready = item.at("conditions").at("ready");
    endpoint.serving = item.at("conditions").at("serving");
    endpoint.terminating = item.at("conditions").at("terminating");
    endpoint.place = std::make_shared<const watchers::EndpointPlace>(
        watchers::EndpointPlace{item.at("nodeName"), {}});
  }
  for (const auto& port : object.at("ports")) {
    group.ports.push_back({port.at("name"), base::Protocol::kTcp, port.at("port")});
  }
  return slice;
}

Slices read_list_by_tree(const std::string& body) {
  Slices slices;
  nlohmann::json tree = nlohmann::json::parse(body);
  for (const auto& item : tree.at("items")) slices.push_back(slice_of(item));
  return slices;
}

Slices read_watch_by_tree(const std::string& body) {
  Slices slices;
  for (std::size_t at = 0; at < body.size();) {
    std::size_t end = body.find('\n', at);
    nlohmann::json event = nlohmann::json::parse(body.begin() + static_cast<std::ptrdiff_t>(at),
                                                 body.begin() + static_cast<std::ptrdiff_t>(end));
    slices.push_back(slice_of(event.at("object")));
    at = end + 1;
  }
  return slices;
}

using Read = Slices (*)(const std::string&);

template <const std::string& (*Body)(), typename Reader>
void run(benchmark::State& state, Reader read) {
  const std::string& body = Body();
  bench::MemoryUse memory = bench::measure_memory(
      [&]() -> std::shared_ptr<void> { return std::make_shared<Slices>(read(body)); });
  std::size_t objects = 0;
  for (auto _ : state) {
    Slices slices = read(body);
    objects = slices.size();
    benchmark::DoNotOptimize(slices);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(body.size()) * state.iterations());
  constexpr double kMega = 1e6;
  state.SetItemsProcessed(static_cast<std::int64_t>(objects) * state.iterations());
  state.counters["peak_MB"] = memory.peak / kMega;
  state.counters["kept_MB"] = memory.kept / kMega;
}

void stream_list(benchmark::State& state) {
  run<list_body>(state, [](const std::string& body) { return read_by_stream(body, true); });
}
void stream_list_uncut(benchmark::State& state) {
  run<uncut_list_body>(state, [](const std::string& body) { return read_by_stream(body, true); });
}
void tree_list(benchmark::State& state) { run<list_body>(state, read_list_by_tree); }
void stream_watch(benchmark::State& state) {
  run<watch_body>(state, [](const std::string& body) { return read_by_stream(body, false); });
}
void tree_watch(benchmark::State& state) { run<watch_body>(state, read_watch_by_tree); }

BENCHMARK(stream_list)->Unit(benchmark::kMillisecond);
BENCHMARK(stream_list_uncut)->Unit(benchmark::kMillisecond);
BENCHMARK(tree_list)->Unit(benchmark::kMillisecond);
BENCHMARK(stream_watch)->Unit(benchmark::kMillisecond);
BENCHMARK(tree_watch)->Unit(benchmark::kMillisecond);

// Prints as usual and keeps the figures for the ratios.
class RatioReporter final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (!run.error_occurred) runs_.insert_or_assign(run.benchmark_name(), run);
    }
  }
  void print_ratio(const std::string& name, const std::string& baseline) const {
    auto ours = runs_.find(name);
    auto base = runs_.find(baseline);
    if (ours == runs_.end() || base == runs_.end()) return;
    const Run& a = ours->second;
    const Run& b = base->second;
    std::printf(
        "%-18s against %-10s: CPU x%.2f, peak memory x%.2f, peak beyond what is kept "
        "%.1f MB against %.1f MB\n",
        name.c_str(), baseline.c_str(), a.GetAdjustedCPUTime() / b.GetAdjustedCPUTime(),
        a.counters.at("peak_MB") / b.counters.at("peak_MB"),
        a.counters.at("peak_MB") - a.counters.at("kept_MB"),
        b.counters.at("peak_MB") - b.counters.at("kept_MB"));
  }

 private:
  std::map<std::string, Run> runs_;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  std::printf("list: %.1f MB, %d slices of %d endpoints; watch: %.1f MB, %d events\n",
              static_cast<double>(list_body().size()) / 1e6, kSlices, kEndpoints,
              static_cast<double>(watch_body().size()) / 1e6, kEvents);
  RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print_ratio("stream_list", "tree_list");
  reporter.print_ratio("stream_list", "stream_list_uncut");
  reporter.print_ratio("stream_watch", "tree_watch");
  return 0;
}
