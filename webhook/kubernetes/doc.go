// Package kubernetes is what the API server asks Latchkey: whether an object of our kinds may be
// stored (admission), whose a token is (TokenReview), and what somebody may do (SubjectAccessReview).
//
// It owns the routes, and what they have in common: limits, refusals, metrics, and that a bug is an
// answer that grants nothing. The answers themselves are made in rooms of their own, which know
// nothing of each other.
//
// The process that serves it is a target: everybody who may write one of our kinds has it read what
// they wrote. So it holds no key and no password, and may change nothing in the cluster.
//
//   - routes.go: the one table of what is asked where.
//   - server.go: the door that every request comes through.
//   - metrics.go.
//
// # Rights
//
// It follows what the answers are made of, and asks the API server what somebody else may do, which
// changes nothing though it is called create.
//
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=realms;users;roles,verbs=get;list;watch
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create
package kubernetes
