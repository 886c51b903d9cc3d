{{/* The command that makes a realm of a namespace, and its first admin. docs/install.md and README.md show the same. */}}
{{- define "latchkey.firstAdmin" -}}
PASSWORD=$(head -c 18 /dev/urandom | base64) && kubectl apply --server-side --namespace {{ . }} -f - <<EOF && echo "admin's password: $PASSWORD"
apiVersion: auth.latchkey.dev/v1alpha1
kind: Realm
metadata: {name: default}
---
apiVersion: auth.latchkey.dev/v1alpha1
kind: Role
metadata: {name: admin}
spec:
  description: Manages the users of this realm.
---
apiVersion: auth.latchkey.dev/v1alpha1
kind: User
metadata: {name: admin}
spec:
  roles: [admin]
  passwordSecretRef: {name: admin-password}
---
apiVersion: v1
kind: Secret
metadata: {name: admin-password}
type: auth.latchkey.dev/password
stringData: {password: "$PASSWORD"}
EOF
{{- end }}
