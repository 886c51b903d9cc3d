package main

import (
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// kinds says under which names the API server keeps what the service and admission read and write. Asking it, as a
// client does by default at the first use of a kind, heeds no deadline: the first login at a replica that was
// just started would wait for as long as the API server is silent.
func kinds() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	for _, kind := range []string{"Realm", "User", "Role", "Session", "RevokedToken"} {
		m.Add(v1alpha1.GroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	m.Add(corev1.SchemeGroupVersion.WithKind("Secret"), meta.RESTScopeNamespace)
	m.Add(authorizationv1.SchemeGroupVersion.WithKind("SubjectAccessReview"), meta.RESTScopeRoot)
	return m
}
