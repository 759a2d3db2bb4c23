#include "tests/apiserver/http.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>

namespace apiserver {
namespace {

constexpr std::size_t kLargestHead = 64 << 10;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 2, value, 16).ptr == &text[i + 1] + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

// Calls `take` with every piece of `text` between separators.
template <typename Take>
void split(std::string_view text, std::string_view separator, Take take) {
  while (!text.empty()) {
    auto end = text.find(separator);
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + separator.size());
  }
}

void parse_target(HttpRequest& request) {
  std::string_view target = request.target;
  auto question = target.find('?');
  request.path = percent_decoded(target.substr(0, question));
  if (question == std::string_view::npos) return;
  split(target.substr(question + 1), "&", [&](std::string_view pair) {
    auto equals = pair.find('=');
    std::string value =
        equals == std::string_view::npos ? "" : percent_decoded(pair.substr(equals + 1));
    request.query[percent_decoded(pair.substr(0, equals))] = value;
  });
}

bool parse_head(std::string_view head, HttpRequest& request) {
  bool first = true;
  split(head, "\r\n", [&](std::string_view line) {
    if (first) {
      auto method_end = line.find(' ');
      auto target_end = line.rfind(' ');
      if (method_end == std::string_view::npos || target_end <= method_end) return;
      request.method = line.substr(0, method_end);
      request.target = line.substr(method_end + 1, target_end - method_end - 1);
      first = false;
      return;
    }
    auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    request.headers[lower(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
  });
  if (first) return false;
  parse_target(request);
  return true;
}

// Adds what the client sends next to `unread`; false when it is gone.
bool read_more(Connection& connection, std::string& unread) {
  std::array<char, 16 << 10> buffer;
  std::size_t got = connection.read(buffer);
  unread.append(buffer.data(), got);
  return got > 0;
}

bool read_chunked_body(Connection& connection, std::string& unread, std::string& body) {
  for (;;) {
    std::size_t line_end;
    while ((line_end = unread.find("\r\n")) == std::string::npos) {
      if (!read_more(connection, unread)) return false;
    }
    std::size_t size = std::strtoul(unread.c_str(), nullptr, 16);
    while (unread.size() < line_end + 2 + size + 2) {
      if (!read_more(connection, unread)) return false;
    }
    body.append(unread, line_end + 2, size);
    unread.erase(0, line_end + 2 + size + 2);
    if (size == 0) return true;
  }
}

const char* reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

std::string head_of(const HttpResponse& response) {
  std::string head =
      "HTTP/1.1 " + std::to_string(response.status) + " " + reason_phrase(response.status) + "\r\n";
  head += "Cache-Control: no-cache, private\r\n";
  head += "Content-Type: " + response.content_type + "\r\n";
  for (const auto& [name, value] : response.headers) {
    head += name;
    head += ": " + value + "\r\n";
  }
  return head;
}

}  // namespace

std::string HttpRequest::parameter(const std::string& name) const {
  auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

std::string HttpRequest::header(const std::string& name) const {
  auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::optional<HttpRequest> read_request(Connection& connection, std::string& unread) {
  std::size_t head_end;
  while ((head_end = unread.find("\r\n\r\n")) == std::string::npos) {
    if (unread.size() > kLargestHead || !read_more(connection, unread)) return std::nullopt;
  }
  HttpRequest request;
  if (!parse_head(std::string_view(unread).substr(0, head_end), request)) return std::nullopt;
  unread.erase(0, head_end + 4);
  if (lower(request.header("expect")) == "100-continue" &&
      !connection.write("HTTP/1.1 100 Continue\r\n\r\n")) {
    return std::nullopt;
  }
  if (lower(request.header("transfer-encoding")) == "chunked") {
    if (!read_chunked_body(connection, unread, request.body)) return std::nullopt;
    return request;
  }
  std::size_t length = std::strtoul(request.header("content-length").c_str(), nullptr, 10);
  while (unread.size() < length) {
    if (!read_more(connection, unread)) return std::nullopt;
  }
  request.body = unread.substr(0, length);
  unread.erase(0, length);
  return request;
}

bool write_response(Connection& connection, const HttpResponse& response) {
  std::string head = head_of(response);
  head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n";
  // Small answers in one segment, large ones without a copy.
  if (response.body.size() < (64 << 10)) return connection.write(head + response.body);
  return connection.write(head) && connection.write(response.body);
}

bool begin_chunks(Connection& connection, const HttpResponse& head) {
  return connection.write(head_of(head) + "Transfer-Encoding: chunked\r\n\r\n");
}

bool write_chunk(Connection& connection, std::string_view bytes) {
  if (bytes.empty()) return true;
  std::array<char, 20> size;
  auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
  std::string head(size.data(), end);
  head += "\r\n";
  if (bytes.size() < (64 << 10)) {
    head += bytes;
    head += "\r\n";
    return connection.write(head);
  }
  return connection.write(head) && connection.write(bytes) && connection.write("\r\n");
}

bool end_chunks(Connection& connection) { return connection.write("0\r\n\r\n"); }

std::string gzipped(std::string_view text) {
  constexpr int kGzipWindow = 15 + 16;
  constexpr int kLevel = 4;  // kube-apiserver's
  z_stream stream{};
  deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace apiserver
