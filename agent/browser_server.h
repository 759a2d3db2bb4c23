#ifndef IPVS_AGENT_AGENT_BROWSER_SERVER_H_
#define IPVS_AGENT_AGENT_BROWSER_SERVER_H_

#include <chrono>
#include <string>
#include <vector>

#include "agent/browser_frame.h"
#include "agent/health.h"
#include "agent/http_server.h"
#include "agent/loop_questions.h"
#include "agent/published.h"
#include "agent/recent_log.h"
#include "base/clock.h"
#include "base/result.h"
#include "ipvs/persistence.h"

namespace agent {

// The page for browsers: what `status` and `explain` say, what drains, and what changed. It only
// reads.
//
//   GET /?namespace=&text=&troubled=1&after=NAMESPACE/NAME   Services
//   GET /service?name=NAMESPACE/NAME&client=                 one of them, and what a client gets
//   GET /changes, /drains
//
// With &part=live an answer is the part of the document alone that the script replaces.
// Everything but a name of this machine's loopback in the Host header is refused.
// Threading: its HttpServer's one thread asks the loop and waits for it: one question at a time.
class BrowserServer {
 public:
  // All outlive it.
  struct Parts {
    LoopQuestions& questions;
    const Published<HealthState>& health;
    const base::Clock& clock;
    const RecentLog& changes;
    ipvs::TemplateSource templates = ipvs::read_templates;
  };
  struct Options {
    std::string node;                                  // its name
    base::Duration refresh = std::chrono::seconds(3);  // how often open pages ask again
    ListenObserver on_listen = {};                     // may be empty
  };

  BrowserServer(Parts parts, Options options);

  // Begins to answer. Errors: kResourceExhausted.
  base::Status start() { return server_.start(); }
  // Where it answers from now on; see HttpServer::listen(). Once start() has succeeded.
  base::Status listen(const ListenAddress& where) { return server_.listen(where); }
  void stop() { server_.stop(); }
  std::vector<ListenAddress> serving() const { return server_.serving(); }

  // The answer to a request: for the server's thread, and for tests.
  HttpResponse answer(const HttpRequest& request);

 private:
  struct View;

  View services(const HttpRequest& request);
  View service(const HttpRequest& request);
  View changes();
  View drains();
  View view_of(const HttpRequest& request);
  Moment now() const { return {parts_.clock.now(), parts_.clock.wall_now()}; }

  Parts parts_;
  Options options_;
  HttpServer server_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_BROWSER_SERVER_H_
