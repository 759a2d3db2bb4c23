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
  a.node = std::make_shared<const std::string>("node-1");
  a.hints = std::make_shared<const EndpointHints>(EndpointHints{{"z1"}, {}});
  Endpoint b = a;
  EXPECT_EQ(a, b);
  b.node = std::make_shared<const std::string>("node-1");
  b.hints = std::make_shared<const EndpointHints>(EndpointHints{{"z1"}, {}});
  EXPECT_EQ(a, b);
  b.node = std::make_shared<const std::string>("node-2");
  EXPECT_NE(a, b);
  b = a;
  b.hints = nullptr;
  EXPECT_NE(a, b);
  b = a;
  b.node = nullptr;
  EXPECT_NE(b, a);
  b = a;
  b.terminating = true;
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace watchers
