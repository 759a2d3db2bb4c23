{{/* ADDRESS:PORT or [IPV6]:PORT. */}}
{{- define "ipvs-agent.listenAddress" -}}
{{- ternary (printf "[%s]:%d" .address (int .port)) (printf "%s:%d" .address (int .port)) (contains ":" .address) -}}
{{- end -}}

{{/* The KubeProxyConfiguration that the agent gets. */}}
{{- define "ipvs-agent.configuration" -}}
{{- $ours := dict
    "apiVersion" "kubeproxy.config.k8s.io/v1alpha1"
    "kind" "KubeProxyConfiguration"
    "mode" "ipvs"
    "healthzBindAddress" (include "ipvs-agent.listenAddress" .Values.healthz)
    "metricsBindAddress" (include "ipvs-agent.listenAddress" .Values.metrics) -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) (deepCopy .Values.extraConfig) $ours) -}}
{{- end -}}

{{/* What the agent reads only at its start: a change of these alone restarts the pods. */}}
{{- define "ipvs-agent.readAtStart" -}}
{{- $config := .Values.config -}}
{{- list .Values.healthz .Values.metrics (dig "logging" "format" "" $config) (dig "ipvsAgent" "ipsetMaxElements" "" $config)
    (dig "ipvsAgent" "iptablesBackend" "" $config) (dig "ipvsAgent" "statusPage" "" $config) .Values.extraConfig | toJson -}}
{{- end -}}

{{/* The port that the agent opens for .port: with --shadow it leaves the configured ones to the proxy that works there. */}}
{{- define "ipvs-agent.port" -}}
{{- $port := int .port -}}
{{- if .shadow -}}{{- $port = ternary (sub $port 100) (add $port 100) (gt $port 65435) -}}{{- end -}}
{{- $port -}}
{{- end -}}

{{/* Where the configuration is mounted; kubeadm's names its kubeconfig by this folder. */}}
{{- define "ipvs-agent.configFolder" -}}
{{- ternary "/var/lib/kube-proxy" "/etc/ipvs-agent" (ne .Values.existingConfigMap "") -}}
{{- end -}}

{{/* The node's address that a probe asks; empty where the pod's own will do. */}}
{{- define "ipvs-agent.probeHost" -}}
{{- if not (has .Values.healthz.address (list "0.0.0.0" "::")) -}}{{ .Values.healthz.address }}{{- end -}}
{{- end -}}

{{/* What a schema cannot say: values that exclude or need each other. */}}
{{- define "ipvs-agent.check" -}}
{{- if not (or .Values.existingConfigMap .Values.apiServer.host .Values.shadow) -}}
{{- fail "apiServer.host is empty. Give an address of the API server that works without any Service, because Services work only once this agent runs: --set apiServer.host=ADDRESS (kubectl cluster-info prints it). On kubeadm clusters --set existingConfigMap=kube-proxy takes kube-proxy's own configuration instead." -}}
{{- end -}}
{{- if and (or .Values.serviceMonitor.enabled .Values.podMonitor.enabled) (or (hasPrefix "127." .Values.metrics.address) (eq .Values.metrics.address "::1")) -}}
{{- fail (printf "metrics.address is %s, which Prometheus cannot reach, but a monitor is enabled: --set metrics.address=0.0.0.0" .Values.metrics.address) -}}
{{- end -}}
{{- range list "apiVersion" "kind" "mode" "healthzBindAddress" "metricsBindAddress" -}}
{{- if hasKey $.Values.extraConfig . -}}
{{- fail (printf "extraConfig.%s: the chart sets this key itself (for the addresses: healthz and metrics)" .) -}}
{{- end -}}
{{- end -}}
{{- if eq (int .Values.healthz.port) (int .Values.metrics.port) -}}
{{- fail (printf "healthz.port and metrics.port are both %d: give them different ones" (int .Values.healthz.port)) -}}
{{- end -}}
{{- end -}}
