{{/* The image, by its digest where there is one. */}}
{{- define "latchkey.image" -}}
{{- with $.Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag }}{{ end -}}
{{- end -}}
{{- end }}

{{/* The external URL, or why it is refused. */}}
{{- define "latchkey.externalURL" -}}
{{- if not (regexMatch "^https?://[^/?#@\\s]+(/[^?#\\s]*)?$" $.Values.externalURL) -}}
{{- fail (printf "externalURL is required: an http or https URL such as https://auth.example.com, not %q" $.Values.externalURL) -}}
{{- end -}}
{{- $.Values.externalURL -}}
{{- end }}

{{/* Go's own limit of memory: 90 % of the container's. Its argument is the values of a component. */}}
{{- define "latchkey.goMemoryLimit" -}}
{{- $limit := .resources.limits.memory -}}
{{- $number := regexFind "^[0-9]+" $limit | int -}}
{{- if hasSuffix "Gi" $limit }}{{ $number = mul $number 1024 }}{{ end -}}
{{- div (mul $number 9) 10 -}}MiB
{{- end }}

{{/* Arguments of all processes. */}}
{{- define "latchkey.arguments" -}}
{{- with $.Values.defaultRealm }}
- {{ printf "--default-realm=%s" . | quote }}
{{- end }}
{{- end }}

{{- define "latchkey.arguments.serve" -}}
{{- include "latchkey.arguments" $ }}
{{- with $.Values.trustedProxies }}
- {{ printf "--trusted-proxies=%s" (join "," .) | quote }}
{{- end }}
{{- with $.Values.maxStaleness }}
- {{ printf "--max-staleness=%s" . | quote }}
{{- end }}
{{- if not $.Values.userManagement }}
- --user-management=false
{{- end }}
{{- range $.Values.serve.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- define "latchkey.arguments.controller" -}}
{{- include "latchkey.arguments" $ }}
{{- if not $.Values.kubernetes.enabled }}
- --admission=false
{{- end }}
{{- range $.Values.controller.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- define "latchkey.arguments.kubernetes" -}}
{{- include "latchkey.arguments" $ }}
{{- with $.Values.kubernetes.authorizerRealms }}
- {{ printf "--kubernetes-authorizer-realms=%s" (join "," .) | quote }}
{{- end }}
{{- range $.Values.kubernetes.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}
