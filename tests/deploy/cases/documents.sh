# shellcheck shell=bash disable=SC2154
# The commands of the documentation, each really run as far as a cluster without nodes and a machine that is not to be changed allow.

# The commands of a document's shell blocks that are tried here, by tests/documented_commands.txt; continued lines and those of
# one quotation joined, with the names of this cluster.
commands_of() {
  awk '
    NR == FNR {
      if (!/^(cluster|nobody) /) next
      sub(/  # .*/, "")
      tried[++count] = $1 == "cluster"
      words[count] = substr($0, length($1) + 2)
      next
    }
    { sub(/^ +/, "") } # blocks of lists are indented
    /^```/ { block = ($0 == "```sh"); next }
    !block { next }
    {
      line = line $0
      code = line
      sub(/  # .*/, "", code)
      if (sub(/\\$/, " ", line) || gsub(/\x27/, "&", code) % 2) next
      for (i = 1; i <= count; i++) {
        if (index(line " ", words[i] " ") != 1) continue
        if (tried[i]) print line
        break
      }
      line = ""
    }' "$kRoot/tests/documented_commands.txt" "$kRoot/$1" | sed -E 's/\bNODE\b/node-1/g'
}

documented_helm() {
  case $1 in
    test) helm get hooks "${@:2}" | grep 'helm.sh/hook: test' ;; # nothing runs the pod here
    *) helm "$@" ;;
  esac
}

documented_kubectl() {
  case "$*" in
    *' rollout status '*) kubectl "$@" --watch=false ;;
    # There are no pods: no log, nothing to run a program in, nothing to wait for.
    *' logs daemonset/'*) kubectl "${@:1:2}" get "$4" ;;
    *' exec ds/ipvs-agent -- ipvs-agent status') kubectl "${@:1:2}" get daemonset/ipvs-agent ;;
    *' wait --for=delete pod '*) kubectl "${@:1:2}" get pod "${@:6:4}" ;;
    *) kubectl "$@" ;;
  esac
}

# The image's own tier builds it; here the options must be known and name what exists.
documented_docker() {
  local target
  [[ $1 == build && ${*: -1} == . && -s $kRoot/Dockerfile ]]
  target=$(sed -nE 's/.*--target ([a-z]+).*/\1/p' <<<"$*")
  [[ ! $target ]] || expect_in "AS $target" "$kRoot/Dockerfile"
}

documented_dev() { [[ "$*" == 'build release' && -x $kAgent ]]; }

documented_cpack() {
  [[ "$*" == "-G DEB --config build/release/CPackConfig.cmake -B build/package" ]]
  (cd "$(dirname "$(dirname "$kAgent")")" && cpack -G DEB --config CPackConfig.cmake -B "$scratch/package")
}

documented_sudo() {
  case "$*" in
    'apt-get install ./build/package/'*) dpkg --info "$scratch/package/${3##*/}" ;;
    'systemctl enable --now ipvs-agent') grep -q '^WantedBy=' "$kRoot/deploy/debian/ipvs-agent.service" ;;
    'ipvs-agent --cleanup') "$kAgent" --help | grep -e --cleanup ;;
    *) echo "nobody checks: sudo $*"; return 1 ;;
  esac
}

documented_sudoedit() { grep -qx "$1" "$kRoot/deploy/debian/conffiles"; }

run_document() {
  local line word
  while read -r line; do
    echo "+ $line"
    word=${line%% *}
    word=documented_${word#./}
    declare -F "$word" >/dev/null || { echo "nobody checks this command"; return 1; }
    (cd "$kRoot" && set -e && eval "$word ${line#* }") </dev/null
  done
}

# What kubeadm would have made.
make_kube_proxy() {
  kubectl -n kube-system create configmap kube-proxy --from-literal=config.conf= --from-literal=kubeconfig.conf=
  kubectl create -f - <<<'{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
    "spec": {"selector": {"matchLabels": {"k8s-app": "kube-proxy"}}, "template": {"metadata": {"labels": {"k8s-app": "kube-proxy"}},
    "spec": {"containers": [{"name": "kube-proxy", "image": "kube-proxy"}]}}}}'
}

api_case_d_documented_commands() {
  make_kube_proxy
  kubectl create -f - <<<'{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}}'
  local page installed
  # Each page from a cluster with the agent, or from one without it.
  for page in "$kRoot"/*.md "$kRoot"/docs/*.md "$kChart"/*.md; do
    page=${page#"$kRoot"/}
    commands_of "$page" >commands
    [[ -s commands ]] || continue
    echo "== $page"
    case $page in
      docs/install.md)
        sed '/^kubectl apply -k/,$d' commands | run_document
        helm uninstall ipvs-agent --namespace kube-system
        sed -n '/^kubectl apply -k/,$p' commands | run_document
        ;;
      README.md | charts/ipvs-agent/README.md | docs/migrate-from-kube-proxy.md) run_document <commands ;;
      *)
        helm install ipvs-agent "$kChart" --namespace kube-system --values "$kFolder/values/base.yaml"
        helm upgrade ipvs-agent "$kChart" --namespace kube-system --reset-then-reuse-values # there is something to go back to
        run_document <commands
        ;;
    esac
    installed=$(helm list --namespace kube-system --short)
    [[ ! $installed ]] || helm uninstall ipvs-agent --namespace kube-system
    kubectl delete --ignore-not-found -k "$kRoot/deploy/kustomize/overlays/kubeadm"
  done
  grep -c '^== ' "$scratch/d_documented_commands/output" | grep -xE '([6-9]|[1-9][0-9])' # pages that were tried
}
