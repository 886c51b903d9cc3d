package session

import (
	"context"
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

// longestLogin is the longest that a login can last: the upper bound of a realm's refreshTTL, and an hour
// by which clocks may differ. What is annotated beyond it was written by somebody else.
const longestLogin = 2161 * time.Hour

// describe reads a login off the metadata of its Session. Of a Session that wasn't made by the service, and
// so lacks some of it, the spec is read. Whatever either says, the login ends one day.
func (r *Reconciler) describe(ctx context.Context, session *metav1.PartialObjectMetadata) (login, error) {
	l := login{
		sid: session.Name,
		user: v1alpha1.SessionUser{
			Name: session.Labels[v1alpha1.SessionUserLabel],
			UID:  types.UID(session.Labels[v1alpha1.SessionUserUIDLabel]),
		},
		began: session.CreationTimestamp.Time,
	}
	var err error
	l.expires, err = time.Parse(time.RFC3339, session.Annotations[v1alpha1.SessionExpiresAnnotation])
	if err != nil || l.user.Name == "" || l.user.UID == "" {
		_, spec, err := r.read(ctx, client.ObjectKeyFromObject(session))
		if err != nil {
			return login{}, err
		}
		l.user, l.expires = spec.User, spec.ExpiresAt.Time
	}
	if latest := l.began.Add(longestLogin); l.expires.IsZero() || l.expires.After(latest) {
		l.expires = latest
	}
	return l, nil
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
