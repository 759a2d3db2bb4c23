#include "cli/run_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>
#include <thread>

#include "base/unique_fd.h"
#include "cli/agent_client.h"

namespace cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What an agent answers, by what it is asked.
constexpr char kAgent[] =
    R"("agent":{"node":"node-a","state":"in step","lastSync":"2026-11-21T10:00:00Z",)"
    R"("services":2,"virtualServers":2,"realServers":2,"drains":1,"problems":["a set is full"]})";
constexpr char kWeb[] =
    R"({"namespace":"default","name":"web","type":"ClusterIP","problems":[],"virtualServers":[{)"
    R"("address":"10.96.0.10","port":80,"protocol":"TCP","kind":"ClusterIP","scheduler":"rr",)"
    R"("state":"ok","realServers":[)"
    R"({"address":"10.244.1.1","port":8080,"weight":1,"activeConnections":3,)"
    R"("inactiveConnections":4,"state":"ok"},)"
    R"({"address":"10.244.1.2","port":8080,"weight":0,"activeConnections":1,)"
    R"("inactiveConnections":0,"state":"draining","drainSeconds":5,"drainSecondsLeft":895}]}]})";
constexpr char kDns[] =
    R"({"namespace":"kube-system","name":"dns","type":"ClusterIP","problems":["no ports"],)"
    R"("virtualServers":[{"address":"fd00::a","port":53,"protocol":"UDP","kind":"ClusterIP",)"
    R"("scheduler":"rr","state":"missing","failure":"EPERM","realServers":[]}]})";

// An agent that answers what a test wants, at a socket of its own.
class RunCommand : public testing::Test {
 protected:
  RunCommand() {
    std::string pattern = testing::TempDir() + "cliXXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/agent.sock";
  }
  ~RunCommand() override {
    if (listener_) shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    std::filesystem::remove_all(folder_);
  }
  void listen_there() {
    listener_ = base::UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    ASSERT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(listen(listener_.get(), 8), 0);
  }
  void start() {
    listen_there();
    thread_ = std::thread([this] {
      for (;;) {
        base::UniqueFd client(accept(listener_.get(), nullptr, nullptr));
        if (!client) return;
        std::array<char, 4096> buffer{};
        ssize_t length = recv(client.get(), buffer.data(), buffer.size(), 0);
        std::string request(buffer.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
        std::string target = request.substr(4, request.find(' ', 4) - 4);
        asked_.push_back(target);
        auto answer = answers_.find(target);
        std::string body = answer == answers_.end() ? R"({"error":"not known"})" : answer->second;
        std::string text = "HTTP/1.1 " + std::string(answer == answers_.end() ? "404" : "200") +
                           " X\r\nContent-Type: application/json\r\n\r\n" + body;
        send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);
      }
    });
  }
  int run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--socket", path_});
    out_.str("");
    err_.str("");
    Terminal terminal{.out = out_, .err = err_, .width = width_};
    return run_command(arguments, terminal);
  }
  static std::string page(const std::string& services, const std::string& next = "") {
    return "{" + std::string(kAgent) + R"(,"services":[)" + services + "]" +
           (next.empty() ? "" : R"(,"next":")" + next + R"(")") + "}";
  }

  std::string folder_;
  std::string path_;
  std::map<std::string, std::string> answers_;
  std::vector<std::string> asked_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::size_t width_ = 0;
  base::UniqueFd listener_;
  std::thread thread_;
};

TEST_F(RunCommand, NoAgent) {
  for (const char* command : {"status", "plan", "audit"}) {
    EXPECT_EQ(run({command}), kFailed);
    EXPECT_THAT(out_.str(), IsEmpty());
    EXPECT_THAT(err_.str(), AllOf(HasSubstr("no agent answers at " + path_),
                                  HasSubstr("is ipvs-agent running on this node?")));
  }
}

TEST_F(RunCommand, TheSocketOfADeadAgent) {
  listen_there();
  listener_.reset();
  EXPECT_EQ(run({"explain", "default/web"}), kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("is not running any more"));
}

TEST_F(RunCommand, SomethingElseAnswers) {
  answers_["/v1/plan"] = "hello";
  start();
  EXPECT_EQ(run({"plan"}), kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("no ipvs-agent of this version"));
}

