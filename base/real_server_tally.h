#ifndef IPVS_AGENT_BASE_REAL_SERVER_TALLY_H_
#define IPVS_AGENT_BASE_REAL_SERVER_TALLY_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace base {

// The words in which an answer of the agent tells how a real server is. "missing" and "unwanted"
// are others; so may those of another version be.
inline constexpr std::string_view kRealServerOk = "ok";
inline constexpr std::string_view kRealServerDraining = "draining";
inline constexpr std::string_view kRealServerStopped = "weight 0";

// How many real servers of one virtual server are in which state.
class RealServerTally {
 public:
  // Counts a real server. Any word but the three above says that it is not in step.
  void add(std::string_view state);

  // The worst of it in a word or a few: "2 not in step", "no endpoints" (none that new connections
  // go to), "1 at weight 0", "3 draining" or "ok".
  std::string summary() const;

 private:
  std::size_t serving_ = 0;
  std::size_t draining_ = 0;
  std::size_t stopped_ = 0;
  std::size_t wrong_ = 0;
};

}  // namespace base

#endif  // IPVS_AGENT_BASE_REAL_SERVER_TALLY_H_
