#ifndef IPVS_AGENT_TESTS_APISERVER_HTTP_H_
#define IPVS_AGENT_TESTS_APISERVER_HTTP_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/apiserver/connection.h"

namespace apiserver {

struct HttpRequest {
  std::string method;
  std::string target;                          // as sent: path and query
  std::string path;                            // decoded
  std::map<std::string, std::string> query;    // decoded
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  // The query's or header's value, "" where it is not given.
  std::string parameter(const std::string& name) const;
  std::string header(const std::string& name) const;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  HttpHeaders headers;
  std::string body;
};

// Reads one request of HTTP/1.1 (bodies by Content-Length or chunked). nullopt when the client is
// gone or sends what is no HTTP.
std::optional<HttpRequest> read_request(Connection& connection, std::string& unread);

// Sends an answer with Content-Length. False when the client is gone.
bool write_response(Connection& connection, const HttpResponse& response);

// An answer whose body comes piece by piece, each sent as one HTTP chunk at once.
bool begin_chunks(Connection& connection, const HttpResponse& head);
bool write_chunk(Connection& connection, std::string_view bytes);
bool end_chunks(Connection& connection);

// gzip's form of `text`.
std::string gzipped(std::string_view text);

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_HTTP_H_
