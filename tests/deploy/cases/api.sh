# shellcheck shell=bash disable=SC2154
# What a real API server says to what users install. Nothing runs the pods there.

# The kinds of the Prometheus operator, and no rights for the agent but the chart's.
prepare_cluster() {
  kubectl create -f "$kFolder/monitoring_crds.yaml" >/dev/null
  kubectl wait --for=condition=Established --timeout=60s -f "$kFolder/monitoring_crds.yaml" >/dev/null
  kubectl delete clusterrolebinding/ipvs-agent >/dev/null
  kubectl -n kube-system delete serviceaccount/ipvs-agent >/dev/null
}

api_case_a_takes_every_rendering() {
  local file name
  for file in "$kFolder"/values/*.yaml; do
    name=$(basename "$file" .yaml)
    render "$name" | kubectl apply --dry-run=server --validate=strict -f -
  done
  for name in kubeadm dual-stack shadow; do
    kubectl apply --dry-run=server --validate=strict -k "$kRoot/deploy/kustomize/overlays/$name"
  done
}

generation() { kubectl -n kube-system get daemonset/ipvs-agent -o jsonpath='{.metadata.generation}'; }

# A change of the configuration leaves the pods alone; a rollback brings back what was; nothing stays behind.
api_case_b_install_upgrade_rollback() {
  local base=(--namespace kube-system --values "$kFolder/values/base.yaml") first
  helm install ipvs-agent "$kChart" "${base[@]}"
  kubectl -n kube-system get daemonset/ipvs-agent configmap/ipvs-agent -o json | jq -S '.items | map(.spec, .data)' >before
  first=$(generation)
  helm upgrade ipvs-agent "$kChart" "${base[@]}" --set config.ipvs.scheduler=wlc
  [[ $(generation) == "$first" ]]
  kubectl -n kube-system get configmap/ipvs-agent -o jsonpath='{.data.config\.conf}' >config
  expect_in 'scheduler: wlc' config
  helm upgrade ipvs-agent "$kChart" "${base[@]}" --set image.tag=9.9.9
  kubectl -n kube-system get daemonset/ipvs-agent -o json >object
  expect_in '"image": "ipvs-agent:9.9.9"' object
  helm rollback ipvs-agent 1 --namespace kube-system
  kubectl -n kube-system get daemonset/ipvs-agent configmap/ipvs-agent -o json | jq -S '.items | map(.spec, .data)' >after
  diff before after
  helm uninstall ipvs-agent --namespace kube-system
  kubectl get daemonset,configmap,serviceaccount,clusterrole,clusterrolebinding -A \
    -l app.kubernetes.io/name=ipvs-agent -o name >left
  [[ ! -s left ]] || { cat left; return 1; }
}

# As the agent: with a token of its service account.
as_agent() {
  "$kTools" kubectl --kubeconfig=/dev/null --server="https://127.0.0.1:$CLUSTER_API_PORT" \
    --certificate-authority="$CLUSTER_STATE/agent/ca.crt" --token="$token" "$@"
}

refused() { expect_refused "is forbidden" as_agent "$@"; }

# The chart's role is enough for the agent, and no more than that.
api_case_c_least_rights() {
  helm install ipvs-agent "$kChart" --namespace kube-system --values "$kFolder/values/base.yaml"
  token=$(kubectl -n kube-system create token ipvs-agent)
  as_agent auth can-i --list --no-headers | grep -v '^ *\[' | grep -v '^self' | tr -s ' ' | sort >rights
  diff - rights <<'RIGHTS'
endpoints [] [] [get list watch]
endpointslices.discovery.k8s.io [] [] [get list watch]
events.events.k8s.io [] [] [create]
nodes [] [] [get list watch]
services [] [] [get list watch]
RIGHTS
  as_agent get services,endpointslices,endpoints -A
  as_agent get nodes
  as_agent get --raw '/api/v1/services?watch=true&timeoutSeconds=1' >/dev/null
  as_agent get --raw '/apis/discovery.k8s.io/v1/endpointslices?watch=true&timeoutSeconds=1' >/dev/null
  as_agent -n default create -f - <<'EVENT'
{apiVersion: events.k8s.io/v1, kind: Event, metadata: {generateName: test-}, reason: Tested, action: Test, type: Normal,
 note: a test, reportingController: ipvs-agent, reportingInstance: test, eventTime: "2026-01-01T00:00:00.000000Z",
 regarding: {apiVersion: v1, kind: Service, name: kubernetes, namespace: default}}
EVENT
  kubectl create -f - <<<'{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "somewhere"}}'
  refused get secrets -A
  refused get configmaps -n kube-system
  refused get pods -A
  refused delete service kubernetes
  refused label service kubernetes a=b
  refused label node somewhere a=b
  refused create token default
  helm uninstall ipvs-agent --namespace kube-system
}
