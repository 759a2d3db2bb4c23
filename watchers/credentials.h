#ifndef IPVS_AGENT_WATCHERS_CREDENTIALS_H_
#define IPVS_AGENT_WATCHERS_CREDENTIALS_H_

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace watchers {

// The bearer token to send, read again as its file rotates: the kubelet replaces the tokens of
// service accounts long before they expire.
//
// Threading: every method may be called from any thread; the file is read by the caller.
class BearerToken {
 public:
  // How long a token read from the file is used before the file is looked at again.
  static constexpr base::Duration kReadAgainAfter = std::chrono::seconds(60);

  // `fixed` stands in while the file cannot be read for the first time; both may be "". `clock`
  // must outlive this.
  BearerToken(std::string fixed, std::string file, const base::Clock& clock);

  // The token for the next request, "" where none is configured. When the file cannot be read, the
  // token read before still stands. Errors: the file was never readable and there is no other
  // token, or what it holds is no token.
  base::Result<std::string> current();
  // The server refused `token` (401): the next current() reads the file, unless that was done since
  // `token` was handed out.
  void refused(const std::string& token);

 private:
  base::Result<std::string> read() const;

  const std::string fixed_;
  const std::string file_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::optional<std::string> token_;        // from the file
  std::optional<base::TimePoint> read_at_;  // last try; nothing: read at once
};

// Whether `token` can stand in a header: visible ASCII only, and something of it.
bool is_bearer_token(std::string_view token);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_CREDENTIALS_H_
