//go:build chaos

package chaos_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/chaos"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// window is by how much answers are delayed to a process that is to die between two writes: its first
// write is stored and seen, and it doesn't know yet.
const window = 400 * time.Millisecond

// dieAfter lets a process do something, and kills it as soon as all of these have been seen in the API
// server, before it can hear that it wrote them.
func dieAfter(ctx context.Context, p *process, act func(), seen ...*sighting) {
	GinkgoHelper()
	p.network.Delay(window)
	act()
	for _, s := range seen {
		Eventually(s.seen).WithTimeout(patience).WithPolling(time.Millisecond).Should(BeClosed(), s.what)
	}
	p.network.Cut()
	p.kill()
	p.network.Heal()
}

// sighting is something that a watch will see.
type sighting struct {
	what string
	seen chan struct{}
}

// see returns a sighting of the first object of a list's kind for which is holds, from now on.
func see[T client.Object](ctx context.Context, what string, list client.ObjectList, is func(T) bool) *sighting {
	GinkgoHelper()
	c, err := client.NewWithWatch(env.Config, client.Options{Scheme: env.Client.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	w, err := c.Watch(ctx, list, client.InNamespace(stack.Namespace))
	Expect(err).NotTo(HaveOccurred())
	s := &sighting{what: what, seen: make(chan struct{})}
	var watching sync.WaitGroup
	DeferCleanup(func() { w.Stop(); watching.Wait() })
	watching.Go(func() {
		for event := range w.ResultChan() {
			if o, ok := event.Object.(T); ok && event.Type != watch.Deleted && is(o) {
				close(s.seen)
				return
			}
		}
	})
	return s
}

// revocationsOf are the RevokedTokens that name a login or its user.
func revocationsOf(ctx context.Context, login *chaos.Login) (of []v1alpha1.RevokedToken) {
	GinkgoHelper()
	all := &v1alpha1.RevokedTokenList{}
	Expect(env.Client.List(ctx, all, client.InNamespace(stack.Namespace))).To(Succeed())
	for _, token := range all.Items {
		if token.Spec.SessionID == login.SessionID || token.Spec.User != nil && string(token.Spec.User.Name) == login.User {
			of = append(of, token)
		}
	}
	return of
}

// sessionOf reports whether the Session of a login exists.
func sessionOf(ctx context.Context, login *chaos.Login) func() (bool, error) {
	return func() (bool, error) {
		err := env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: login.SessionID}, &v1alpha1.Session{})
		return err == nil, client.IgnoreNotFound(err)
	}
}

// untilDead waits until a login is refused everywhere and its Session is gone, and expects no cause of
// that to be written twice.
func untilDead(ctx context.Context, what string, login *chaos.Login) {
	GinkgoHelper()
	for _, p := range serving {
		Eventually(accepts(ctx, p, login)).WithTimeout(patience).Should(BeFalse(), "%s: %s refuses the login", what, p.name)
	}
	login.Ended()
	Eventually(sessionOf(ctx, login)).WithTimeout(patience).Should(BeFalse(), "%s: the Session goes", what)
	causes := map[string]int{}
	for _, token := range revocationsOf(ctx, login) {
		causes[token.Spec.Reason]++
	}
	Expect(causes).NotTo(BeEmpty(), what)
	Expect(causes).To(HaveEach(1), "%s: each cause is written once", what)
}

// leader is the controller that works, which its metrics say.
func leader(ctx context.Context) *process {
	GinkgoHelper()
	var leading *process
	Eventually(func(g Gomega) {
		leading = nil
		for _, p := range controllers {
			if strings.Contains(metrics(ctx, p), `leader_election_master_status{name="latchkey-leader"} 1`) {
				leading = p
			}
		}
		g.Expect(leading).NotTo(BeNil(), "somebody leads")
	}).WithTimeout(patience).Should(Succeed())
	return leading
}

