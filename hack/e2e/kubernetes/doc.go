// Package kubernetes holds the stories of the API server as a client of Latchkey: kubectl
// with an access token, on a real kube-apiserver that is configured by the files of
// config/samples/kube-apiserver. Latchkey is real processes with a certificate.
//
//	suite_test.go    a control plane and a Latchkey, once for each way
//	webhooks_test.go TokenReview and SubjectAccessReview webhooks beside RBAC
//	jwt_test.go      structured authentication from the published keys
//	rbac_test.go     kubernetesRules beside the RBAC of the API server
//	reviews_test.go  the process that the API server asks
//	plugin_test.go   kubectl latchkey login and logout
//	verbs_test.go    the verbs that stories are told with
//	tls_test.go      the certificates
package kubernetes
