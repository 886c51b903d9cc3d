//go:build chaos

package chaos_test

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/chaos"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// countLeaks counts the objects that nobody accounts for. A login whose answer was a 503, or none, may have
// been stored: such Sessions are ended as an administrator would, and must be gone then.
func (s *story) countLeaks(ctx context.Context) {
	GinkgoHelper()
	var unclear []v1alpha1.Session
	Eventually(func(g Gomega) {
		unclear = nil
		sessions := &v1alpha1.SessionList{}
		g.Expect(env.Client.List(ctx, sessions, client.InNamespace(stack.Namespace))).To(Succeed())
		for _, session := range sessions.Items {
			login, told := known.Load(session.Name)
			if !told {
				unclear = append(unclear, session)
				continue
			}
			g.Expect(login.(*chaos.Login).Over()).To(BeFalse(), "the Session %s of %s outlives its login", session.Name, session.Spec.User.Name)
		}
	}).WithTimeout(patience).Should(Succeed())
	s.row.Leaked += max(0, len(unclear)-s.traffic.unclear)
	for _, session := range unclear {
		Expect(env.Client.Delete(ctx, &session)).To(Succeed())
		known.Store(session.Name, ended(session))
	}
	if len(unclear) > 0 {
		s.remark("%d logins had been stored whose answer was lost; they were ended", len(unclear))
	}
	for _, session := range unclear {
		Eventually(func() bool {
			return apierrors.IsNotFound(env.Client.Get(ctx, client.ObjectKeyFromObject(&session), &v1alpha1.Session{}))
		}).WithTimeout(patience).Should(BeTrue(), "the Session %s goes", session.Name)
	}
	s.countRevocations(ctx)
	s.countPasswords(ctx)
}

// countRevocations expects every RevokedToken to name a login that is over. Nobody was told of some: their
// answer was lost, or they began in the second of a revocation of their user and the replica tried another. The
// leader ended those, and what it wrote for them goes within a day.
func (s *story) countRevocations(ctx context.Context) {
	GinkgoHelper()
	tokens := &v1alpha1.RevokedTokenList{}
	Expect(env.Client.List(ctx, tokens, client.InNamespace(stack.Namespace))).To(Succeed())
	untold := 0
	for _, token := range tokens.Items {
		if token.Spec.SessionID == "" {
			continue
		}
		login, told := known.Load(token.Spec.SessionID)
		switch {
		case told && login.(*chaos.Login).Over():
		case !told && token.Spec.Reason == "session deleted" && token.Spec.ExpiresAt != nil && token.Spec.ExpiresAt.Sub(token.CreationTimestamp.Time) <= 25*time.Hour:
			untold++
		default:
			s.row.Leaked++
			s.remark("LEAKED: RevokedToken %s of a login that nobody ended", token.Name)
		}
	}
	if untold > 0 {
		s.remark("%d revocations of logins that nobody was told of go within a day", untold)
	}
}

// countPasswords looks for password Secrets that no User names. The leader collects them after 10 min, for
// which the suite has no time.
func (s *story) countPasswords(ctx context.Context) {
	GinkgoHelper()
	people, secrets := &v1alpha1.UserList{}, &corev1.SecretList{}
	Expect(env.Client.List(ctx, people, client.InNamespace(stack.Namespace))).To(Succeed())
	Expect(env.Client.List(ctx, secrets, client.InNamespace(stack.Namespace), client.MatchingLabels{v1alpha1.ManagedByLabel: v1alpha1.ManagedByLatchkey})).To(Succeed())
	orphans := 0
	for _, secret := range secrets.Items {
		named := slices.ContainsFunc(people.Items, func(u v1alpha1.User) bool {
			return u.Spec.PasswordSecretRef != nil && u.Spec.PasswordSecretRef.Name == secret.Name
		})
		if secret.Type == v1alpha1.PasswordSecretType && !named {
			orphans++
		}
	}
	if orphans > 0 {
		s.remark("%d password Secrets without a User wait for the leader, which collects them after 10 min", orphans)
	}
}

// ended is the login of a Session that nobody was told of, and that is over.
func ended(session v1alpha1.Session) *chaos.Login {
	login := chaos.NewLogin(session.Spec.User.Name, session.Name, chaos.Tokens{})
	login.Ending()
	login.Ended()
	return login
}
