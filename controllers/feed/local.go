package feed

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// PutUser tells the directory of a User as the API server answered this replica's
// write, before the watch does. It is visible when PutUser returns. Versions
// decide: an answer that is told late undoes nothing.
func (f *Feed) PutUser(u *v1alpha1.User) {
	putLocal(f.users, &u.ObjectMeta, userOf(&u.ObjectMeta, &u.Spec))
}

// ForgetUser tells the directory that this replica has deleted u, as it was last
// read, in the API server. No late event brings it back.
func (f *Feed) ForgetUser(u *v1alpha1.User) {
	e := newEntry[directory.User](&u.ObjectMeta)
	f.users.table.Forget(e.Namespace, e.Name, e.UID, e.Version)
}

// PutRevokedToken tells the directory of a RevokedToken as the API server answered
// this replica's write. What it names is refused when PutRevokedToken returns. A Feed
// WithoutTokens has no use for it.
func (f *Feed) PutRevokedToken(r *v1alpha1.RevokedToken) {
	if f.revocations == nil {
		return
	}
	putLocal(f.revocations, &r.ObjectMeta, revocationOf(&r.ObjectMeta, &r.Spec))
}

func putLocal[T any](s *store[T], meta *metav1.ObjectMeta, value T) {
	e := newEntry[T](meta)
	if e.err != nil {
		s.log.Info("an answer of the API server can't be read; the watch will deliver it", "kind", s.kind, "realm", e.Namespace, "name", e.Name, "error", e.err)
		return
	}
	e.Value = value
	s.table.Put(e.Item)
}
