#ifndef IPVS_AGENT_WATCHERS_ENDPOINT_POOL_H_
#define IPVS_AGENT_WATCHERS_ENDPOINT_POOL_H_

#include <memory>
#include <string>

#include "watchers/objects.h"
#include "watchers/weak_pool.h"

namespace watchers {

// One allocation for each place that endpoints in use have.
//
// Threading: one owner; what it gave may be used and dropped anywhere.
class EndpointPool {
 public:
  // Null where it says nothing.
  std::shared_ptr<const EndpointPlace> place(const EndpointPlace& place);

 private:
  WeakPool<EndpointPlace> places_;
  std::string key_;  // kept for its memory
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_ENDPOINT_POOL_H_
