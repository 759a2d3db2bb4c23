#include "tests/cluster/http_client.h"

#include <curl/curl.h>

#include <array>
#include <mutex>

namespace cluster {
namespace {

using base::Code;
using base::Result;
using base::Status;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void append(HeaderList& list, const std::string& header) {
  list.reset(curl_slist_append(list.release(), header.c_str()));
}

// Copied by the library when it is set.
curl_blob blob(const std::string& text) {
  return {.data = const_cast<char*>(text.data()), .len = text.size(), .flags = CURL_BLOB_COPY};
}

// What the two callbacks fill.
struct Exchange {
  CURL* curl = nullptr;
  HttpAnswer answer;
  const HttpClient::Sink* sink = nullptr;
  bool stopped_by_sink = false;
};

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  long status = 0;
  curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
  if (!*exchange->sink || status < 200 || status > 299) {
    exchange->answer.body.append(data, size);
    return size;
  }
  if ((*exchange->sink)(std::string_view(data, size))) return size;
  exchange->stopped_by_sink = true;
  return 0;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) {
  static_cast<Exchange*>(user)->answer.headers.append(data, size);
  return size;
}

}  // namespace

struct HttpClient::Impl {
  Impl() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    handle.reset(curl_easy_init());
  }

  struct Free {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };
  std::unique_ptr<CURL, Free> handle;
};

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpAnswer> HttpClient::send(const HttpRequest& request, const Sink& sink) {
  CURL* curl = impl_->handle.get();
  curl_easy_reset(curl);  // forgets the options and keeps the connections
  Exchange exchange;
  exchange.curl = curl;
  exchange.sink = &sink;
  std::array<char, CURL_ERROR_SIZE> reason{};

  HeaderList headers;
  for (const std::string& header : request.headers) append(headers, header);
  const Credentials& credentials = request.credentials;
  if (!credentials.token.empty()) append(headers, "Authorization: Bearer " + credentials.token);
  append(headers, "Expect:");  // no pause before a large body

  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.deadline.count()));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  if (!request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  }
  if (credentials.authority.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  } else {
    curl_blob authority = blob(credentials.authority);
    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &authority);
    curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  }
  if (!credentials.certificate.empty()) {
    curl_blob certificate = blob(credentials.certificate);
    curl_blob key = blob(credentials.key);
    curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &certificate);
    curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key);
  }

  CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK && !exchange.stopped_by_sink) {
    std::string message = request.method + " " + request.url + ": " +
                          (reason[0] != '\0' ? reason.data() : curl_easy_strerror(code));
    return Status(code == CURLE_OPERATION_TIMEDOUT ? Code::kCancelled : Code::kUnavailable,
                  std::move(message));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  exchange.answer.status = static_cast<int>(status);
  return std::move(exchange.answer);
}

}  // namespace cluster
