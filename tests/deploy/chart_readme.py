#!/usr/bin/env python3
"""Prints the README of the chart: a fixed head, and a table of every value with its default and its comment in values.yaml.

usage: tests/deploy/chart_readme.py charts/ipvs-agent >charts/ipvs-agent/README.md
Ends with an error where a value has no comment.
"""
import re
import sys
from pathlib import Path

HEAD = """# ipvs-agent

<!-- Generated from values.yaml by tests/deploy/chart_readme.py; a test keeps it current. -->

Runs ipvs-agent on every node: what kube-proxy's IPVS mode does, from a DaemonSet without privileged containers.

```sh
helm install ipvs-agent charts/ipvs-agent --namespace kube-system --set apiServer.host=ADDRESS
```

`apiServer.host` is an address of the API server that works without any Service. On kubeadm clusters
`--set existingConfigMap=kube-proxy` takes kube-proxy's configuration and kubeconfig instead. docs/install.md of the project has the
order of steps, and the way back.

**Upgrade and rollback** lose no connection: forwarding is the kernel's, and goes on while the agent of a node is replaced. A change of
`config` restarts no pod where none must be restarted.

**Rights.** No container is privileged. The agent has the capabilities NET_ADMIN (IPVS, addresses, ipsets, rules) and NET_RAW
(iptables asks ipset through a raw socket); the init container that loads modules has SYS_MODULE. The node's `/proc/sys/net` is mounted
writable for the kernel settings. To the API: get, list and watch of services, endpoints, endpointslices and nodes; create of events.

Wrong values are refused by `values.schema.json` before anything reaches the cluster.

## Values

| value | default | meaning |
|---|---|---|
"""


def entries(lines):
    """Yields (path, text after the colon, comment, following lines that belong to it) of each key, in order."""
    stack, comment = [], []
    for number, line in enumerate(lines):
        if not line.strip():
            comment = []
            continue
        if line.lstrip().startswith("#"):
            comment.append(line.strip().lstrip("#").strip())
            continue
        match = re.match(r"( *)([A-Za-z_]+):(?: (.*))?$", line)
        if not match or line.lstrip().startswith("-"):
            continue
        indent, key, value = len(match[1]), match[2], match[3]
        while stack and stack[-1][0] >= indent:
            stack.pop()
        stack.append((indent, key))
        inner = []
        for following in lines[number + 1:]:
            if following.strip() and len(following) - len(following.lstrip()) <= indent:
                break
            inner.append(following)
        yield ".".join(k for _, k in stack), value, " ".join(comment), inner
        comment = []


def rows(lines):
    whole = None  # the value whose members are its default, not values of their own
    for path, value, comment, inner in entries(lines):
        if whole and path.startswith(whole + "."):
            continue
        members = [line for line in inner if line.strip()]
        documented = any(line.lstrip().startswith("#") for line in members)
        if value is None and documented:
            if comment:
                yield path, None, comment
            continue
        if not comment:
            sys.exit(f"values.yaml: {path} has no comment")
        if value is None:
            whole = path
            value = compact(members)
        yield path, value, comment


def compact(members):
    """A nested default on one line."""
    text = []
    for line in members:
        text.append(line.strip())
    return " ".join(text)


def main():
    chart = Path(sys.argv[1])
    lines = (chart / "values.yaml").read_text().splitlines()
    out = HEAD
    for path, value, comment in rows(lines):
        shown = "" if value is None else f"`{value}`"
        escaped = comment.replace("|", "\\|")
        out += f"| `{path}` | {shown} | {escaped} |\n"
    sys.stdout.write(out)


if __name__ == "__main__":
    main()
