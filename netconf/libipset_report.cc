#include "netconf/libipset_report.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <utility>

namespace netconf {
namespace {

using base::Code;
using base::Status;

struct Meaning {
  std::string_view part;  // of libipset's text
  Code code;
  int error_number;
  std::string_view remedy;
};

constexpr std::array<Meaning, 16> kMeanings = {{
    {"set with the given name does not exist", Code::kNotFound, ENOENT, ""},
    {"the second set does not exist", Code::kNotFound, ENOENT, ""},
    {"set with the same name already exists", Code::kAlreadyExists, EEXIST, ""},
    {"in use by a kernel component", Code::kUnavailable, EBUSY, ""},
    {"Hash is full", Code::kResourceExhausted, 0, ""},
    {"maximal number of sets", Code::kResourceExhausted, 0, ""},
    {"Cannot allocate memory", Code::kResourceExhausted, ENOMEM, ""},
    {"No buffer space available", Code::kResourceExhausted, ENOBUFS, ""},
    {"Operation not permitted", Code::kPermissionDenied, EPERM,
     "; needs CAP_NET_ADMIN: run as root"},
    {"set type not supported", Code::kUnsupported, 0, kLoadIpsetModules},
    {"set type does not supported", Code::kUnsupported, 0, kLoadIpsetModules},
    {"Kernel supports", Code::kUnsupported, 0, ""},
    {"Kernel-library incompatibility", Code::kUnsupported, 0, ""},
    {"Cannot open session to kernel", Code::kUnsupported, 0, kLoadIpsetModules},
    {"Kernel error received: Invalid argument", Code::kInvalidArgument, EINVAL, ""},
    {"rotocol error", Code::kCorrupt, 0, ""},
}};

// "Error in line 12: TEXT\n": the number, and the text.
std::pair<std::uint32_t, std::string_view> split_report(std::string_view report) {
  while (report.ends_with('\n')) report.remove_suffix(1);
  constexpr std::string_view kPrefix = "Error in line ";
  if (!report.starts_with(kPrefix)) return {0, report};
  std::string_view rest = report.substr(kPrefix.size());
  std::uint32_t line = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), line);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (error != std::errc() || !rest.starts_with(": ")) return {0, report};
  return {line, rest.substr(2)};
}

}  // namespace

LibipsetFailure read_report(std::string_view report) {
  auto [line, text] = split_report(report);
  bool broken = text.find("rotocol error") != std::string_view::npos ||
                text.find("Broken") != std::string_view::npos || text.empty();
  std::string message(text.empty() ? "libipset failed without a message" : text);
  for (const Meaning& meaning : kMeanings) {
    if (text.find(meaning.part) != std::string_view::npos) {
      return {Status(meaning.code, message + std::string(meaning.remedy), meaning.error_number),
              line, broken};
    }
  }
  return {Status(broken ? Code::kCorrupt : Code::kInvalidArgument, message), line, broken};
}

}  // namespace netconf
