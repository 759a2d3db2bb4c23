#include "agent/api_sources.h"

#include <numeric>
#include <utility>

#include "watchers/json_decoder.h"
#include "watchers/resource.h"
#include "watchers/rest_cpprest.h"

namespace agent {
namespace {

watchers::ReflectorOptions options_for(watchers::WatchedResource resource) {
  watchers::ReflectorOptions options;
  options.resource = std::move(resource);
  return options;
}

}  // namespace

ApiSources::ApiSources(const watchers::ClusterAccess& access, const std::string& node_name,
                       watchers::EventMailbox& mailbox, const base::Clock& clock, Log& log,
                       std::uint64_t seed)
    : client_(std::make_unique<watchers::CpprestClient>(access, clock)) {
  watchers::ReflectorOptions slices = options_for(watchers::endpoint_slices());
  slices.fallback = watchers::endpoints();
  add(options_for(watchers::services()), mailbox, clock, log, seed);
  add(std::move(slices), mailbox, clock, log, seed + 1);
  add(options_for(watchers::own_node(node_name)), mailbox, clock, log, seed + 2);
}

ApiSources::~ApiSources() { stop(); }

void ApiSources::add(watchers::ReflectorOptions options, watchers::EventMailbox& mailbox,
                     const base::Clock& clock, Log& log, std::uint64_t seed) {
  auto source = std::make_unique<Source>();
  options.seed = seed;
  options.on_failure = [this, &log, name = options.resource.name](std::string_view failure) {
    if (stopping_) return;  // requests that were cancelled on purpose
    log.warning("watching the API failed; trying again", {{"resource", name}, {"error", failure}});
  };
  auto make_decoder = [](watchers::Resource resource) {
    return std::make_unique<watchers::JsonDecoder>(resource);
  };
  source->reflector = std::make_unique<watchers::Reflector>(
      std::move(options), *client_, make_decoder, mailbox, clock, source->waiter);
  sources_.push_back(std::move(source));
}

void ApiSources::start() {
  for (const auto& source : sources_) source->reflector->start();
}

void ApiSources::stop() {
  stopping_ = true;
  client_->shut_down();
  for (const auto& source : sources_) source->reflector->stop();
}

std::vector<SourceStatus> ApiSources::status() const {
  std::vector<SourceStatus> all;
  for (const auto& source : sources_) {
    watchers::ReflectorStatus status = source->reflector->status();
    std::uint64_t failures = 0;
    for (const auto& [cause, count] : status.errors) failures += count;
    all.push_back({.source = status.resource,
                   .connected = status.state == watchers::ReflectorState::kWatching,
                   .synced = status.synced,
                   .events = status.events,
                   .lists = status.lists,
                   .reconnects = status.watches > 0 ? status.watches - 1 : 0,
                   .failures = failures,
                   .rejected = status.rejected});
  }
  return all;
}

}  // namespace agent
