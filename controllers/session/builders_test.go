package session_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

type sessionOption func(*v1alpha1.Session)

func aSession(sid string, options ...sessionOption) *v1alpha1.Session {
	s := &v1alpha1.Session{ObjectMeta: metav1.ObjectMeta{Name: sid, Finalizers: []string{v1alpha1.SessionFinalizer}}}
	of("ann", "uid-ann")(s)
	expiring(time.Now().Add(time.Hour))(s)
	for _, option := range options {
		option(s)
	}
	return s
}

func of(user string, uid types.UID) sessionOption {
	return func(s *v1alpha1.Session) {
		s.Spec.User = v1alpha1.SessionUser{Name: user, UID: uid}
		s.Labels = map[string]string{v1alpha1.SessionUserLabel: user, v1alpha1.SessionUserUIDLabel: string(uid)}
	}
}

func expiring(at time.Time) sessionOption {
	return func(s *v1alpha1.Session) {
		s.Spec.ExpiresAt = metav1.NewTime(at.UTC())
		s.Annotations = map[string]string{v1alpha1.SessionExpiresAnnotation: at.UTC().Format(time.RFC3339)}
	}
}

func withCookieUntil(at time.Time) sessionOption {
	return func(s *v1alpha1.Session) { s.Spec.CookieExpiresAt = new(metav1.NewTime(at.UTC())) }
}

func withoutMetadata() sessionOption {
	return func(s *v1alpha1.Session) { s.Labels, s.Annotations = nil, nil }
}

func aRealm() *v1alpha1.Realm {
	return &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.RealmName}}
}

func aRevocation(spec v1alpha1.RevokedTokenSpec) *v1alpha1.RevokedToken {
	return &v1alpha1.RevokedToken{ObjectMeta: metav1.ObjectMeta{GenerateName: "by-hand-"}, Spec: spec}
}

func ofUser(user v1alpha1.RevokedUser) v1alpha1.RevokedTokenSpec {
	return v1alpha1.RevokedTokenSpec{User: &user}
}

// world is the namespace of one spec.
type world struct{ namespace string }

func newWorld(ctx context.Context, objects ...client.Object) world {
	GinkgoHelper()
	w := world{namespace: suite.Namespace(ctx)}
	w.create(ctx, objects...)
	return w
}

func (w world) create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, o := range objects {
		o.SetNamespace(w.namespace)
		Expect(suite.Client.Create(ctx, o)).To(Succeed())
	}
}

// sessions are the sids of the Sessions that are there.
func (w world) sessions(ctx context.Context) []string {
	GinkgoHelper()
	list := &v1alpha1.SessionList{}
	Expect(suite.Client.List(ctx, list, client.InNamespace(w.namespace))).To(Succeed())
	var sids []string
	for _, s := range list.Items {
		sids = append(sids, s.Name)
	}
	return sids
}

// revokedSessions are the sids that RevokedTokens name, each with when that may be collected.
func (w world) revokedSessions(ctx context.Context) map[string]time.Time {
	GinkgoHelper()
	list := &v1alpha1.RevokedTokenList{}
	Expect(suite.Client.List(ctx, list, client.InNamespace(w.namespace))).To(Succeed())
	sids := map[string]time.Time{}
	for _, t := range list.Items {
		if t.Spec.SessionID != "" && t.Name == v1alpha1.SessionRevocationName(t.Spec.SessionID) {
			sids[t.Spec.SessionID] = t.Spec.ExpiresAt.Time
		}
	}
	return sids
}

func (w world) remaining(ctx context.Context) AsyncAssertion {
	return Eventually(func() []string { return w.sessions(ctx) }).WithContext(ctx)
}
