// test-apiserver: the test API server as a program, for the demo and for experiments by hand.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/apiserver/admin.h"
#include "tests/apiserver/manifests.h"
#include "tests/apiserver/sample_objects.h"
#include "tests/apiserver/test_api_server.h"

namespace {

struct Arguments {
  std::string listen = "127.0.0.1:6443";
  std::string admin = "127.0.0.1:0";
  std::string state;
  std::string manifests;
  std::vector<std::string> addresses;
  std::vector<std::string> tokens;
  int bulk_services = 0;
  int bulk_endpoints = 10;
  bool managed_fields = false;
};

void declare(CLI::App& app, Arguments& arguments) {
  app.add_option("--listen", arguments.listen, "ADDRESS:PORT to serve the API at (TLS)")
      ->capture_default_str();
  app.add_option("--admin", arguments.admin, "ADDRESS:PORT for commands (plain HTTP)")
      ->capture_default_str();
  app.add_option("--state", arguments.state,
                 "Folder for certificates, kubeconfig, token and the files 'url' and 'admin'")
      ->required();
  app.add_option("--manifests", arguments.manifests, "Folder of YAML or JSON objects to begin with")
      ->check(CLI::ExistingDirectory);
  app.add_option("--address", arguments.addresses,
                 "Further IP address the server's certificate is good for; may be repeated");
  app.add_option("--token", arguments.tokens, "TOKEN=USER to accept; may be repeated");
  app.add_option("--bulk-services", arguments.bulk_services, "Services to make at the start");
  app.add_option("--bulk-endpoints", arguments.bulk_endpoints, "Endpoints of each of those")
      ->capture_default_str();
  app.add_flag("--managed-fields", arguments.managed_fields, "Add metadata.managedFields");
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text << "\n";
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

void require(const base::Status& status, const std::string& what) {
  if (!status) throw std::runtime_error(what + ": " + status.message());
}

void load(apiserver::TestApiServer& server, const Arguments& arguments) {
  if (!arguments.manifests.empty()) {
    for (const nlohmann::json& object : apiserver::read_manifests(arguments.manifests)) {
      require(server.put(object).status(), "object in " + arguments.manifests);
    }
  }
  apiserver::load_bulk(server.store(), arguments.bulk_services, arguments.bulk_endpoints);
  for (const std::string& pair : arguments.tokens) {
    auto equals = pair.rfind('=');
    if (equals == std::string::npos) {
      throw std::runtime_error("--token '" + pair + "': want TOKEN=USER");
    }
    server.access().allow_token(pair.substr(0, equals), pair.substr(equals + 1));
  }
}

void run(const Arguments& arguments) {
  // Before any thread starts, so that none of them takes the signal.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  apiserver::TestApiServerOptions options;
  options.listen = arguments.listen;
  options.folder = arguments.state;
  options.more_ip_addresses = arguments.addresses;
  options.store.managed_fields = arguments.managed_fields;
  apiserver::TestApiServer server(options);
  load(server, arguments);
  require(server.start(), "start");
  apiserver::Admin admin(server, arguments.admin);
  require(admin.start(), "start of the admin port");
  write_file(arguments.state + "/admin", admin.url());
  // Last: whoever waits for this file finds everything else ready.
  write_file(arguments.state + "/url", server.url());
  std::printf("test-apiserver: serving %s, commands at %s, kubeconfig %s\n", server.url().c_str(),
              admin.url().c_str(), server.kubeconfig().c_str());
  std::fflush(stdout);
  int signal_number = 0;
  sigwait(&ends, &signal_number);
  admin.stop();
  server.stop();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A stand-in for kube-apiserver, for tests and the demo");
  Arguments arguments;
  declare(app, arguments);
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "test-apiserver: %s\n", error.what());
    return 1;
  }
  return 0;
}
