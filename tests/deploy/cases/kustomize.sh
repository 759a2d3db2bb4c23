# shellcheck shell=bash disable=SC2154
# The kustomize folders hold what the chart makes.

kKustomize=$kRoot/deploy/kustomize

files_case_kustomize_base_is_current() {
  "$kFolder/kustomize_base" "$kTools" >base.yaml
  diff -u "$kKustomize/base/ipvs-agent.yaml" base.yaml ||
    { echo "write it anew: tests/deploy/kustomize_base build/deploy/tools >deploy/kustomize/base/ipvs-agent.yaml"; return 1; }
}

# The objects in a form that can be compared: sorted, without Helm's labels, empty lists and the configuration.
comparable() {
  jq -S 'map(
      del(.metadata.labels["helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version"]) |
      del(.spec.template.metadata.annotations?) | del(.data["config.conf"]?) | select(.kind != "Pod") |
      walk(if type == "object" then (if has("env") then .env |= sort_by(.name) else . end) |
        with_entries(select(.value != [])) else . end)) |
    sort_by(.kind, .metadata.name)'
}

files_case_kustomize_overlays_equal_the_chart() {
  local overlay
  for overlay in kubeadm dual-stack shadow; do
    kubectl kustomize "$kKustomize/overlays/$overlay" | as_json | comparable >"$overlay.json"
  done
  diff <(render kubeadm | as_json | comparable) kubeadm.json
  diff <(render shadow | as_json | comparable) shadow.json
  diff <(render base --set apiServer.host=fd00:10::1 | as_json | comparable) dual-stack.json
}
