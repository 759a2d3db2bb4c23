#ifndef IPVS_AGENT_AGENT_COMMAND_SERVER_H_
#define IPVS_AGENT_AGENT_COMMAND_SERVER_H_

#include <optional>
#include <string>

#include "agent/drain_order_file.h"
#include "agent/explanation.h"
#include "agent/health.h"
#include "agent/host_scan.h"
#include "agent/http_server.h"
#include "agent/loop_questions.h"
#include "agent/published.h"
#include "base/clock.h"
#include "base/result.h"
#include "ipvs/foretold_choice.h"

namespace agent {

// Answers the command line of a running agent: JSON over HTTP at a Unix socket that only the
// socket's owner may use, so that `curl --unix-socket` can ask as well.
//
//   GET /v1/status?namespace=&name=&selector=&after=NAMESPACE/NAME&limit=
//   GET /v1/explain?service=NAMESPACE/NAME, or ?address=IP:PORT&protocol=TCP
//   GET /v1/plan, /v1/audit, /v1/config
//   GET /v1/drain; POST /v1/drain?target= gives an order, DELETE /v1/drain?target= takes it back
//
// A wrong question is answered with 400, what is not known with 404, a busy agent with 503, each
// with {"error": ...}.
// Threading: its HttpServer's one thread asks the loop and waits for it: one question at a time.
class CommandServer {
 public:
  // All outlive it.
  struct Parts {
    LoopQuestions& questions;
    const Published<HealthState>& health;
    const base::Clock& clock;
    const DrainOrderFile& drain_orders;           // where orders wait for the next agent
    const Published<std::string>& configuration;  // as JSON: configuration_json()
    ipvs::TemplateSource templates = ipvs::read_templates;
  };

  explicit CommandServer(Parts parts);

  // Listens at the path. Errors: see listen_at_path().
  base::Status start(const std::string& path);
  void stop() { server_.stop(); }

  // The answer to a request: for the server's thread, and for tests.
  HttpResponse answer(const HttpRequest& request);

 private:
  HttpResponse status(const HttpRequest& request);
  HttpResponse explain(const HttpRequest& request);
  HttpResponse explained(const base::Result<PlannedFrom>& found,
                         const std::optional<ipvs::Client>& client) const;
  HttpResponse drain(const HttpRequest& request);
  HttpResponse scan(std::string (*render)(const HostScan&));

  Parts parts_;
  HttpServer server_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_COMMAND_SERVER_H_
