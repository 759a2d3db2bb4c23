#ifndef IPVS_AGENT_WATCHERS_ENDPOINT_POOL_H_
#define IPVS_AGENT_WATCHERS_ENDPOINT_POOL_H_

#include <memory>
#include <string>
#include <string_view>

#include "watchers/objects.h"
#include "watchers/weak_pool.h"

namespace watchers {

// One allocation for each node name and each set of hints that endpoints in use have.
//
// Threading: one owner; what it gave may be used and dropped anywhere.
class EndpointPool {
 public:
  SharedString node(std::string_view name);
  // Null where there are none.
  std::shared_ptr<const EndpointHints> hints(const EndpointHints& hints);

 private:
  WeakPool<std::string> nodes_;
  WeakPool<EndpointHints> hints_;
  std::string key_;  // kept for its memory
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_ENDPOINT_POOL_H_
