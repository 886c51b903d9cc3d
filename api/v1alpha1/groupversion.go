package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of every kind of this package.
const GroupName = "auth.latchkey.dev"

// GroupVersion is the group and version of every kind of this package.
var GroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

// AddToScheme registers every kind of this package with a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&Realm{}, &RealmList{},
		&Role{}, &RoleList{},
		&User{}, &UserList{},
		&RevokedToken{}, &RevokedTokenList{},
		&Session{}, &SessionList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
