# shellcheck shell=bash disable=SC2154
# The chart by itself: what helm makes of it, and what it refuses.

files_case_chart_lints() {
  local file
  for file in "$kFolder"/values/*.yaml; do
    helm lint --strict --namespace kube-system "$kChart" --values "$file"
  done
}

files_case_chart_refuses_wrong_values() {
  local file word
  for file in "$kFolder"/wrong/*.yaml; do
    word=$(sed -n '1s/^# expect: //p' "$file")
    expect_refused "$word" helm template ipvs-agent "$kChart" --values "$file"
  done
}

# Every value has a comment, every value of the schema a default or a meaning when absent, and the README tells both.
files_case_chart_readme_is_current() {
  "$kFolder/chart_readme.py" "$kChart" >README.md
  diff -u "$kChart/README.md" README.md ||
    { echo "write it anew: tests/deploy/chart_readme.py charts/ipvs-agent >charts/ipvs-agent/README.md"; return 1; }
}

files_case_versions_agree() {
  local version
  version=$(sed -nE 's/^project\(ipvs-agent VERSION ([0-9.]+).*/\1/p' "$kRoot/CMakeLists.txt")
  [[ $version ]]
  expect_in "version: $version" "$kChart/Chart.yaml"
  expect_in "appVersion: \"$version\"" "$kChart/Chart.yaml"
  expect_in "ARG VERSION=$version" "$kRoot/Dockerfile"
}

# The agent itself reads every configuration that the chart and the kustomize folders can make, without a warning.
files_case_agent_takes_the_configurations() {
  local name file
  for file in "$kFolder"/values/*.yaml; do
    name=$(basename "$file" .yaml)
    render "$name" | as_json | jq -r '.[] | select(.kind == "ConfigMap") | .data["config.conf"] // empty' >"$name.conf"
    if [[ ! -s $name.conf ]]; then
      expect_in existingConfigMap "$file"
      rm "$name.conf"
    fi
  done
  cp "$kRoot/deploy/kustomize/overlays/dual-stack/config.conf" overlay-dual-stack.conf
  cp "$kRoot/deploy/debian/config.yaml" debian.conf
  cp "$kFolder/kubeadm.conf" kubeadm.conf
  for file in *.conf; do
    "$kAgent" --config "$file" --write-config-to "$file.read" 2>"$file.log"
    if grep -E '^[^ ]+ (warning|error) |"level":"(warning|error)"' "$file.log"; then return 1; fi
  done
  expect_in 'scheduler: "mh"' everything.conf.read
  expect_in 'verbosity: 4' everything.conf.read
  expect_in 'udpTimeout: "30s"' everything.conf.read
}

# Every flag that the DaemonSet gives is one that this agent knows.
files_case_agent_knows_the_flags() {
  local name flag
  "$kAgent" --help >help
  for name in base everything kubeadm shadow; do
    render "$name" | as_json | jq -r '.[] | select(.kind == "DaemonSet") | .spec.template.spec.containers[0].args[]'
  done | sed 's/=.*//' | sort -u >flags
  while read -r flag; do
    expect_in "$flag" help
  done <flags
}

# A change of the configuration restarts no pod, unless the agent reads it only at its start, or that is asked for.
files_case_configuration_restarts_only_what_must() {
  pods() {
    render base "$@" | as_json | jq -S '.[] | select(.kind == "DaemonSet") | .spec.template'
  }
  differ() { if diff -q <(pods "${@:2}") <(pods "$@"); then return 1; fi; }
  pods >as_it_comes
  diff as_it_comes <(pods --set config.ipvs.scheduler=wlc --set config.logging.verbosity=4 --set config.clusterCIDR=10.0.0.0/8)
  differ --set=metrics.address=0.0.0.0
  differ --set=config.logging.format=json
  differ --set=config.ipvsAgent.ipsetMaxElements=131072
  differ --set=config.ipvs.scheduler=wlc --set=restartOnConfigChange=true
}

# Nothing is privileged, and the root is read-only, whatever the values.
files_case_pods_are_not_privileged() {
  local file
  for file in "$kFolder"/values/*.yaml; do
    render "$(basename "$file" .yaml)" | as_json >objects
    jq -e '[.[] | .spec.template.spec? // (select(.kind == "Pod") | .spec) // empty] | length >= 2 and all(
        (.securityContext.seccompProfile.type == "RuntimeDefault") and
        (.hostPID // false | not) and (.hostIPC // false | not) and
        ([.initContainers[]?, .containers[]] | all(
          .securityContext | (.privileged // false | not) and .readOnlyRootFilesystem and
            .allowPrivilegeEscalation == false and .capabilities.drop == ["ALL"])))' objects
  done
}

# The alerts and the dashboard ask for metrics that the agent has.
files_case_queries_name_real_metrics() {
  local name
  grep -ohE '\b(ipvs_agent|kubeproxy|process)_[a-z0-9_]+' "$kChart"/files/* | sed -E 's/_(bucket|sum|count)$//' |
    sort -u | grep -v '^ipvs_agent_$' >names
  [[ $(wc -l <names) -gt 10 ]]
  while read -r name; do
    grep -rqF "\"$name\"" "$kRoot"/agent/*.cc || { echo "no such metric: $name"; return 1; }
  done <names
  jq -e '[.panels[] | .description != null and (.targets | length > 0)] | all' "$kChart/files/dashboard.json"
}

# Each alert fires in one of promtool's tests and is silent in another.
files_case_alerts_fire_when_they_must() {
  local promtool=$kRoot/build/prometheus/usr/bin/promtool alert
  "$kRoot/tests/prometheus/get"
  cp "$kChart/files/rules.yaml" "$kFolder/rules_test.yaml" .
  "$promtool" check rules rules.yaml
  "$promtool" test rules rules_test.yaml
  sed -n 's/^ *- alert: //p' rules.yaml >alerts
  [[ $(wc -l <alerts) -gt 10 ]]
  while read -r alert; do
    expect_in "alertname: $alert, exp_alerts: []" rules_test.yaml
    grep -qx " *alertname: $alert" rules_test.yaml || { echo "no test fires $alert"; return 1; }
  done <alerts
}
