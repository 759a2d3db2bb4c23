#include "watchers/cluster_snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace watchers {
namespace {

const ObjectKey kWeb{"default", "web"};
const ObjectKey kDb{"default", "db"};

std::shared_ptr<Service> service(const ObjectKey& key, const char* version = "1") {
  auto service = std::make_shared<Service>();
  service->key = key;
  service->resource_version = version;
  service->ports = {{"http", base::Protocol::kTcp, 80, 0}};
  return service;
}

std::shared_ptr<EndpointSlice> slice(const std::string& name, const std::string& owner,
                                     const char* address = "10.0.0.1", const char* version = "1") {
  auto slice = std::make_shared<EndpointSlice>();
  slice->key = {"default", name};
  slice->resource_version = version;
  slice->service = owner;
  EndpointGroup group;
  group.ports = {{"http", base::Protocol::kTcp, 8080}};
  group.endpoints.emplace_back().address = *base::IpAddress::parse(address);
  slice->groups = {group};
  return slice;
}

class ClusterSnapshotTest : public ::testing::Test {
 protected:
  ClusterSnapshot::Change put(std::shared_ptr<const Service> object) {
    EventKey key{Kind::kService, object->key};
    return cluster_.apply(key, std::move(object));
  }
  ClusterSnapshot::Change put(std::shared_ptr<const EndpointSlice> object) {
    EventKey key{Kind::kEndpointSlice, object->key};
    return cluster_.apply(key, std::move(object));
  }
  ClusterSnapshot::Change put(std::shared_ptr<const Node> object) {
    EventKey key{Kind::kNode, object->key};
    return cluster_.apply(key, std::move(object));
  }

