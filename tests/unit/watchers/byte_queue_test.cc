#include "watchers/byte_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace {

using base::Code;
using watchers::ByteQueue;

void not_called() { ADD_FAILURE() << "on_taken was called"; }

std::string read_some(ByteQueue& queue, std::size_t most = 64) {
  std::string buffer(most, '\0');
  base::Result<std::size_t> got = queue.read(buffer);
  if (!got) return "error: " + got.status().message();
  buffer.resize(*got);
  return buffer;
}

TEST(ByteQueue, GivesBytesInOrderAndThenTheEnd) {
  ByteQueue queue(100);
  EXPECT_TRUE(queue.write(std::string_view("abc"), not_called));
  EXPECT_TRUE(queue.write(std::string_view("def"), not_called));
  EXPECT_EQ(queue.size(), 6u);
  EXPECT_EQ(read_some(queue, 4), "abcd");
  queue.finish({});
  EXPECT_EQ(read_some(queue), "ef");
  EXPECT_EQ(read_some(queue), "");
  EXPECT_EQ(read_some(queue), "");
}

TEST(ByteQueue, TellsWhyTheStreamBrokeAfterTheLastBytes) {
  ByteQueue queue(100);
  EXPECT_TRUE(queue.write(std::string_view("abc"), not_called));
  queue.finish({Code::kUnavailable, "reset"});
  queue.finish({});
  EXPECT_EQ(read_some(queue), "abc");
  EXPECT_EQ(read_some(queue), "error: reset");
}

TEST(ByteQueue, BorrowsAWriteThatDoesNotFit) {
  ByteQueue queue(4);
  int taken = 0;
  EXPECT_TRUE(queue.write(std::string_view("abc"), not_called));
  EXPECT_FALSE(queue.write(std::string_view("defghijk"), [&] { ++taken; }));
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(read_some(queue, 2), "ab");
  EXPECT_EQ(taken, 0);
  // The rest of what waited and the first of what was lent, in one read.
  EXPECT_EQ(read_some(queue, 3), "cde");
  EXPECT_EQ(taken, 0);
  // What is left fits now, so that the writer need not wait for the reader any longer.
  EXPECT_EQ(read_some(queue, 2), "fg");
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(queue.size(), 4u);
  EXPECT_EQ(read_some(queue), "hijk");
  EXPECT_EQ(taken, 1);
  EXPECT_TRUE(queue.write(std::string_view("l"), not_called));
  EXPECT_EQ(read_some(queue), "l");
}

TEST(ByteQueue, TellsTheWriterWhenTheReaderTakesAllOfALoanAtOnce) {
  ByteQueue queue(4);
  int taken = 0;
  EXPECT_FALSE(queue.write(std::string_view("abcdefgh"), [&] { ++taken; }));
  EXPECT_EQ(read_some(queue), "abcdefgh");
  EXPECT_EQ(taken, 1);
}

TEST(ByteQueue, MayBeWrittenAgainFromWithinOnTaken) {
  ByteQueue queue(4);
  EXPECT_FALSE(queue.write(std::string_view("abcdefgh"),
                           [&] { EXPECT_TRUE(queue.write(std::string_view("i"), not_called)); }));
  EXPECT_EQ(read_some(queue), "abcdefgh");
  EXPECT_EQ(read_some(queue), "i");
}

TEST(ByteQueue, FinishReleasesALoan) {
  ByteQueue queue(1);
  int taken = 0;
  EXPECT_FALSE(queue.write(std::string_view("ab"), [&] { ++taken; }));
  queue.finish({});
  EXPECT_EQ(taken, 1);
  EXPECT_THAT(read_some(queue), testing::HasSubstr("error: the stream ended before"));
}

TEST(ByteQueue, CancelDropsEverythingAndReleasesALoan) {
  ByteQueue queue(4);
  int taken = 0;
  EXPECT_TRUE(queue.write(std::string_view("abc"), not_called));
  EXPECT_FALSE(queue.write(std::string_view("def"), [&] { ++taken; }));
  queue.cancel();
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(queue.size(), 0u);
  std::array<char, 8> buffer;
  EXPECT_EQ(queue.read(buffer).status().code(), Code::kCancelled);
  EXPECT_TRUE(queue.write(std::string_view("dropped"), not_called));
  queue.finish({});
  EXPECT_EQ(queue.read(buffer).status().code(), Code::kCancelled);
}

TEST(ByteQueue, CancelWakesAReader) {
  ByteQueue queue(4);
  std::thread reader([&] {
    std::array<char, 8> buffer;
    EXPECT_EQ(queue.read(buffer).status().code(), Code::kCancelled);
  });
  queue.cancel();
  reader.join();
}

// A writer as the network is one: writes of all sizes, each waiting until the last loan was taken.
TEST(ByteQueue, KeepsEveryByteBetweenTwoThreads) {
  constexpr std::size_t kTotal = 3'000'000;
  constexpr std::size_t kCapacity = 5000;
  ByteQueue queue(kCapacity);
  std::thread writer([&] {
    std::vector<char> block;
    std::size_t written = 0;
    for (std::size_t size = 1; written < kTotal; size = (size * 7 + 1) % 12'000) {
      block.resize(std::min(size + 1, kTotal - written));
      for (char& c : block) c = static_cast<char>(written++ % 251);
      std::atomic<bool> taken = false;
      bool copied = queue.write(block, [&] {
        taken = true;
        taken.notify_one();
      });
      if (!copied) taken.wait(false);
    }
    queue.finish({});
  });
  std::vector<char> buffer(777);
  std::size_t read = 0;
  bool same = true;
  for (;;) {
    EXPECT_LE(queue.size(), kCapacity);
    base::Result<std::size_t> got = queue.read(buffer);
    ASSERT_TRUE(got) << got.status().message();
    if (*got == 0) break;
    for (std::size_t i = 0; i < *got; ++i) same &= buffer[i] == static_cast<char>(read++ % 251);
  }
  writer.join();
  EXPECT_TRUE(same);
  EXPECT_EQ(read, kTotal);
}

}  // namespace
