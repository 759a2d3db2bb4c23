#ifndef IPVS_AGENT_AGENT_TABLE_HEALTH_H_
#define IPVS_AGENT_AGENT_TABLE_HEALTH_H_

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace agent {

// Parts that are named in several places.
inline constexpr char kReadingIpvs[] = "reading the ipvs table";
inline constexpr char kReadingAddresses[] = "reading the address table";
inline constexpr char kMakingDevice[] = "making the service device";

// A part of the way from the cluster to packets that does not work for anybody.
struct BrokenPart {
  base::TimePoint since;  // of the first failure in a row
  std::string message;    // the newest failure
};

// Which parts of the data path do not work as a whole: "writing the ipset table". One thing of a
// table that fails while the table works for others is none of them; see Host::judge_tables().
//
// Threading: one owner.
class TableHealth {
 public:
  void worked(const std::string& part) { broken_.erase(part); }
  void failed(const std::string& part, const base::Status& failure, base::TimePoint now) {
    auto [place, first] = broken_.try_emplace(part);
    if (first) place->second.since = now;
    place->second.message = failure.message();
  }
  void note(const std::string& part, const base::Status& outcome, base::TimePoint now) {
    outcome.ok() ? worked(part) : failed(part, outcome, now);
  }

  const std::map<std::string, BrokenPart>& broken() const { return broken_; }
  // The longest of them; no value while everything works.
  std::optional<base::TimePoint> oldest() const {
    std::optional<base::TimePoint> oldest;
    for (const auto& [part, broken] : broken_) {
      if (!oldest || broken.since < *oldest) oldest = broken.since;
    }
    return oldest;
  }

 private:
  std::map<std::string, BrokenPart> broken_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_TABLE_HEALTH_H_
