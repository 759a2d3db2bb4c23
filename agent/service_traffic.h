#ifndef IPVS_AGENT_AGENT_SERVICE_TRAFFIC_H_
#define IPVS_AGENT_AGENT_SERVICE_TRAFFIC_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/service_metrics.h"
#include "agent/traffic_owners.h"
#include "agent/traffic_page.h"
#include "base/clock.h"
#include "base/result.h"
#include "ipvs/ipvs_table.h"

namespace agent {

// Metrics of single Services: their counters, read from the kernel when somebody asks for the page.
//
// Which Services: those of the mode. The top is that of the kernel's connection counts since the
// virtual servers were made, the first in order among equals; it changes slowly, so that series do
// not come and go.
// Cost: nothing while nobody asks. What was read serves kLife, and 20 times as long as reading it
// took: a twentieth of one processor at most, however often somebody asks. A reading lists all
// virtual servers, then reads those shown with their real servers.
//
// Threading: page() from any thread, one at a time reads; the loop's thread notes plans. The loop
//   never waits for a reading, apart from the kernel, which gives its table to both in turns of a
//   few kilobytes.
// Errors: what cannot be read is counted, and the last answer serves on for kMaxAge.
class ServiceTraffic {
 public:
  static constexpr base::Duration kLife = std::chrono::seconds(5);
  static constexpr base::Duration kMaxAge = std::chrono::minutes(1);

  // `table` is this object's alone; `clock` must live longer.
  ServiceTraffic(std::unique_ptr<ipvs::IpvsTable> table, const base::Clock& clock,
                 ServiceMetrics options);

  // What is wanted has changed by the touched things.
  void planned(const DesiredHost& desired, const Touched& touched);
  // Other options, from the next page on.
  void reconfigure(const ServiceMetrics& options, const DesiredHost& desired);

  // The part of the page; "" where the mode is none.
  std::string page();

 private:
  base::Result<std::vector<TrafficRow>> read(const ServiceMetrics& options);
  void refresh(const ServiceMetrics& options);
  ServiceMetrics options() const;

  const base::Clock& clock_;
  TrafficOwners owners_;

  mutable std::mutex options_mutex_;
  ServiceMetrics options_;

  std::mutex reading_mutex_;  // of everything below
  std::unique_ptr<ipvs::IpvsTable> table_;
  ServiceMetrics shown_;  // what text_ was made for
  std::string text_;
  bool read_once_ = false;
  base::TimePoint next_read_{};
  base::TimePoint text_made_{};
  base::Duration took_{};
  std::size_t services_shown_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_SERVICE_TRAFFIC_H_
