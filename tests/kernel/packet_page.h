#ifndef IPVS_AGENT_TESTS_KERNEL_PACKET_PAGE_H_
#define IPVS_AGENT_TESTS_KERNEL_PACKET_PAGE_H_

#include <set>
#include <string>

#include "tests/kernel/packet_rules.h"

namespace kernel_test {

// "both, source kept", "local: source kept; remote: no answer", "refused", ...
std::string in_words(const std::set<Outcome>& outcomes);

// docs/packets.md: the whole table as the rules have it.
std::string packets_page();

}  // namespace kernel_test

#endif  // IPVS_AGENT_TESTS_KERNEL_PACKET_PAGE_H_
