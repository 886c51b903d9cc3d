// Package admission is what the API server asks before it stores a Role, User, Realm or Ingress. It refuses what
// a schema can't see and nobody can want (an include cycle, a rule that can't be matched), it warns of what may
// be right in a moment (a Role that doesn't exist yet), and it lets nobody give what they may not give.
//
//	admission.go   what it works with, and the one list of what it judges
//	review.go      an AdmissionReview in and out; nothing else is answered with one
//	verdict.go     what a judge says
//	user.go        a User: roles that are added
//	role.go        a Role: rules, includes, kubernetesRules that are added
//	realm.go       a Realm: what it names, and whether it can be used
//	ingress.go     an Ingress of ingress-nginx that asks Latchkey, and whether it can work
//	includes.go    Roles that include each other
//	author.go      what the person who writes may do, asked of the API server
//	permission.go  kubernetesRules as single permissions
//
// It holds no state, reads Roles and Realms, and writes nothing: a SubjectAccessReview is a question. Nothing relies on
// it alone. The evaluator bounds cycles, ignores what can't be matched, and grants nothing by names that
// don't exist, whether or not somebody asked here before.
package admission

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=realms;roles,verbs=get;list;watch
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create
