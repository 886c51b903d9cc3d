package feed

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// keyEntry says which keys a Secret holds for the Realm of that UID. A foreign one
// holds none, as the leader sees it too: one of another type, or one that this
// Realm doesn't own, whose keys were made under somebody else's rules. Nor does
// one that is being deleted.
func keyEntry(s *secret, realmUID string) entry[token.Document] {
	e := newEntry[token.Document](&s.ObjectMeta)
	if s.Name != v1alpha1.SigningKeysSecretName || s.DeletionTimestamp != nil || foreign(s, realmUID) {
		e.absent = true
		return e
	}
	e.Value, e.err = token.ParseDocument(s.Data[v1alpha1.SigningKeysDataKey])
	return e
}

func foreign(s *secret, realmUID string) bool {
	owner := metav1.GetControllerOfNoCopy(&s.ObjectMeta)
	return s.Type != v1alpha1.SigningKeysSecretType || owner == nil || string(owner.UID) != realmUID
}

// newEntry names an object; its value is to be filled in.
func newEntry[T any](meta *metav1.ObjectMeta) entry[T] {
	version, err := parseVersion(meta.ResourceVersion)
	return entry[T]{err: err, Item: directory.Item[T]{
		Namespace: meta.Namespace,
		Name:      meta.Name,
		UID:       string(meta.UID),
		Version:   version,
	}}
}