  ClusterSnapshot cluster_;
};

using Keys = std::vector<ObjectKey>;

TEST_F(ClusterSnapshotTest, ANewServiceIsAChange) {
  EXPECT_EQ(put(service(kWeb)).services, Keys{kWeb});
  EXPECT_EQ(cluster_.service(kWeb)->ports.size(), 1U);
  EXPECT_EQ(cluster_.service(kDb), nullptr);
  EXPECT_EQ(cluster_.service_count(), 1U);
  EXPECT_EQ(cluster_.service_keys(), Keys{kWeb});
}

TEST_F(ClusterSnapshotTest, AnEqualServiceChangesNothingButIsKept) {
  put(service(kWeb, "1"));
  EXPECT_TRUE(put(service(kWeb, "2")).services.empty());
  EXPECT_EQ(cluster_.service(kWeb)->resource_version, "2");
  auto changed = service(kWeb, "3");
  changed->ports[0].port = 81;
  EXPECT_EQ(put(changed).services, Keys{kWeb});
}

TEST_F(ClusterSnapshotTest, ADeletedServiceIsAChangeOnce) {
  put(service(kWeb));
  EXPECT_EQ(cluster_.apply({Kind::kService, kWeb}, Deleted{}).services, Keys{kWeb});
  EXPECT_TRUE(cluster_.apply({Kind::kService, kWeb}, Deleted{}).services.empty());
  EXPECT_EQ(cluster_.service(kWeb), nullptr);
}

TEST_F(ClusterSnapshotTest, AServiceServedElsewhereCountsAsDeleted) {
  auto elsewhere = service(kWeb, "2");
  elsewhere->served_elsewhere = true;
  EXPECT_TRUE(put(elsewhere).services.empty());
  EXPECT_EQ(cluster_.service(kWeb), nullptr);
  put(service(kWeb));
  EXPECT_EQ(put(elsewhere).services, Keys{kWeb});
  EXPECT_EQ(cluster_.service_count(), 0U);
}

TEST_F(ClusterSnapshotTest, ASliceBeforeItsServiceWaitsForIt) {
  EXPECT_TRUE(put(slice("web-a", "web")).services.empty());
  EXPECT_EQ(cluster_.slices(kWeb).size(), 1U);
  EXPECT_EQ(put(service(kWeb)).services, Keys{kWeb});
  EXPECT_EQ(cluster_.slices(kWeb).size(), 1U);
}

TEST_F(ClusterSnapshotTest, SlicesAreSortedByName) {
  put(service(kWeb));
  for (const char* name : {"web-c", "web-a", "web-b"}) {
    EXPECT_EQ(put(slice(name, "web")).services, Keys{kWeb});
  }
  const SliceList& slices = cluster_.slices(kWeb);
  ASSERT_EQ(slices.size(), 3U);
  EXPECT_EQ(slices[0]->key.name, "web-a");
  EXPECT_EQ(slices[1]->key.name, "web-b");
  EXPECT_EQ(slices[2]->key.name, "web-c");
  EXPECT_EQ(cluster_.apply({Kind::kEndpointSlice, {"default", "web-b"}}, Deleted{}).services,
            Keys{kWeb});
  EXPECT_EQ(cluster_.slices(kWeb).size(), 2U);
  EXPECT_EQ(cluster_.slice_count(), 2U);
}

TEST_F(ClusterSnapshotTest, ASliceThatMovesNamesBothServices) {
  put(service(kWeb));
  put(service(kDb));
  put(slice("a", "web"));
  EXPECT_EQ(put(slice("a", "db")).services, (Keys{kWeb, kDb}));
  EXPECT_TRUE(cluster_.slices(kWeb).empty());
  EXPECT_EQ(cluster_.slices(kDb).size(), 1U);
  EXPECT_EQ(cluster_.slice_count(), 1U);
}

TEST_F(ClusterSnapshotTest, ASliceThatLosesItsLabelBelongsNowhere) {
  put(service(kWeb));
  put(slice("a", "web"));
  EXPECT_EQ(put(slice("a", "")).services, Keys{kWeb});
  EXPECT_TRUE(cluster_.slices(kWeb).empty());
  EXPECT_EQ(cluster_.slice_count(), 0U);
}

TEST_F(ClusterSnapshotTest, AnEqualSliceChangesNothingButIsKept) {
  put(service(kWeb));
  put(slice("a", "web", "10.0.0.1", "1"));
  auto same = slice("a", "web", "10.0.0.1", "2");
  same->trigger_time = base::WallTime(std::chrono::seconds(5));
  EXPECT_TRUE(put(same).services.empty());
  EXPECT_EQ(cluster_.slices(kWeb)[0]->resource_version, "2");
  EXPECT_EQ(put(slice("a", "web", "10.0.0.2", "3")).services, Keys{kWeb});
}

TEST_F(ClusterSnapshotTest, ARejectedFormKeepsTheLastGoodOne) {
  put(service(kWeb));
  EXPECT_TRUE(cluster_.apply({Kind::kService, kWeb}, Rejected{"broken"}).services.empty());
  EXPECT_NE(cluster_.service(kWeb), nullptr);
}

TEST_F(ClusterSnapshotTest, TheNodeCountsOnlyWherePlanningLooks) {
  auto node = std::make_shared<Node>();
  node->key = {"", "n1"};
  node->resource_version = "1";
  node->zone = "a";
  EXPECT_TRUE(put(std::shared_ptr<const Node>(std::make_shared<Node>(*node))).node);
  node->resource_version = "2";
  EXPECT_FALSE(put(std::shared_ptr<const Node>(std::make_shared<Node>(*node))).node);
  EXPECT_EQ(cluster_.node()->resource_version, "2");
  node->zone = "b";
  EXPECT_TRUE(put(std::shared_ptr<const Node>(std::make_shared<Node>(*node))).node);
  EXPECT_TRUE(cluster_.apply({Kind::kNode, {"", "n1"}}, Deleted{}).node);
  EXPECT_EQ(cluster_.node(), nullptr);
  EXPECT_FALSE(cluster_.apply({Kind::kNode, {"", "n1"}}, Deleted{}).node);
}

TEST_F(ClusterSnapshotTest, EachSourceIsSyncedOnItsOwn) {
  EXPECT_FALSE(cluster_.synced(Kind::kService));
  cluster_.apply({Kind::kService, {}}, Synced{});
  EXPECT_TRUE(cluster_.synced(Kind::kService));
  EXPECT_FALSE(cluster_.synced(Kind::kEndpointSlice));
  EXPECT_FALSE(cluster_.synced(Kind::kNode));
}

// Law: whatever came before, the state is the one that the last news of each object alone builds,
// and every Service whose view differs was named by some change.
TEST(ClusterSnapshotLaw, IncrementalStateEqualsRebuiltState) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    auto pick = [&](int count) { return std::uniform_int_distribution<int>(0, count - 1)(random); };
    ClusterSnapshot incremental;
    std::map<ObjectKey, ObjectNews> services;
    std::map<ObjectKey, ObjectNews> slices;
    for (int step = 0; step < 400; ++step) {
      std::string which = std::to_string(pick(6));
      EventKey key;
      ObjectNews news = Deleted{};
      if (pick(2) == 0) {
        key = {Kind::kService, {"default", which}};
        auto object = service(key.object, std::to_string(step).c_str());
        object->affinity_timeout_s = static_cast<std::uint32_t>(pick(2));
        object->served_elsewhere = pick(8) == 0;
        if (pick(4) != 0) news = std::shared_ptr<const Service>(object);
        services[key.object] = news;
      } else {
        std::string name = std::to_string(pick(10));
        std::string owner = pick(10) == 0 ? "" : which;
        auto object = slice(name, owner, pick(2) == 0 ? "10.0.0.1" : "10.0.0.2");
        key = {Kind::kEndpointSlice, object->key};
        if (pick(4) != 0) news = std::shared_ptr<const EndpointSlice>(object);
        slices[key.object] = news;
      }

      std::map<ObjectKey, std::pair<std::shared_ptr<const Service>, SliceList>> before;
      for (int i = 0; i < 6; ++i) {
        ObjectKey service_key{"default", std::to_string(i)};
        before[service_key] = {incremental.service(service_key), incremental.slices(service_key)};
      }
      ClusterSnapshot::Change change = incremental.apply(key, news);
      std::set<ObjectKey> named(change.services.begin(), change.services.end());
      EXPECT_EQ(named.size(), change.services.size()) << "named twice";

      ClusterSnapshot rebuilt;
      for (const auto& [slice_key, last] : slices) {
        rebuilt.apply({Kind::kEndpointSlice, slice_key}, last);
      }
      for (const auto& [service_key, last] : services) {
        rebuilt.apply({Kind::kService, service_key}, last);
      }
      ASSERT_EQ(incremental.service_count(), rebuilt.service_count()) << "seed " << seed;
      ASSERT_EQ(incremental.slice_count(), rebuilt.slice_count()) << "seed " << seed;
      for (const auto& [service_key, old_view] : before) {
        auto now = incremental.service(service_key);
        ASSERT_EQ(now, rebuilt.service(service_key)) << "seed " << seed << " step " << step;
        ASSERT_EQ(incremental.slices(service_key), rebuilt.slices(service_key));
        if (named.contains(service_key)) continue;
        EXPECT_EQ(old_view.first == nullptr, now == nullptr);
        if (!now) continue;
        EXPECT_EQ(old_view.first->affinity_timeout_s, now->affinity_timeout_s);
        const SliceList& list = incremental.slices(service_key);
        ASSERT_EQ(old_view.second.size(), list.size());
        for (std::size_t i = 0; i < list.size(); ++i) {
          EXPECT_EQ(old_view.second[i]->groups, list[i]->groups);
        }
      }
    }
  }
}

}  // namespace
}  // namespace watchers