// leaderKilledBetweenWrites has the leader begin to end three logins in three ways.
func leaderKilledBetweenWrites(ctx SpecContext) {
	s := begin(ctx, "leader killed between two writes", "P16: a deleted Session, a disabled user and a changed password each end in one revocation and no Session, "+
		"though the leader that began dies and another finishes")
	for _, name := range []string{"finalized", "disabled", "changed"} {
		aUser(ctx, name)
	}
	finalized, disabled, changed := logIn(ctx, serving[0], "finalized"), logIn(ctx, serving[1], "disabled"), logIn(ctx, serving[2], "changed")
	for _, login := range []*chaos.Login{finalized, disabled, changed} {
		login.Ending()
		load.Add(login)
	}
	leading := leader(ctx)
	names := func(login *chaos.Login) func(*v1alpha1.RevokedToken) bool {
		return func(t *v1alpha1.RevokedToken) bool {
			return t.Spec.SessionID == login.SessionID || t.Spec.User != nil && string(t.Spec.User.Name) == login.User
		}
	}
	dieAfter(ctx, leading, func() {
		Expect(env.Client.Delete(ctx, &v1alpha1.Session{ObjectMeta: objectMeta(finalized.SessionID)})).To(Succeed())
		user := &v1alpha1.User{ObjectMeta: objectMeta("disabled")}
		Expect(env.Client.Patch(ctx, user, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"disabled":true}}`)))).To(Succeed())
		Expect(env.Client.Patch(ctx, stack.PasswordSecret("changed", ""), client.RawPatch("application/merge-patch+json",
			fmt.Appendf(nil, `{"stringData":{%q:%q},"data":{%q:null}}`, v1alpha1.PasswordDataKey, secret+"-2", v1alpha1.PasswordHashDataKey)))).To(Succeed())
	},
		see(ctx, "the revocation of the deleted Session", &v1alpha1.RevokedTokenList{}, names(finalized)),
		see(ctx, "the revocation of the disabled user", &v1alpha1.RevokedTokenList{}, names(disabled)),
		see(ctx, "the hash of the changed password", &corev1.SecretList{}, func(secret *corev1.Secret) bool {
			return secret.Name == "changed" && len(secret.Data[v1alpha1.PasswordHashDataKey]) > 0 && len(secret.Data[v1alpha1.PasswordDataKey]) == 0
		}))
	half := 0
	for _, login := range []*chaos.Login{finalized, disabled} {
		if exists, err := sessionOf(ctx, login)(); err == nil && exists {
			half++
		}
	}
	if len(revocationsOf(ctx, changed)) == 0 {
		half++
	}
	killed := time.Now()
	s.remark("%s led and was killed; %d of 3 flows were half done then", leading.name, half)

	for what, login := range map[string]*chaos.Login{"kubectl delete lksession": finalized, "spec.disabled": disabled, "a changed password": changed} {
		untilDead(ctx, what, login)
	}
	s.remark("all were finished %s after the kill", time.Since(killed).Round(100*time.Millisecond))
	load.Add(logInWith(ctx, serving[0], "changed", secret+"-2"))
	s.end(ctx)
}

// replicaKilledBetweenWrites has a replica begin a logout, a new user and a new password.
func replicaKilledBetweenWrites(ctx SpecContext) {
	s := begin(ctx, "replica killed between two writes", "P16: a logout, a new user and a new password each end in one result, though the replica that began dies: "+
		"by the leader, or by trying again elsewhere")
	aUser(ctx, "leaving")
	aUser(ctx, "renewed")
	leaving, renewed, admin := logIn(ctx, serving[0], "leaving"), logIn(ctx, serving[1], "renewed"), logIn(ctx, serving[0], root)
	for _, login := range []*chaos.Login{leaving, renewed, admin} {
		load.Add(login)
	}
	dying, other := serving[0], serving[1]

	leaving.Ending()
	s.interrupt(ctx, "a logout", dying, func(ctx context.Context) chaos.Reply {
		return writer.Logout(ctx, dying.Replica, leaving.Tokens().Access)
	}, see(ctx, "the revocation of the logout", &v1alpha1.RevokedTokenList{}, func(t *v1alpha1.RevokedToken) bool { return t.Spec.SessionID == leaving.SessionID }))
	untilDead(ctx, "a logout", leaving)

	create := map[string]any{"username": "newcomer", "password": secret}
	s.interrupt(ctx, "a new user", dying, func(ctx context.Context) chaos.Reply {
		return writer.Call(ctx, dying.Replica, http.MethodPost, "/users", admin.Tokens().Access, create)
	}, see(ctx, "the Secret of the new user", &corev1.SecretList{}, func(secret *corev1.Secret) bool { return strings.HasPrefix(secret.Name, "newcomer-password-") }))
	again := writer.Call(ctx, other.Replica, http.MethodPost, "/users", admin.Tokens().Access, create).Status
	Expect(again).To(Or(Equal(http.StatusCreated), Equal(http.StatusConflict)), "another replica creates the user, unless it was")
	load.Add(logIn(ctx, other, "newcomer"))

	renewed.Ending()
	const next = secret + "-2"
	s.interrupt(ctx, "a new password", dying, func(ctx context.Context) chaos.Reply {
		return writer.Call(ctx, dying.Replica, http.MethodPatch, "/users/renewed", admin.Tokens().Access, map[string]any{"password": next})
	}, see(ctx, "the User's new password Secret", &v1alpha1.UserList{}, func(u *v1alpha1.User) bool {
		return u.Name == "renewed" && u.Spec.PasswordSecretRef.Name != "renewed"
	}))
	untilDead(ctx, "a new password", renewed)
	load.Add(logInWith(ctx, other, "renewed", next))
	s.end(ctx)
}

// interrupt has a replica die once the first write of a request was seen, and starts it again.
func (s *story) interrupt(ctx context.Context, what string, dying *process, ask func(context.Context) chaos.Reply, seen *sighting) {
	GinkgoHelper()
	replies := make(chan chaos.Reply, 1)
	dieAfter(ctx, dying, func() {
		go func() {
			reply := ask(context.WithoutCancel(ctx))
			for reply.Away() { // too slow a machine for so late answers
				reply = ask(context.WithoutCancel(ctx))
			}
			replies <- reply
		}()
	}, seen)
	var reply chaos.Reply
	Eventually(replies).WithTimeout(patience).Should(Receive(&reply))
	how := "was never answered: the replica died before it knew that its first write was stored"
	if reply.Status != 0 {
		how = fmt.Sprintf("was answered with %d before the replica died", reply.Status)
	}
	s.remark("%s %s", what, how)
	dying.restart(ctx)
}
