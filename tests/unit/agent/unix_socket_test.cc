#include "agent/unix_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "agent/http_server.h"
#include "tests/fakes/http_probe.h"

namespace agent {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class UnixSocketTest : public testing::Test {
 protected:
  UnixSocketTest() {
    std::string pattern = testing::TempDir() + "socketXXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/agent.sock";
  }
  ~UnixSocketTest() override { std::filesystem::remove_all(folder_); }
  base::UniqueFd connection() const {
    base::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) fd.reset();
    return fd;
  }
  std::string folder_;
  std::string path_;
};

TEST_F(UnixSocketTest, IsForItsOwnerAlone) {
  auto fd = listen_at_path(path_);
  ASSERT_TRUE(fd.ok()) << fd.status().message();
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode, S_IFSOCK | S_IRUSR | S_IWUSR);
}

TEST_F(UnixSocketTest, ReplacesWhatADeadAgentLeft) {
  { ASSERT_TRUE(listen_at_path(path_).ok()); }
  ASSERT_TRUE(std::filesystem::exists(path_));
  auto second = listen_at_path(path_);
  ASSERT_TRUE(second.ok()) << second.status().message();
  EXPECT_TRUE(connection());
}

TEST_F(UnixSocketTest, LeavesALiveAgentAlone) {
  auto first = listen_at_path(path_);
  ASSERT_TRUE(first.ok());
  auto second = listen_at_path(path_);
  EXPECT_EQ(second.status().code(), base::Code::kAlreadyExists);
  EXPECT_THAT(second.status().message(), AllOf(HasSubstr(path_), HasSubstr("ipvsAgent.socket")));
  EXPECT_TRUE(connection());
}

TEST_F(UnixSocketTest, LeavesAFileAlone) {
  std::ofstream(path_) << "precious";
  EXPECT_THAT(listen_at_path(path_).status().message(), HasSubstr("is no socket"));
  EXPECT_EQ(std::filesystem::file_size(path_), 8u);
}

TEST_F(UnixSocketTest, MakesItsFolder) {
  path_ = folder_ + "/made/agent.sock";
  EXPECT_TRUE(listen_at_path(path_).ok());
}

TEST_F(UnixSocketTest, NamesTheFolderItCannotMake) {
  path_ = folder_ + "/not/made/agent.sock";
  EXPECT_THAT(listen_at_path(path_).status().message(), HasSubstr(path_));
}

TEST_F(UnixSocketTest, RefusesAPathThatNoAddressHolds) {
  EXPECT_THAT(listen_at_path("/" + std::string(107, 'x')).status().message(),
              AllOf(HasSubstr("108 bytes"), HasSubstr("allowed: 107")));
}

TEST_F(UnixSocketTest, AnHttpServerAnswersThereWithTheParameters) {
  HttpServerOptions options;
  options.answer = [](const HttpRequest& request) {
    HttpResponse response;
    std::string text = request.method + " " + request.path + " " + std::to_string(request.port);
    for (const auto& [name, value] : request.parameters) text += " " + name + "=" + value;
    response.body = std::make_shared<const std::string>(text);
    return response;
  };
  HttpServer server(std::move(options));
  ASSERT_TRUE(server.start().ok());
  auto socket = listen_at_path(path_);
  ASSERT_TRUE(socket.ok());
  ASSERT_TRUE(server.serve(*std::move(socket)).ok());
  // More than one address may have at a time, one after the other.
  for (int i = 0; i < 40; ++i) {
    base::UniqueFd fd = connection();
    ASSERT_TRUE(fd);
    fakes::send_all(fd, "GET /v1/x?a=1%2F2&b HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(fakes::read_all(fd),
                AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\n\r\nGET /v1/x 0 a=1/2 b=")));
  }
  server.stop();
  EXPECT_FALSE(connection());
}

}  // namespace
}  // namespace agent
