#include "cli/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Table services() {
  Table table;
  table.columns = {{.title = "NAME", .least = 6},
                   {.title = "ADDRESS"},
                   {.title = "KIND", .expendable = 2},
                   {.title = "ACTIVE", .expendable = 1, .right = true},
                   {.title = "STATE", .least = 4}};
  table.rows = {{{"a-service-with-a-long-name"},
                 {"10.96.0.10:80/TCP"},
                 {"LoadBalancer"},
                 {"7"},
                 {"1 draining", Tone::kWarning}},
                {{"web"}, {"10.96.0.11:443/TCP"}, {"ClusterIP"}, {"1234567"}, {"ok", Tone::kGood}}};
  return table;
}

TEST(Table, At200ColumnsNothingIsCut) {
  EXPECT_EQ(services().to_text(200, false),
            "NAME                        ADDRESS             KIND           ACTIVE  STATE\n"
            "a-service-with-a-long-name  10.96.0.10:80/TCP   LoadBalancer        7  1 draining\n"
            "web                         10.96.0.11:443/TCP  ClusterIP     1234567  ok\n");
}

TEST(Table, WithoutATerminalNothingIsCut) {
  EXPECT_EQ(services().to_text(0, false), services().to_text(500, false));
}

TEST(Table, At80ColumnsWhatCanBeCutIsCut) {
  EXPECT_EQ(services().to_text(80, false),
            "NAME                       ADDRESS             KIND           ACTIVE  STATE\n"
            "a-service-with-a-long-na~  10.96.0.10:80/TCP   LoadBalancer        7  1 draining\n"
            "web                        10.96.0.11:443/TCP  ClusterIP     1234567  ok\n");
}

TEST(Table, At40ColumnsExpendableColumnsGo) {
  EXPECT_EQ(services().to_text(40, false),
            "NAME       ADDRESS             STATE\n"
            "a-servic~  10.96.0.10:80/TCP   1 draini~\n"
            "web        10.96.0.11:443/TCP  ok\n");
}

TEST(Table, NoLineIsWiderThanTheTerminal) {
  for (std::size_t width = 1; width < 120; ++width) {
    std::istringstream lines(services().to_text(width, false));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(columns_of(line), width);
  }
}

TEST(Table, ColoursOnlyWhereWanted) {
  EXPECT_THAT(services().to_text(0, false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(services().to_text(0, true), HasSubstr("\x1b[32mok\x1b[0m"));
}

TEST(Table, CountsCharactersNotBytes) {
  Table table{.columns = {{.title = "N", .least = 3}, {.title = "X"}},
              .rows = {{{"äöüß"}, {"1"}}, {{"abcd"}, {"2"}}}};
  EXPECT_EQ(table.to_text(0, false), "N     X\näöüß  1\nabcd  2\n");
  EXPECT_EQ(table.to_text(6, false), "N    X\näö~  1\nab~  2\n");
}

}  // namespace
}  // namespace cli
