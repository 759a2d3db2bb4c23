#ifndef IPVS_AGENT_WATCHERS_REST_CPPREST_SINK_H_
#define IPVS_AGENT_WATCHERS_REST_CPPREST_SINK_H_

#include <cpprest/streams.h>

#include <cstdint>
#include <memory>

#include "watchers/rest_exchange.h"

namespace watchers {

// A stream for the library to write the body of an answer to, straight into the exchange's queue.
// While the queue is full the library's write stays pending, and it reads no more from the socket.
Concurrency::streams::basic_ostream<std::uint8_t> body_sink(std::shared_ptr<Exchange> exchange);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_REST_CPPREST_SINK_H_
