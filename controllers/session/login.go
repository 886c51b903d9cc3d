package session

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// login is what a Session says of a login.
type login struct {
	sid     string
	user    v1alpha1.SessionUser
	began   time.Time // by the API server's clock, in whole seconds
	expires time.Time
}

// describe reads a login off the metadata of its Session. Of a Session that wasn't made by the service, and
// so lacks some of it, the spec is read.
func (r *Reconciler) describe(ctx context.Context, session *metav1.PartialObjectMetadata) (login, error) {
	expires, err := time.Parse(time.RFC3339, session.Annotations[v1alpha1.SessionExpiresAnnotation])
	user := v1alpha1.SessionUser{
		Name: session.Labels[v1alpha1.SessionUserLabel],
		UID:  types.UID(session.Labels[v1alpha1.SessionUserUIDLabel]),
	}
	if err == nil && user.Name != "" && user.UID != "" {
		return login{sid: session.Name, user: user, began: session.CreationTimestamp.Time, expires: expires}, nil
	}
	whole := &v1alpha1.Session{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(session), whole); err != nil {
		return login{}, fmt.Errorf("get session %q: %w", session.Name, err)
	}
	return login{sid: whole.Name, user: whole.Spec.User, began: whole.CreationTimestamp.Time, expires: whole.Spec.ExpiresAt.Time}, nil
}

// namedBy tells whether t ends l: by its sid, or as a login of its user that began in time.
func (l login) namedBy(t *v1alpha1.RevokedToken) bool {
	if t.Spec.SessionID != "" {
		return t.Spec.SessionID == l.sid
	}
	user := t.Spec.User
	if user == nil || user.Name != l.user.Name || user.UID != "" && user.UID != l.user.UID {
		return false
	}
	return !l.began.After(moment(t))
}

// moment is the last at which a login of t's user began that t ends. One in the future counts as
// the creation of t: nobody revokes logins to come.
func moment(t *v1alpha1.RevokedToken) time.Time {
	made := t.CreationTimestamp.Time
	if asked := t.Spec.User.IssuedBefore; asked != nil && asked.Time.Before(made) {
		return asked.Time
	}
	return made
}
