#ifndef IPVS_AGENT_TESTS_APISERVER_FAULTS_H_
#define IPVS_AGENT_TESTS_APISERVER_FAULTS_H_

#include <atomic>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/apiserver/connection.h"
#include "tests/apiserver/http.h"

namespace apiserver {

// Which requests a fault hits.
struct FaultScope {
  enum class Verb { kAny, kList, kWatch };
  std::string resource;  // a plural, such as "services"; "" for every one
  Verb verb = Verb::kAny;
};

// Something to do to a watch that is open.
struct WatchOrder {
  enum class Kind {
    kEnd,           // the proper end of the body, as when its time is over
    kReset,         // RST
    kSend,          // send `text` as it is, newline added
    kTruncateNext,  // send half of the next event, then close without the end of the body
    kCutShort,      // send half of the next event, then the proper end of the body
  };
  Kind kind = Kind::kEnd;
  std::string text;
};

// The misbehaviour asked for, and the watches that are open to receive it.
//
// Threading: every method may be called from any thread.
class Faults {
 public:
  // An open watch: constructed while its stream is served.
  class OpenWatch {
   public:
    OpenWatch(Faults& faults, std::string resource, const Connection& connection);
    ~OpenWatch();
    OpenWatch(const OpenWatch&) = delete;
    OpenWatch& operator=(const OpenWatch&) = delete;

    std::vector<WatchOrder> take_orders();
    bool silent() const;

   private:
    friend class Faults;
    Faults& faults_;
    const std::string resource_;
    const Connection& connection_;
    std::vector<WatchOrder> orders_;
  };

  // Answers the next `times` requests in scope so, instead of properly.
  void answer(int times, FaultScope scope, HttpResponse response);
  // Reads the next `times` requests in scope and never answers them.
  void hang(int times, FaultScope scope);
  // Gives an order to every open watch of the resource ("" for all); returns to how many.
  std::size_t order(const std::string& resource, const WatchOrder& order);
  // Sends nothing on watches of the resource, open and future ones, until told otherwise.
  void silence(const std::string& resource, bool on);
  // Forgets everything asked for.
  void clear();

  std::size_t open_watches(const std::string& resource) const;

  struct Verdict {
    bool hang = false;
    HttpResponse response;
  };
  // The fault that hits this request, counted as used.
  std::optional<Verdict> take(const std::string& resource, FaultScope::Verb verb);

  std::atomic<bool> drop_bookmarks = false;
  std::atomic<bool> duplicate_events = false;
  std::atomic<std::size_t> body_rate = 0;  // bytes a second; 0: no limit

 private:
  struct Planned {
    int times = 0;
    FaultScope scope;
    Verdict verdict;
  };

  mutable std::mutex mutex_;
  std::list<Planned> planned_;
  std::set<OpenWatch*> watches_;
  std::set<std::string> silent_;
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_FAULTS_H_
