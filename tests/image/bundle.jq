# A container of the rendered DaemonSet as a container runtime would start it: the input is the DaemonSet, the result a
# config.json of the OCI runtime specification. $name is the container, $folders where the volumes are, $seccomp the runtime's
# default profile, $without a capability that is left out.

def capabilities($c): ($c.securityContext.capabilities.add // [] | map("CAP_" + .)) - [$without];

# The profile as the runtime resolves it for these capabilities: rules for a capability apply where it was given.
def resolved($caps): {
  defaultAction, defaultErrnoRet, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  syscalls: [.syscalls[]
    | select((.includes.caps // []) | all(. as $cap | $caps | index($cap)))
    | select((.excludes.caps // []) | all(. as $cap | $caps | index($cap) | not))
    | select((.includes.arches // ["amd64"]) | index("amd64"))
    | select((.excludes.arches // []) | index("amd64") | not)
    | {names, action} + (if .errnoRet then {errnoRet} else {} end)
      + (if (.args // []) | length > 0 then {args} else {} end)]};

def bind($from; $to; $mode): {destination: $to, type: "bind", source: $from, options: ["rbind", "rprivate", $mode]};

.spec.template.spec as $pod
| ($pod.initContainers // [] | map(select(.name == $name))) + ($pod.containers | map(select(.name == $name))) | first as $c
| capabilities($c) as $caps
| {
    ociVersion: "1.0.2",
    root: {path: $folders.root, readonly: $c.securityContext.readOnlyRootFilesystem},
    process: {
      user: {uid: 0, gid: 0},
      cwd: "/",
      args: (($c.command // $folders.entrypoint) + ($c.args | map(gsub("\\$\\(NODE_NAME\\)"; $folders.node)))),
      env: (["PATH=/usr/sbin:/usr/bin"] + [$c.env[]? | select(.value) | "\(.name)=\(.value)"]),
      noNewPrivileges: ($c.securityContext.allowPrivilegeEscalation | not),
      oomScoreAdj: -997,
      capabilities: {bounding: $caps, effective: $caps, permitted: $caps}
    },
    mounts: ([
      {destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]},
      {destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]},
      {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]},
      bind($folders.account; "/var/run/secrets/kubernetes.io/serviceaccount"; "ro")
    ] + [$c.volumeMounts[] as $m | $pod.volumes[] | select(.name == $m.name)
      | bind(.hostPath.path // $folders.configuration; $m.mountPath; if $m.readOnly then "ro" else "rw" end)]),
    linux: {
      namespaces: [{type: "mount"}, {type: "pid"}, {type: "ipc"}],
      maskedPaths: ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
      seccomp: ($seccomp[0] | resolved($caps))
    }
  }
