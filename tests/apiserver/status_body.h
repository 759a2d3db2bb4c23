#ifndef IPVS_AGENT_TESTS_APISERVER_STATUS_BODY_H_
#define IPVS_AGENT_TESTS_APISERVER_STATUS_BODY_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tests/apiserver/http.h"
#include "tests/apiserver/object_store.h"

namespace apiserver {

// The text of a metav1.Status that tells of a failure.
std::string status_text(int code, const std::string& reason, const std::string& message);
std::string status_text(int code, const std::string& reason, const std::string& message,
                        const nlohmann::json& details);

// A failure as an answer.
HttpResponse failure(int code, const std::string& reason, const std::string& message);
HttpResponse failure(int code, const std::string& reason, const std::string& message,
                     const nlohmann::json& details);

HttpResponse unauthorized();
// For a path that leads nowhere at all.
HttpResponse no_such_page();
// For a resource that its group does not have.
HttpResponse no_such_resource();
HttpResponse not_found(const ResourceType& type, const std::string& name);
HttpResponse too_large_version(Version wanted, Version current);

// The text of the object in an ERROR event that ends a watch at a compacted version.
std::string expired_status(const std::string& message);

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_STATUS_BODY_H_
