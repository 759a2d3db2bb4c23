#ifndef IPVS_AGENT_AGENT_BROWSER_REQUEST_H_
#define IPVS_AGENT_AGENT_BROWSER_REQUEST_H_

#include <string>
#include <string_view>

#include "agent/http_message.h"
#include "agent/status_answer.h"
#include "base/result.h"

// What a browser asks for.
namespace agent {

// Whether the text of a Host header is one by which a browser reaches this machine itself:
// localhost or an address of the loopback, with any port, for forwarded ports have others. A page
// of somewhere else that had its name resolved to 127.0.0.1 (DNS rebinding) comes with its own
// name.
bool names_loopback(std::string_view host);

// The first parameter of that name; "" where there is none.
std::string parameter(const HttpRequest& request, std::string_view name);

// Without blanks around it.
std::string trimmed(const std::string& text);

// Of the list of Services: ?namespace=&text=&troubled=1&after=NAMESPACE/NAME. Errors:
// kInvalidArgument.
base::Result<StatusQuestion> services_question(const HttpRequest& request);

// "default/web". Errors: kInvalidArgument, under the parameter's name.
base::Result<watchers::ObjectKey> service_key(std::string_view name, const std::string& text);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_BROWSER_REQUEST_H_