TEST_F(RunCommand, StatusAsTableWithProblemsBelow) {
  answers_["/v1/status?limit=100"] = page(std::string(kWeb) + "," + kDns);
  start();
  EXPECT_EQ(run({"status"}), kOk) << err_.str();
  EXPECT_EQ(out_.str(),
            "node-a: in step, last sync 2026-11-21T10:00:00Z. 2 Services, 2 virtual servers, 2 "
            "real servers, 1 draining.\n"
            "NAMESPACE    NAME  VIRTUAL SERVER     KIND       SCHEDULER  REAL  ACTIVE  INACTIVE  "
            "STATE\n"
            "default      web   10.96.0.10:80/TCP  ClusterIP  rr            2       4         4  1 "
            "draining\n"
            "kube-system  dns   [fd00::a]:53/UDP   ClusterIP  rr            0       0         0  "
            "missing\n"
            "problem: a set is full\n"
            "kube-system/dns: no ports\n"
            "kube-system/dns: EPERM\n");
}

TEST_F(RunCommand, StatusFitsATerminalOf40Columns) {
  answers_["/v1/status?limit=100"] = page(std::string(kWeb) + "," + kDns);
  start();
  width_ = 40;
  EXPECT_EQ(run({"status"}), kOk);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("web "), HasSubstr("10.96.0.10:80/TCP"),
                                HasSubstr("1 drain"), Not(HasSubstr("SCHEDULER"))));
}

TEST_F(RunCommand, StatusOfOneServiceNamesItsRealServers) {
  answers_["/v1/status?namespace=default&name=web&limit=100"] = page(kWeb);
  start();
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"status", "-n", "default", "web"}, {"status", "default/web"}}) {
    EXPECT_EQ(run(line), kOk) << err_.str();
    EXPECT_THAT(out_.str(), AllOf(HasSubstr("10.244.1.1:8080       1       3         4  ok\n"),
                                  HasSubstr("draining 5s of 900s\n"), Not(HasSubstr("NAMESPACE"))));
  }
}

TEST_F(RunCommand, StatusGoesThroughAllPages) {
  answers_["/v1/status?selector=a%3Db&limit=100"] = page(kWeb, "default/web");
  answers_["/v1/status?selector=a%3Db&after=default%2Fweb&limit=100"] = page(kDns);
  start();
  EXPECT_EQ(run({"status", "-l", "a=b"}), kOk) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("web"), HasSubstr("dns")));
  EXPECT_EQ(run({"status", "-l", "a=b", "-o", "json"}), kOk);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("\"web\""), HasSubstr("\"dns\""), Not(HasSubstr("\"next\""))));
}

TEST_F(RunCommand, StatusStopsAtTheLimitAndSaysHowToGoOn) {
  answers_["/v1/status?limit=1"] = page(kWeb, "default/web");
  start();
  EXPECT_EQ(run({"status", "--limit", "1"}), kOk);
  EXPECT_THAT(err_.str(), HasSubstr("--after default/web"));
  EXPECT_EQ(run({"status", "--limit", "many"}), kUsage);
}

TEST_F(RunCommand, ExplainAsksForServiceOrAddress) {
  start();
  EXPECT_EQ(run({"explain", "web"}), kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("not known"));
  run({"explain", "-n", "a", "web"});
  run({"explain", "a/web"});
  run({"explain", "[fd00::1]:53/udp"});
  run({"explain", "10.96.0.1:443"});
  EXPECT_THAT(asked_, ElementsAre("/v1/explain?service=default%2Fweb",
                                  "/v1/explain?service=a%2Fweb", "/v1/explain?service=a%2Fweb",
                                  "/v1/explain?address=%5Bfd00%3A%3A1%5D%3A53&protocol=udp",
                                  "/v1/explain?address=10.96.0.1%3A443"));
  EXPECT_EQ(run({"explain"}), kUsage);
}

TEST_F(RunCommand, ExplainForetellsForAClient) {
  answers_["/v1/explain?service=default%2Fweb&client=10.0.0.9"] =
      R"({"namespace":"default","name":"web","type":"ClusterIP","resourceVersion":"1",)"
      R"("virtualServers":[{"address":"10.96.0.10","port":80,"protocol":"TCP","kind":"ClusterIP",)"
      R"("scheduler":"sh","state":"ok","choice":{"server":{"address":"10.244.1.2","port":8080},)"
      R"("why":"by a hash"}},{"address":"10.0.0.1","port":80,"protocol":"TCP","kind":"NodePort",)"
      R"("scheduler":"rr","state":"ok","choice":{"server":null,"why":"cannot be foretold"}}]})";
  start();
  EXPECT_EQ(run({"explain", "web", "--client", "10.0.0.9"}), kOk) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("  the client: 10.244.1.2:8080, by a hash\n"),
                                HasSubstr("  the client: cannot be foretold\n")));
}

