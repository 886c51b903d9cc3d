// Package kubernetes holds the stories of the API server as a client of Latchkey: kubectl
// with an access token, on a real kube-apiserver that is configured by the files of
// config/samples/kube-apiserver. Latchkey is a real process with a certificate.
//
//	suite_test.go    a control plane and a Latchkey, once for each way
//	webhooks_test.go TokenReview and SubjectAccessReview webhooks beside RBAC
//	jwt_test.go      structured authentication from the published keys
//	reviews_test.go  the listener that the API server asks
//	verbs_test.go    the verbs that stories are told with
//	tls_test.go      the certificates
package kubernetes
