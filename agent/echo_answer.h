#ifndef IPVS_AGENT_AGENT_ECHO_ANSWER_H_
#define IPVS_AGENT_AGENT_ECHO_ANSWER_H_

#include <cstdint>

namespace agent {

// What an ICMP echo request to a service address on the service device meets.
enum class EchoAnswer : std::uint8_t {
  kReject,  // "port unreachable", as with kube-proxy
  kAnswer,  // an echo reply from this node, whatever the state of the Service
  kDrop,    // nothing
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_ECHO_ANSWER_H_
