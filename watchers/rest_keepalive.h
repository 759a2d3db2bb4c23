#ifndef IPVS_AGENT_WATCHERS_REST_KEEPALIVE_H_
#define IPVS_AGENT_WATCHERS_REST_KEEPALIVE_H_

namespace watchers {

// Makes a TCP connection notice within 30 s that the other side has vanished, whether it is quiet
// (probes after 15 s, every 5 s, 3 of them) or has sent bytes that are not acknowledged. Best
// effort: where the kernel refuses, the idle time-out finds out later.
// Kernel notes: tcp(7), SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT.
void keep_alive(int socket);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_REST_KEEPALIVE_H_
