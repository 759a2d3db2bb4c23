#include "tests/kernel/packet_page.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace kernel_test {
namespace {

constexpr std::string_view kIntroduction = R"(# What becomes of a packet

<!-- Generated from tests/kernel/packet_rules.cc; a test keeps the two equal. -->

Who reaches which endpoint of a Service, and which source address that endpoint sees. Every line below was asked of the real
kernel, by TCP, UDP and SCTP, over IPv4 and IPv6, with the agent programming it: `./dev test kernel` compares each answer with
the rules that this page is printed from, `./dev test kernel --all` also with the other ways to tell the pods' traffic.

- *policy* is `internalTrafficPolicy` for a ClusterIP and `externalTrafficPolicy` for the others; *endpoints* says where those are
  that may be used: on the node that the packet reaches, on another one, or nowhere. A *remote pod* is one of another node whose
  requests reach this node; for a ClusterIP that happens only where its own node runs no proxy.
- *both*, *local*, *remote*: requests take turns at these endpoints. *kept*: the endpoint sees the client's address; *node*: it sees one
  of the node's (masqueraded); *service address*: it sees the address that was asked.
- *refused*: the client is told at once, by ICMP "port unreachable", whatever the protocol. TCP and UDP sockets report ECONNREFUSED; SCTP
  heeds ICMP only where the program asked for it (`IP_RECVERR`), and otherwise goes on trying. To a UDP socket on the node itself sending
  may also fail with EPERM.
- *no answer*: the client waits until it gives up.
)";

constexpr std::string_view kWhy = R"(
## Why

- Policy Cluster masquerades what asks an external address (NodePort, externalIP, LoadBalancer): the answer must come back through this
  node, which alone can give it the service's address again. Policy Local keeps the client's address; that is what it is for.
- A ClusterIP is masqueraded for clients outside `clusterCIDR` only. A remote pod inside it whose request goes on to a remote endpoint
  is answered by that endpoint directly, from an address that it never asked.
- A pod that reaches itself through its own Service is always masqueraded.
- The node's own sockets take the service address as their source, because it is an address of the node. It is masqueraded.
- `externalTrafficPolicy: Local` is about clients outside of the cluster. The node itself, and whom it takes for a pod, may go to every endpoint;
  clients of a NodePort are masqueraded then, as pods of other nodes may be among them. kube-proxy's IPVS mode, other than its other modes,
  makes no difference between clients.
- Policy Local without a local endpoint: a ClusterIP is refused. The external addresses go to every endpoint, as in kube-proxy's
  IPVS mode, and those endpoints' answers do not come back. Load balancers keep away from such a node because of its health check.
- An SCTP socket on the node that is bound to no address names all addresses of the node to the endpoint, which then tries them, and
  the association fails: bind it.
)";

constexpr std::string_view kOtherDetection = R"(
## Other ways to tell the pods' traffic

`detectLocalMode`, `clusterCIDR` and `iptables.masqueradeAll` decide who is masqueraded at a ClusterIP, and, but for `masqueradeAll`, for
whom `externalTrafficPolicy: Local` is void: with `NodeCIDR` and `InterfaceNamePrefix` for pods of the node and the node itself, without `clusterCIDR`
for the node alone. Nothing else in the table changes. With `detectLocalMode: BridgeInterface` it is as with `InterfaceNamePrefix`.

)";

std::string_view source_in_words(Source source) {
  switch (source) {
    case Source::kClient: return "kept";
    case Source::kNode: return "node";
    case Source::kServiceAddress: return "service address";
  }
  return "unknown";
}

std::string fate_in_words(const Outcome& outcome) {
  switch (outcome.fate) {
    case Fate::kAnswered: return std::string(source_in_words(outcome.source));
    case Fate::kRefused: return "refused";
    case Fate::kSilence: return "no answer";
  }
  return "unknown";
}

std::string_view in_words(Detection detection) {
  switch (detection) {
    case Detection::kClusterCidr: return "`ClusterCIDR`";
    case Detection::kNodeCidr: return "`NodeCIDR`";
    case Detection::kInterfacePrefix: return "`InterfaceNamePrefix`";
    case Detection::kNothing: return "`ClusterCIDR` without `clusterCIDR`";
    case Detection::kMasqueradeAll: return "`masqueradeAll`";
  }
  return "unknown";
}

// A row of the table, for all Services of a product of kinds, policies and endpoints.
struct Row {
  std::vector<Vip> vips;
  std::vector<Policy> policies;
  std::vector<Endpoints> endpoints;
  std::vector<std::string> answers;

