// Package webhookcert lets the API server ask Latchkey: it makes the certificate that `latchkey kubernetes` answers
// with, and tells the API server what to ask and whom to trust. It runs on the leader.
//
//   - pair.go: a certificate with its key.
//   - plan.go: PURE, what there should be of what there is, at a time.
//   - secrets.go: the two Secrets, ours alone.
//   - configuration.go: the ValidatingWebhookConfiguration.
//   - keeper.go: the steps, again and again.
//
// The authority's key stands in a Secret that no Pod mounts; the other Secret is what the Pods of
// latchkey-kubernetes do. Where somebody else, such as cert-manager, makes that one, it is left alone and its
// ca.crt believed.
//
// What is asked is asked only once there is an answer: the configuration is made after the first handshake that its
// authorities vouch for, so that no installation waits for itself (ADR 45).
//
// +kubebuilder:rbac:groups="",namespace=latchkey,resources=secrets,verbs=create
// +kubebuilder:rbac:groups="",namespace=latchkey,resources=secrets,resourceNames=latchkey-kubernetes-ca;latchkey-kubernetes-tls,verbs=get;update
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingwebhookconfigurations,resourceNames=latchkey,verbs=get;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,resourceNames=latchkey-kubernetes,verbs=get
package webhookcert
