#include "agent/loop_questions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using ::testing::HasSubstr;

bool waits(const LoopQuestions& questions, int milliseconds) {
  pollfd entry{.fd = questions.readable_fd(), .events = POLLIN, .revents = 0};
  return poll(&entry, 1, milliseconds) == 1;
}

class LoopQuestionsTest : public testing::Test {
 protected:
  fakes::FakeNode node_;
  fakes::FakeAgent agent_{node_};
};

TEST_F(LoopQuestionsTest, AreAnsweredByTheLoopsThread) {
  LoopQuestions questions(std::chrono::minutes(1));
  base::Result<std::string> answer = base::Status(base::Code::kInternal, "none");
  std::thread::id answered_by;
  std::thread asker([&] {
    answer = questions.ask([&](Loop& loop, base::TimePoint) {
      answered_by = std::this_thread::get_id();
      return std::string(loop.started() ? "started" : "not started");
    });
  });
  ASSERT_TRUE(waits(questions, 60'000));
  questions.answer(agent_.loop, node_.clock.now());
  asker.join();
  ASSERT_TRUE(answer.ok()) << answer.status().message();
  EXPECT_EQ(*answer, "not started");
  EXPECT_EQ(answered_by, std::this_thread::get_id());
  EXPECT_FALSE(waits(questions, 0));
}

TEST_F(LoopQuestionsTest, ABusyLoopIsSaidAndNotAskedAfterwards) {
  LoopQuestions questions(std::chrono::milliseconds(1));
  bool called = false;
  auto answer = questions.ask([&](Loop&, base::TimePoint) { return called = true; });
  EXPECT_EQ(answer.status().code(), base::Code::kUnavailable);
  EXPECT_THAT(answer.status().message(), HasSubstr("busy"));
  questions.answer(agent_.loop, node_.clock.now());
  EXPECT_FALSE(called);
}

TEST_F(LoopQuestionsTest, AnEndingAgentLetsAskersGo) {
  LoopQuestions questions(std::chrono::hours(1));
  base::Result<bool> answer = false;
  std::thread asker([&] { answer = questions.ask([](Loop&, base::TimePoint) { return true; }); });
  ASSERT_TRUE(waits(questions, 60'000));
  questions.close();
  asker.join();
  EXPECT_THAT(answer.status().message(), HasSubstr("ending"));
  EXPECT_FALSE(questions.ask([](Loop&, base::TimePoint) { return true; }).ok());
}

}  // namespace
}  // namespace agent
