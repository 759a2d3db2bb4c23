# shellcheck shell=bash disable=SC2154
# The commands of the documentation, each really run as far as a cluster without nodes and a machine that is not to be changed allow.

# The shell blocks of a document, or of one of its chapters; long lines joined.
commands_of() {
  awk -v chapter="${2:-}" '
    /^#+ / { inside = (chapter == "" || $0 == chapter) }
    /^```/ { block = ($0 == "```sh" && inside); next }
    block { if (sub(/\\$/, "")) printf "%s", $0; else print }' "$1"
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
    *' logs daemonset/'*) kubectl "${@:1:2}" get "$4" ;; # no pod, no log
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
  commands_of "$kRoot/docs/install.md" | sed '/^kubectl apply -k/,$d' >first
  commands_of "$kRoot/docs/install.md" | sed -n '/^kubectl apply -k/,$p' >second
  commands_of "$kRoot/README.md" '## Install it in a cluster' >readme
  commands_of "$kChart/README.md" >chart
  [[ -s first && -s second && -s readme && -s chart ]]
  # What the other pages tell to do with a cluster; what they tell to do on a node is tried on one.
  commands_of "$kRoot/docs/operate.md" | grep -E '^(kubectl|helm) ' >operate
  run_document <first
  run_document <operate
  helm uninstall ipvs-agent --namespace kube-system
  run_document <second
  run_document <chart
  helm uninstall ipvs-agent --namespace kube-system
  run_document <readme
  kubectl -n kube-system delete daemonset,configmap,serviceaccount -l app.kubernetes.io/name=ipvs-agent --ignore-not-found
}