TEST_F(RunCommand, ExplainNamesEachEndpoint) {
  answers_["/v1/explain?service=default%2Fweb"] =
      R"({"namespace":"default","name":"web","type":"ClusterIP","problems":[],)"
      R"("resourceVersion":"17","inKernelSince":"2026-11-21T10:00:00Z","slices":[{"name":"web-1",)"
      R"("resourceVersion":"18","problems":[]}],"virtualServers":[{"address":"10.96.0.10",)"
      R"("port":80,"protocol":"TCP","kind":"ClusterIP","scheduler":"rr","state":"ok",)"
      R"("notes":["a note"],"realServers":[)"
      R"({"address":"10.244.1.1","port":8080,"weight":1,"activeConnections":3,)"
      R"("inactiveConnections":4,"state":"ok"},{"address":"10.244.1.9","port":8080,"weight":0,)"
      R"("activeConnections":1,"inactiveConnections":0,"state":"draining"}],"endpoints":[)"
      R"({"address":"10.244.1.1","port":8080,"slice":"web-1","node":"n","used":true,)"
      R"("why":"ready"},{"address":"10.244.1.2","port":8080,"slice":"web-1","node":"n",)"
      R"("used":false,"why":"not ready"}]}],"unusedEndpoints":[{"address":"fd00::1","port":8080,)"
      R"("slice":"web-2","node":"n","used":false,"why":"wrong family"}]})";
  start();
  EXPECT_EQ(run({"explain", "web"}), kOk) << err_.str();
  EXPECT_EQ(
      out_.str(),
      "default/web, ClusterIP, version 17\n"
      "  in the kernel since 2026-11-21T10:00:00Z\n"
      "  slice web-1, version 18\n"
      "\n"
      "TCP 10.96.0.10:80 (ClusterIP), scheduler rr\n"
      "  a note\n"
      "  ENDPOINT         USED  WHY                             WEIGHT  ACTIVE  INACTIVE  NODE "
      " SLICE\n"
      "  10.244.1.1:8080  yes   ready                                1       3         4  n    "
      " web-1\n"
      "  10.244.1.2:8080  no    not ready                                                 n    "
      " web-1\n"
      "  10.244.1.9:8080  no    no endpoint any more; draining       0       1         0\n"
      "\n"
      "of no address:\n"
      "  ENDPOINT        USED  WHY           WEIGHT  ACTIVE  INACTIVE  NODE  SLICE\n"
      "  [fd00::1]:8080  no    wrong family                            n     web-2\n");
}

TEST_F(RunCommand, PlanSaysWhenThereIsNothing) {
  answers_["/v1/plan"] = R"({"started":true,"servicesWaiting":0,"commands":[],"unread":[]})";
  start();
  EXPECT_EQ(run({"plan"}), kOk);
  EXPECT_EQ(out_.str(), "# nothing: the kernel is as it should be\n");
  answers_["/v1/plan"] =
      R"({"started":true,"servicesWaiting":2,"commands":["ipvsadm -A -t 1.2.3.4:80"]})";
  EXPECT_EQ(run({"plan"}), kOk);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("# changes of 2 Services wait"),
                                HasSubstr("\nipvsadm -A -t 1.2.3.4:80\n")));
  answers_["/v1/plan"] = R"({"started":false})";
  run({"plan"});
  EXPECT_THAT(out_.str(), HasSubstr("# the agent is starting"));
}

TEST_F(RunCommand, AuditTellsByItsExitStatus) {
  answers_["/v1/audit"] = R"({"started":true,"virtualServers":7,"sets":34,"differences":[]})";
  start();
  EXPECT_EQ(run({"audit"}), kOk);
  EXPECT_THAT(out_.str(), HasSubstr("all as it should be"));
  answers_["/v1/audit"] =
      R"({"started":true,"virtualServers":7,"sets":34,"differences":[{"what":"TCP 1.2.3.4:80",)"
      R"("found":"is gone"}],"foreign":[{"virtualServer":"TCP 9.9.9.9:1","scheduler":"wlc"}]})";
  EXPECT_EQ(run({"audit"}), kDifferences);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("TCP 1.2.3.4:80  is gone"), HasSubstr("TCP 9.9.9.9:1")));
  answers_["/v1/audit"] = R"({"started":true,"unread":["EPERM"]})";
  EXPECT_EQ(run({"audit"}), kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("could not be looked at: EPERM"));
}

TEST_F(RunCommand, WrongCommandLines) {
  EXPECT_EQ(run({"statsu"}), kUsage);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("\"statsu\" is no command"), HasSubstr("explain")));
  EXPECT_EQ(run({"status", "--help"}), kOk);
  EXPECT_THAT(out_.str(), HasSubstr("Usage: ipvs-agent status"));
}

TEST(IsCommand, FlagsAreNone) {
  EXPECT_TRUE(is_command(std::vector<std::string>{"status"}));
  EXPECT_FALSE(is_command(std::vector<std::string>{"--config", "status"}));
  EXPECT_FALSE(is_command(std::vector<std::string>{}));
}

}  // namespace
}  // namespace cli
