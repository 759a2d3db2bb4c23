#include "tests/takeover/kube_proxy.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace takeover {
namespace {

std::string program() {
  const char* path = std::getenv("KUBE_PROXY");  // NOLINT(concurrency-mt-unsafe): never written
  if (path == nullptr) {
    throw std::runtime_error("KUBE_PROXY is not set: start this program with tests/takeover/run");
  }
  return path;
}

}  // namespace

bool KubeProxy::start(const std::string& mode, const std::vector<std::string>& lines,
                      const std::vector<std::string>& before) {
  std::string path = lab_.api().folder() + "/kube-proxy.yaml";
  std::ofstream file(path);
  // The API server of the tests speaks JSON only. Limits of the machine are not this test's matter.
  file << "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
       << "mode: " << mode << "\nhostnameOverride: " << kernel_test::kNodeName
       << "\nclientConnection: {kubeconfig: " << lab_.api().kubeconfig()
       << ", contentType: application/json, acceptContentTypes: application/json}\n"
       << "conntrack: {maxPerCore: 0, min: 0}\noomScoreAdj: 0\n";
  for (const std::string& line : lines) file << line << "\n";
  file.close();
  if (process_) earlier_logs_ += log() + "--- restarted\n";
  // Without collecting garbage, as long as there is little, it takes less of an emulated processor.
  std::vector<std::string> argv = {"env", "GOGC=off", "GOMEMLIMIT=500MiB"};
  argv.insert(argv.end(), before.begin(), before.end());
  argv.insert(argv.end(), {program(), "--config", path, "--v", mode == "ipvs" ? "4" : "2"});
  auto started = lab_.node().start(argv);
  if (!started) throw std::runtime_error(started.status().message());
  process_ = std::move(*started);
  constexpr char kLastSync[] = "kubeproxy_sync_proxy_rules_last_timestamp_seconds";
  bool in_step = kernel_test::eventually(
      [&] {
        if (!process_->running()) return true;
        // Asking it for its metrics takes an emulated processor from it: only when there is reason.
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        const std::string text = process_->out() + process_->err();
        for (const char* family : {"IPv4", "IPv6"}) {
          // A line begins so at the end of a sync, with a small or a capital letter.
          if (text.find(std::string("yncProxyRules complete\" ipFamily=\"") + family) ==
              text.npos) {
            return false;
          }
        }
        const std::string page = lab_.metrics();
        return lab::metric_in(page, kLastSync, "IPv4").value_or(0) > 0 &&
               lab::metric_in(page, kLastSync, "IPv6").value_or(0) > 0;
      },
      10 * kernel_test::kPatience);
  return in_step && process_->running();
}

void KubeProxy::stop() {
  process_->signal(SIGTERM);
  if (!process_->wait(kernel_test::kPatience)) process_->signal(SIGKILL);
}

std::string KubeProxy::log() const {
  return earlier_logs_ + (process_ ? process_->out() + process_->err() : "");
}

}  // namespace takeover
