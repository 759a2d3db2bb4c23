#!/usr/bin/env python3
"""Checks the #includes of the tree against the layers of ARCHITECTURE.md.

Usage: check.py [--self-test] [ROOT]

Folders:      agent may include cli, watchers, ipvs, netconf, base; ipvs may include base and, of netconf,
              netconf/netlink_socket.h only; watchers, netconf and cli may include base; base only
              itself.
              Production never includes tests.
Third party:  a header of a library appears only in the folders and files listed in LIBRARIES. A
              header file (.h) may include one only if the file is named after the library, so that
              its types stay out of every interface; where a library is confined to such files,
              sources (.cc) are held to the same names.
"""

import pathlib
import re
import sys
import tempfile

ALLOWED_FOLDERS = {
    "base": {"base"},
    "netconf": {"netconf", "base"},
    "watchers": {"watchers", "base"},
    "cli": {"cli", "base"},
    "ipvs": {"ipvs", "base"},
    "agent": {"agent", "cli", "watchers", "ipvs", "netconf", "base"},
}
ALLOWED_FILES = {("ipvs", "netconf/netlink_socket.h")}
KNOWN_FOLDERS = set(ALLOWED_FOLDERS) | {"tests", "deploy"}


class Library:
    """Which headers are a library's, and where they may be included.

    header: file names of headers that may; source: of sources that may; folders: where at all.
    """

    def __init__(self, name, includes, folders, header=None, source=r".*"):
        self.name = name
        self.includes = re.compile(includes)
        self.folders = folders
        self.header = re.compile(header) if header else None
        self.source = re.compile(source)

    def allows(self, path):
        if path.parts[0] not in self.folders:
            return False
        pattern = self.header if path.suffix == ".h" else self.source
        return bool(pattern and pattern.fullmatch(path.name))


LIBRARIES = [
    Library("cpprestsdk", r"(cpprest|pplx|boost|websocketpp)/.*", {"watchers"},
            header=r"rest_.*\.h", source=r"rest_.*\.cc"),
    Library("libnl", r"(netlink/.*|linux/(ip_vs|genetlink|netlink|rtnetlink)\.h)",
            {"netconf", "ipvs"}, header=r".*netlink_.*\.h", source=r".*\.cc"),
    Library("libipset", r"(libipset/.*|libmnl/.*)", {"netconf"},
            header=r"libipset_.*\.h", source=r"libipset_.*\.cc"),
    Library("prometheus-cpp", r"prometheus/.*", {"agent"},
            header=r"prometheus_.*\.h", source=r"prometheus_.*\.cc"),
    Library("nlohmann/json", r"nlohmann/.*", {"watchers", "agent", "cli"}, header=r"json_.*\.h"),
    Library("yaml-cpp", r"yaml-cpp/.*", {"watchers", "agent"}, header=r"yaml_.*\.h"),
    Library("libmicrohttpd", r"microhttpd\.h", {"agent"}, header=r"microhttpd_.*\.h"),
    Library("CLI11", r"CLI/.*", {"agent", "cli"}),
    Library("spdlog", r"spdlog/.*", {"agent"}, header=r"spdlog_.*\.h"),
    Library("OpenSSL", r"openssl/.*", {"watchers", "agent"}, header=r"(rest|openssl)_.*\.h"),
    Library("zlib", r"zlib\.h", {"watchers", "agent"}),
    Library("GoogleTest", r"(gtest|gmock)/.*", set()),
    Library("Google Benchmark", r"benchmark/.*", set()),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def problems_of_include(path, included):
    """Everything wrong with `path` (relative to the root) including `included`."""
    folder = path.parts[0]
    target = included.split("/")[0]
    if "/" in included and target in KNOWN_FOLDERS:
        if target not in ALLOWED_FOLDERS[folder] and (folder, included) not in ALLOWED_FILES:
            allowed = ", ".join(sorted(ALLOWED_FOLDERS[folder]))
            exceptions = "".join(f", {file}" for where, file in ALLOWED_FILES if where == folder)
            yield f"{folder}/ may include only {allowed}{exceptions}"
    for library in LIBRARIES:
        if library.includes.fullmatch(included) and not library.allows(path):
            yield f"{library.name} may not be included here (see LIBRARIES in tests/layering/check.py)"


def check(root):
    """(problems as lines of text, number of files read)"""
    problems = []
    files = 0
    for folder in ALLOWED_FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix not in (".h", ".cc"):
                continue
            files += 1
            path = file.relative_to(root)
            for number, line in enumerate(file.read_text().splitlines(), start=1):
                found = INCLUDE.match(line)
                if found:
                    for problem in problems_of_include(path, found.group(1)):
                        problems.append(f"{path}:{number}: includes {found.group(1)}: {problem}")
    return problems, files


# File, line, whether it is right.
SELF_TEST = [
    ("base/a.h", '#include "base/result.h"', True),
    ("base/a.h", '#include "netconf/address.h"', False),
    ("netconf/a.h", '#include "ipvs/values.h"', False),
    ("watchers/a.cc", '#include "netconf/address.h"', False),
    ("ipvs/a.cc", '#include "netconf/netlink_socket.h"', True),
    ("ipvs/a.cc", '#include "netconf/sysctls.h"', False),
    ("ipvs/a.cc", '#include "agent/loop.h"', False),
    ("agent/a.cc", '#include "ipvs/values.h"', True),
    ("agent/a.cc", '#include "cli/table.h"', True),
    ("cli/a.cc", '#include "agent/loop.h"', False),
    ("agent/a.cc", '#include "tests/fakes/fake_ipvs_table.h"', False),
    ("watchers/rest_client.cc", "#include <cpprest/http_client.h>", True),
    ("watchers/reflector.cc", "#include <cpprest/http_client.h>", False),
    ("watchers/rest_api.h", "  #  include <pplx/pplx.h>", True),
    ("agent/rest_x.cc", "#include <cpprest/http_client.h>", False),
    ("netconf/netlink_socket.h", "#include <netlink/socket.h>", True),
    ("netconf/address_table.h", "#include <netlink/socket.h>", False),
    ("ipvs/kernel_ipvs_table.cc", "#include <linux/ip_vs.h>", True),
    ("agent/loop.cc", "#include <netlink/socket.h>", False),
    ("netconf/libipset_session.cc", "#include <libipset/session.h>", True),
    ("netconf/kernel_ipset_table.h", "#include <libipset/session.h>", False),
    ("agent/metrics.cc", "#include <prometheus/registry.h>", False),
    ("agent/loop.h", "#include <spdlog/spdlog.h>", False),
    ("base/a.cc", "#include <gtest/gtest.h>", False),
]


def self_test():
    """The rules themselves: each line of SELF_TEST in a tree of its own."""
    failures = []
    for file, line, right in SELF_TEST:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, file)
            path.parent.mkdir()
            path.write_text(f"// comment\n{line}\n")
            found = check(pathlib.Path(folder))[0]
            if bool(found) == right:
                failures.append(f"self-test: {file}: {line}: "
                                f"{'refused: ' + found[0] if right else 'not refused'}")
    return failures


def main(arguments):
    if "--self-test" in arguments:
        failures = self_test()
        print("\n".join(failures) or f"layering: self-test: {len(SELF_TEST)} cases behave")
        return 1 if failures else 0
    root = pathlib.Path(arguments[0]) if arguments else pathlib.Path(__file__).parents[2]
    problems, files = check(root)
    if not files:
        problems = [f"no sources found in {root.resolve()}"]
    print("\n".join(problems) or f"layering: {files} files keep the layers")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
