#include "watchers/rest_exchange.h"

#include <cstddef>
#include <utility>

namespace watchers {
namespace {

constexpr std::size_t kQueueBytes = std::size_t{1024} * 1024;

}  // namespace

Exchange::Exchange(std::string request_path, RequestOptions request_options,
                   std::string bearer_token, std::optional<std::string> json_to_send)
    : path(std::move(request_path)),
      options(std::move(request_options)),
      token(std::move(bearer_token)),
      sent(std::move(json_to_send)),
      body(kQueueBytes) {}

base::Result<ResponseHead> Exchange::wait_for_head() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return head_.has_value(); });
  return *head_;
}

void Exchange::cancel() {
  settle(base::Status(base::Code::kCancelled, "the request was cancelled"));
  body.cancel();
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(cancelled_, true)) return;
  }
  if (end_request_) end_request_();
}

void Exchange::begin(ResponseHead head) { settle(std::move(head)); }

void Exchange::fail(const base::Status& status) {
  settle(status);
  body.finish(status);
}

void Exchange::settle(base::Result<ResponseHead> head) {
  {
    std::lock_guard lock(mutex_);
    if (!head_) head_ = std::move(head);
  }
  changed_.notify_all();
}

ExchangeBody::ExchangeBody(std::shared_ptr<Exchange> exchange, std::string url)
    : exchange_(std::move(exchange)), url_(std::move(url)) {}

ExchangeBody::~ExchangeBody() { exchange_->cancel(); }

base::Result<std::size_t> ExchangeBody::read(std::span<char> buffer) {
  base::Result<std::size_t> got = exchange_->body.read(buffer);
  return got ? got : got.status().in(url_);
}

void ExchangeBody::cancel() { exchange_->cancel(); }

}  // namespace watchers
