#ifndef IPVS_AGENT_CLI_MAN_PAGE_H_
#define IPVS_AGENT_CLI_MAN_PAGE_H_

#include <string>

namespace cli {

// ipvs-agent(8) in man(7)'s language, made of commands(): deploy/debian/ipvs-agent.8.
std::string man_page();

}  // namespace cli

#endif  // IPVS_AGENT_CLI_MAN_PAGE_H_