  friend bool operator==(const Row&, const Row&) = default;
};

std::string answer(const ServiceCase& service, From from, Detection detection) {
  if (!exists(service, from)) return "";
  Cell cell{.service = service, .from = from};
  std::string text = in_words(expected(cell, detection));
  std::string original = in_words(expected(cell, detection, Proxy::kKubeProxy));
  return text == original ? text : text + " (kube-proxy: " + original + ")";
}

Row row_of(const ServiceCase& service, Detection detection) {
  Row row{{service.vip}, {service.policy}, {service.endpoints}, {}};
  for (From from : kClients) row.answers.push_back(answer(service, from, detection));
  return row;
}

// Makes one row of those that differ in nothing but `dimension`.
template <typename Value>
void merge(std::vector<Row>& rows, std::vector<Value> Row::*dimension) {
  std::vector<Row> merged;
  for (const Row& row : rows) {
    auto same = std::find_if(merged.begin(), merged.end(), [&](const Row& candidate) {
      Row like_row = candidate;
      like_row.*dimension = row.*dimension;
      return like_row == row;
    });
    if (same == merged.end()) {
      merged.push_back(row);
    } else {
      std::vector<Value>& values = *same.*dimension;
      values.insert(values.end(), (row.*dimension).begin(), (row.*dimension).end());
    }
  }
  rows = std::move(merged);
}

// Rows that say the same become one where their Services are all combinations of some values.
std::vector<Row> compressed(std::vector<Row> rows) {
  merge(rows, &Row::vips);
  merge(rows, &Row::policies);
  merge(rows, &Row::endpoints);
  merge(rows, &Row::vips);
  return rows;
}

template <typename Value>
std::string list(const std::vector<Value>& values, std::size_t all) {
  if (values.size() == all) return "any";
  std::string text;
  for (const Value& value : values) {
    if (!text.empty()) text += ", ";
    text += to_string(value);
  }
  return text;
}

std::string line(const std::vector<std::string>& columns) {
  std::string text = "|";
  for (const std::string& column : columns) text += ' ' + (column.empty() ? "-" : column) + " |";
  return text + '\n';
}

std::string head(const std::vector<std::string>& columns) {
  std::string text = line(columns) + "|";
  for (std::size_t i = 0; i < columns.size(); ++i) text += "---|";
  return text + '\n';
}

std::string table() {
  std::vector<Row> rows;
  for (const ServiceCase& service : all_services()) {
    rows.push_back(row_of(service, Detection::kClusterCidr));
  }
  std::vector<std::string> columns = {"to", "policy", "endpoints"};
  for (From from : kClients) columns.push_back("from " + std::string(to_string(from)));
  std::string text = '\n' + head(columns);
  for (const Row& row : compressed(rows)) {
    columns = {list(row.vips, std::size(kVips)), list(row.policies, std::size(kPolicies)),
               list(row.endpoints, std::size(kEndpointSets))};
    columns.insert(columns.end(), row.answers.begin(), row.answers.end());
    text += line(columns);
  }
  return text;
}

std::string detection_table() {
  std::vector<std::string> columns = {"ClusterIP, policy Cluster, endpoints local and remote"};
  for (From from : kClients) columns.push_back("from " + std::string(to_string(from)));
  std::string text = head(columns);
  for (Detection detection : kDetections) {
    columns = {std::string(in_words(detection))};
    for (From from : kClients) columns.push_back(answer(ServiceCase{}, from, detection));
    text += line(columns);
  }
  return text;
}

}  // namespace

std::string in_words(const std::set<Outcome>& outcomes) {
  std::map<std::string, std::vector<Server>> servers;  // by what they answer
  std::string rest;
  for (const Outcome& outcome : outcomes) {
    if (outcome.fate == Fate::kAnswered) {
      servers[fate_in_words(outcome)].push_back(outcome.server);
    } else {
      rest = fate_in_words(outcome);
    }
  }
  std::string text;
  for (const auto& [answer, list] : servers) {
    if (!text.empty()) text += "; ";
    if (list.size() == 2) {
      text += "both: ";
    } else {
      text += list.front() == Server::kLocal ? "local: " : "remote: ";
    }
    text += answer;
  }
  if (rest.empty()) return text;
  return text.empty() ? rest : text + "; otherwise " + rest;
}

std::string packets_page() {
  std::string page(kIntroduction);
  page += table();
  page += kWhy;
  page += kOtherDetection;
  return page + detection_table();
}

}  // namespace kernel_test
