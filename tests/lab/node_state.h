#ifndef IPVS_AGENT_TESTS_LAB_NODE_STATE_H_
#define IPVS_AGENT_TESTS_LAB_NODE_STATE_H_

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/ip_address.h"
#include "tests/lab/namespace.h"

// What the kernel of a node holds, as the tools tell it, one thing a line and sorted, without what
// changes by itself: equal before and after means that nothing changed.
//
// Errors: std::runtime_error where a tool fails, with what it says.
namespace lab {

std::string ipvs_of(const Namespace& node);       // ipvsadm -Sn
std::string addresses_of(const Namespace& node);  // of kube-ipvs0; "" without that device
std::string sets_of(const Namespace& node);       // ipset save
// Tables nat and filter. `suffix` selects the tool: "-legacy" for iptables-legacy-save.
std::string rules_of(const Namespace& node, base::Family family, const std::string& suffix = "");
// All of these together, the rules of both families.
std::string everything_of(const Namespace& node, const std::string& suffix = "");

// The agent's page of metrics; "" when there is no answer.
std::string metrics_of(const Namespace& node);
// The sum of a metric over the label sets that contain `labels`; nullopt without any such.
std::optional<double> metric_in(const std::string& page, const std::string& name,
                                const std::string& labels = "");

// Asks again and again until the condition holds; false when that never came in time.
bool eventually(const std::function<bool()>& condition, base::Duration patience);

}  // namespace lab

#endif  // IPVS_AGENT_TESTS_LAB_NODE_STATE_H_
