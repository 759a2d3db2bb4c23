#ifndef IPVS_AGENT_WATCHERS_STATUS_READER_H_
#define IPVS_AGENT_WATCHERS_STATUS_READER_H_

#include <string_view>

#include "watchers/object_decoder.h"

namespace watchers {

// Reads a list without its items, or a Status that came in the place of one. What is not understood
// is left empty.
// Errors: kCorrupt when it is not a JSON object.
base::Result<ListEnvelope> read_envelope(std::string_view json);

// The Status in a watch event of type ERROR; empty where it cannot be read.
ApiStatus read_error_event(std::string_view json);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_STATUS_READER_H_
