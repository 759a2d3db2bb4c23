#include "watchers/credentials.h"

#include <algorithm>
#include <utility>

#include "watchers/cluster_access.h"

namespace watchers {

BearerToken::BearerToken(std::string fixed, std::string file, const base::Clock& clock)
    : fixed_(std::move(fixed)), file_(std::move(file)), clock_(clock) {}

base::Result<std::string> BearerToken::current() {
  if (file_.empty()) return fixed_;
  std::lock_guard lock(mutex_);
  base::TimePoint now = clock_.now();
  if (!read_at_ || now - *read_at_ >= kReadAgainAfter) {
    base::Result<std::string> fresh = read();
    if (fresh) {
      token_ = *std::move(fresh);
      read_at_ = now;
    } else if (token_) {
      read_at_ = now;
    } else if (fixed_.empty()) {
      return fresh;
    }
  }
  return token_.value_or(fixed_);
}

void BearerToken::refused(const std::string& token) {
  std::lock_guard lock(mutex_);
  if (token_.value_or(fixed_) == token) read_at_.reset();
}

base::Result<std::string> BearerToken::read() const {
  base::Result<std::string> text = read_file(file_);
  if (!text) return text.status().in("bearer token");
  constexpr const char* kBlank = " \t\r\n";
  std::size_t begin = text->find_first_not_of(kBlank);
  std::size_t end = text->find_last_not_of(kBlank);
  std::string token =
      begin == std::string::npos ? std::string() : text->substr(begin, end - begin + 1);
  if (!is_bearer_token(token)) {
    return base::Status(
        base::Code::kInvalidArgument,
        "bearer token: " + file_ + ": found " +
            (token.empty() ? "nothing" : "white space or control characters in it") +
            ", allowed: one line with the token");
  }
  return token;
}

bool is_bearer_token(std::string_view token) {
  return !token.empty() &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace watchers
