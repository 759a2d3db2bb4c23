#ifndef IPVS_AGENT_TESTS_APISERVER_DISCOVERY_H_
#define IPVS_AGENT_TESTS_APISERVER_DISCOVERY_H_

#include <optional>
#include <string>

#include "tests/apiserver/http.h"

namespace apiserver {

// The pages that need no credentials: /version and the health checks.
std::optional<HttpResponse> public_page(const std::string& path);
// /api, /apis and the documents of their groups; nullopt for other paths.
std::optional<HttpResponse> discovery_page(const std::string& path, bool endpoint_slices);
// Whether resources of this group and version are kept here.
bool has_group(const std::string& group, const std::string& version);

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_DISCOVERY_H_
