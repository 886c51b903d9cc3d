package feed

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// decodeUser says who a User is.
func decodeUser(meta *metav1.ObjectMeta, raw json.RawMessage) (directory.User, error) {
	var spec v1alpha1.UserSpec
	if err := decode(raw, &spec); err != nil {
		return directory.User{Name: meta.Name, UID: string(meta.UID), Unusable: true}, err
	}
	return userOf(meta, &spec), nil
}

// userOf says who a User is. One that is being deleted is gone, whatever still
// holds the object.
func userOf(meta *metav1.ObjectMeta, spec *v1alpha1.UserSpec) directory.User {
	u := directory.User{
		Name:        meta.Name,
		UID:         string(meta.UID),
		DisplayName: spec.DisplayName,
		Email:       spec.Email,
		Roles:       texts(spec.Roles),
		CreatedAt:   meta.CreationTimestamp.UTC(),
		Disabled:    spec.Disabled,
		Unusable:    meta.DeletionTimestamp != nil,
	}
	if spec.PasswordSecretRef != nil {
		u.PasswordSecret = spec.PasswordSecretRef.Name
	}
	return u
}

// texts returns strings of a named type as strings.
func texts[S ~string](named []S) []string {
	if len(named) == 0 {
		return nil
	}
	plain := make([]string, len(named))
	for i, s := range named {
		plain[i] = string(s)
	}
	return plain
}
