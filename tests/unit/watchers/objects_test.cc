#include "watchers/objects.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace watchers {
namespace {

TEST(ObjectKey, PrintsNamespaceAndName) {
  EXPECT_EQ(to_string(ObjectKey{"default", "web"}), "default/web");
  EXPECT_EQ(to_string(ObjectKey{"", "node-1"}), "node-1");
}

TEST(ObjectKey, HashTellsNamespaceFromName) {
  std::hash<ObjectKey> hash;
  EXPECT_NE(hash(ObjectKey{"a", "b"}), hash(ObjectKey{"b", "a"}));
  EXPECT_NE(hash(ObjectKey{"a", ""}), hash(ObjectKey{"", "a"}));
  EXPECT_EQ(hash(ObjectKey{"a", "b"}), hash(ObjectKey{"a", "b"}));
}

TEST(ObjectKey, HashSpreadsRealisticNames) {
  std::unordered_set<std::size_t> seen;
  for (int space = 0; space < 20; ++space) {
    for (int name = 0; name < 500; ++name) {
      seen.insert(std::hash<ObjectKey>()(
          ObjectKey{"team-" + std::to_string(space), "service-" + std::to_string(name)}));
    }
  }
  EXPECT_EQ(seen.size(), 10'000U);
}

TEST(Endpoint, ComparesNodesAndHintsByValue) {
  Endpoint a;
  auto place = [](const char* node, EndpointHints hints) {
    return std::make_shared<const EndpointPlace>(EndpointPlace{node, std::move(hints)});
  };
  a.place = place("node-1", {{"z1"}, {}});
  Endpoint b = a;
  EXPECT_EQ(a, b);
  b.place = place("node-1", {{"z1"}, {}});
  EXPECT_EQ(a, b);
  b.place = place("node-2", {{"z1"}, {}});
  EXPECT_NE(a, b);
  b = a;
  b.place = place("node-1", {});
  EXPECT_NE(a, b);
  b = a;
  b.place = nullptr;
  EXPECT_NE(b, a);
  a.place = place("", {});
  EXPECT_EQ(b, a) << "nothing is known of either";
  b = a;
  b.terminating = true;
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace watchers
