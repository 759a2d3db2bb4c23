#include "agent/health.h"

#include <gtest/gtest.h>

#include "agent/status_pages.h"

namespace agent {
namespace {

using namespace std::chrono_literals;

const base::TimePoint kNow = base::TimePoint(1000s);
const base::WallTime kWall = base::WallTime(1'790'000'000s + 250ms);
const Moment kMoment = {kNow, kWall};

HealthState two_families() {
  HealthState state;
  state.published = kNow - 1s;
  state.timeout = 60s;
  state.families = {{base::Family::kIpv4, kWall - 5s, std::nullopt},
                    {base::Family::kIpv6, kWall - 7s, std::nullopt}};
  return state;
}

TEST(Health, SpellsTimesAsGoDoes) {
  EXPECT_EQ(to_rfc3339(kWall), "2026-09-21T14:13:20.25Z");
  EXPECT_EQ(to_rfc3339(base::WallTime(0s)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(base::WallTime(1ns)), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(to_rfc3339(base::WallTime(-1ns)), "1969-12-31T23:59:59.999999999Z");
}

TEST(Health, AnIdleAgentIsHealthyAndUpToDate) {
  HealthAnswer answer = healthz(two_families(), kMoment);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body,
            R"({"lastUpdated":"2026-09-21T14:13:20.25Z","currentTime":"2026-09-21T14:13:20.25Z",)"
            R"("nodeEligible":true,"healthy":true,"status":{)"
            R"("IPv4":{"lastUpdated":"2026-09-21T14:13:20.25Z","healthy":true},)"
            R"("IPv6":{"lastUpdated":"2026-09-21T14:13:20.25Z","healthy":true}}})");
}

TEST(Health, AChangeThatWaitsTooLongIsUnhealthy) {
  HealthState state = two_families();
  state.families[1].oldest_pending = kNow - 60s + 1ns;
  EXPECT_TRUE(is_healthy(state, kNow));
  state.families[1].oldest_pending = kNow - 60s;
  HealthAnswer answer = livez(state, kMoment);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body,
            R"({"lastUpdated":"2026-09-21T14:13:15.25Z","currentTime":"2026-09-21T14:13:20.25Z",)"
            R"("healthy":false,"status":{)"
            R"("IPv4":{"lastUpdated":"2026-09-21T14:13:20.25Z","healthy":true},)"
            R"("IPv6":{"lastUpdated":"2026-09-21T14:13:13.25Z","healthy":false}}})");
}

TEST(Health, AnAgentThatNeverFinishedSaysSo) {
  HealthState state = two_families();
  state.families = {{base::Family::kIpv4, std::nullopt, kNow - 2min}};
  EXPECT_NE(livez(state, kMoment).body.find(R"({"lastUpdated":"0001-01-01T00:00:00Z")"),
            std::string::npos);
}

TEST(Health, OnlyHealthzLooksAtTheNode) {
  HealthState state = two_families();
  state.node_eligible = false;
  EXPECT_EQ(livez(state, kMoment).status, 200);
  HealthAnswer answer = healthz(state, kMoment);
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find(R"("nodeEligible":false,"healthy":true)"), std::string::npos);
}

TEST(Health, TellsFaultsAndALoopThatHangs) {
  HealthState state = two_families();
  state.faults = {"no \"CAP_NET_ADMIN\""};
  EXPECT_EQ(livez(state, kMoment).status, 503);
  EXPECT_TRUE(livez(state, kMoment).body.ends_with(R"(,"faults":["no \"CAP_NET_ADMIN\""]})"));
  state.faults.clear();
  state.published = kNow - 60s;
  EXPECT_EQ(livez(state, kMoment).status, 503);
  EXPECT_TRUE(livez(state, kMoment).body.ends_with(R"(,"faults":["the loop does not run"]})"));
}

class FixedClock final : public base::Clock {
 public:
  base::TimePoint now() const override { return kNow; }
  base::WallTime wall_now() const override { return kWall; }
};

TEST(StatusPages, HealthPagesShowWhatIsPublishedAndCountTheAnswers) {
  Published<HealthState> health(two_families());
  FixedClock clock;
  std::vector<int> healthz_codes;
  std::vector<int> livez_codes;
  auto pages = health_pages(
      health, clock, [&](int code) { healthz_codes.push_back(code); },
      [&](int code) { livez_codes.push_back(code); });
  HttpResponse response = pages.at("/healthz")();
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.headers.at(0).first, "X-Content-Type-Options");
  HealthState ineligible = two_families();
  ineligible.node_eligible = false;
  health.publish(ineligible);
  EXPECT_EQ(pages.at("/healthz")().status, 503);
  EXPECT_EQ(pages.at("/livez")().status, 200);
  EXPECT_EQ(healthz_codes, (std::vector{200, 503}));
  EXPECT_EQ(livez_codes, (std::vector{200}));
}

TEST(StatusPages, MetricsPortOffersWhatKubeProxyOffers) {
  auto pages = metrics_pages([] { return std::make_shared<const std::string>("m 1\n"); },
                             [] { return std::make_shared<const std::string>("{}"); });
  EXPECT_EQ(*pages.at("/metrics")().body, "m 1\n");
  EXPECT_EQ(pages.at("/metrics")().content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(*pages.at("/healthz")().body, "ok");
  EXPECT_EQ(*pages.at("/proxyMode")().body, "ipvs");
  EXPECT_EQ(*pages.at("/configz")().body, "{}");
}

}  // namespace
}  // namespace agent
