#ifndef IPVS_AGENT_WATCHERS_REST_EXCHANGE_H_
#define IPVS_AGENT_WATCHERS_REST_EXCHANGE_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "watchers/byte_queue.h"
#include "watchers/rest_client.h"

namespace watchers {

// One request from its start to the last byte of its answer: where the thread that asked and the
// thread that moves the bytes meet. Knows nothing of the HTTP library.
//
// Threading: every method may be called from any thread.
class Exchange {
 public:
  // `json_to_send` has a value for a POST.
  Exchange(std::string request_path, RequestOptions request_options, std::string bearer_token,
           std::optional<std::string> json_to_send);

  const std::string path;
  const RequestOptions options;
  const std::string token;
  const std::optional<std::string> sent;  // no value: a GET
  ByteQueue body;

  // What ends the request inside the library; called by the first cancel(), from its thread. Set
  // before another thread knows of the exchange.
  void on_cancel(std::function<void()> end_request) { end_request_ = std::move(end_request); }

  // The side that asked: blocks until begin(), fail() or cancel() was called. Errors: theirs.
  base::Result<ResponseHead> wait_for_head();
  // Makes waiting for head and body return kCancelled.
  void cancel();

  // The side that moves the bytes. The first of begin(), fail() and cancel() decides what
  // wait_for_head() returns.
  void begin(ResponseHead head);
  // Before or after begin(): no more bytes will come.
  void fail(const base::Status& status);

 private:
  void settle(base::Result<ResponseHead> head);

  std::function<void()> end_request_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<base::Result<ResponseHead>> head_;
  bool cancelled_ = false;
};

// The body of an exchange; errors name the URL.
class ExchangeBody final : public ResponseBody {
 public:
  ExchangeBody(std::shared_ptr<Exchange> exchange, std::string url);
  ~ExchangeBody() override;
  base::Result<std::size_t> read(std::span<char> buffer) override;
  void cancel() override;

 private:
  const std::shared_ptr<Exchange> exchange_;
  const std::string url_;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_REST_EXCHANGE_H_
