//go:build chaos

package chaos_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/chaos"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// The users of the suite, who all have one password, and how many logins of each are there all the time.
const (
	users  = 12
	logins = 2
	secret = "correct-horse-battery-staple"
	root   = "root" // holds adminRole
)

func userName(i int) string { return fmt.Sprintf("user-%d", i%users) }

// objectMeta names an object of the realm.
func objectMeta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: stack.Namespace, Name: name}
}

// aUser makes a user with the password secret, and roles.
func aUser(ctx context.Context, name string, roles ...v1alpha1.GrantableRoleName) {
	GinkgoHelper()
	hash, err := password.Default().Make(secret)
	Expect(err).NotTo(HaveOccurred())
	meta := objectMeta(name)
	Expect(env.Client.Create(ctx, &corev1.Secret{
		ObjectMeta: meta, Type: v1alpha1.PasswordSecretType, Data: map[string][]byte{v1alpha1.PasswordHashDataKey: []byte(hash)},
	})).To(Succeed())
	Expect(env.Client.Create(ctx, &v1alpha1.User{
		ObjectMeta: meta, Spec: v1alpha1.UserSpec{Roles: roles, PasswordSecretRef: &v1alpha1.PasswordSecretReference{Name: name}},
	})).To(Succeed())
}

// populate makes the users and their logins, and the load that checks them.
func populate(ctx context.Context) {
	GinkgoHelper()
	load = chaos.NewLoad(checksPerSecond)
	for _, p := range serving {
		load.Replicas = append(load.Replicas, p.Replica)
	}
	limits := []byte(`{"spec":{"sessions":{"maxPerUser":1000,"maxLoginsPerHour":100000}}}`) // nothing but a fault is to end a login
	Expect(env.Client.Patch(ctx, &v1alpha1.Realm{ObjectMeta: objectMeta(v1alpha1.RealmName)}, client.RawPatch("application/merge-patch+json", limits))).To(Succeed())
	Expect(client.IgnoreAlreadyExists(env.Client.Create(ctx, &v1alpha1.Role{ObjectMeta: objectMeta("admin")}))).To(Succeed())
	aUser(ctx, root, "admin")
	for i := range users {
		aUser(ctx, userName(i))
	}
	for i := range users * logins {
		load.Add(logIn(ctx, serving[i%len(serving)], userName(i)))
	}
}

// logIn logs in, which may take until every part of a new user is there.
func logIn(ctx context.Context, at *process, user string) *chaos.Login {
	GinkgoHelper()
	return logInWith(ctx, at, user, secret)
}

// logInQuietly logs in somebody, without having every replica asked.
func logInQuietly(ctx context.Context, at *process) *chaos.Login {
	GinkgoHelper()
	return logInAt(ctx, at, userName(0), secret)
}

func logInWith(ctx context.Context, at *process, user, password string) *chaos.Login {
	GinkgoHelper()
	login := logInAt(ctx, at, user, password)
	// Every replica in touch knows the user by now, or will at once; what checks find before that isn't a fault's doing.
	for _, p := range inTouch() {
		Eventually(accepts(ctx, p, login)).WithTimeout(patience).WithPolling(10*time.Millisecond).Should(BeTrue(), "%s knows a login of %s", p.name, user)
	}
	return login
}

func logInAt(ctx context.Context, at *process, user, password string) *chaos.Login {
	GinkgoHelper()
	var login *chaos.Login
	Eventually(func(g Gomega) {
		tokens, reply := writer.Login(ctx, at.Replica, user, password)
		g.Expect(reply.Status).To(Equal(http.StatusOK), "%s logs in at %s: %s", user, at.name, reply.Body)
		sid, err := tokens.SessionID()
		g.Expect(err).NotTo(HaveOccurred())
		login = remember(chaos.NewLogin(user, sid, tokens))
	}).WithTimeout(patience).WithPolling(100 * time.Millisecond).Should(Succeed())
	return login
}

// known are all logins that somebody was told of, by sid.
var known sync.Map

func remember(login *chaos.Login) *chaos.Login {
	known.Store(login.SessionID, login)
	return login
}

// accepts asks one replica about one login, beside the load.
func accepts(ctx context.Context, p *process, login *chaos.Login) func() (bool, error) {
	return func() (bool, error) {
		status, _, err := chaos.Check(ctx, http.DefaultClient, p.Replica, login.Tokens().Access)
		return status == http.StatusOK, err
	}
}

// logOut ends a login at a replica, which must manage.
func logOut(ctx context.Context, at *process, login *chaos.Login) {
	GinkgoHelper()
	login.Ending()
	reply := writer.Logout(ctx, at.Replica, login.Tokens().Access)
	Expect(reply.Status).To(Equal(http.StatusOK), "%s logs out at %s: %s", login.User, at.name, reply.Body)
	login.EndedBy(at.Replica)
	login.Ended()
}

// revoke ends a login by a RevokedToken, as kubectl does, and returns the object.
func revoke(ctx context.Context, login *chaos.Login) *v1alpha1.RevokedToken {
	GinkgoHelper()
	login.Ending()
	revoked := &v1alpha1.RevokedToken{
		ObjectMeta: objectMeta("chaos-" + login.SessionID),
		Spec:       v1alpha1.RevokedTokenSpec{SessionID: login.SessionID, Reason: "the fault suite"},
	}
	Expect(env.Client.Create(ctx, revoked)).To(Succeed())
	login.Ended()
	return revoked
}

// traffic is what people do all the time beside checks: they log in, one after the other, and log out.
type traffic struct {
	mu        sync.Mutex
	replies   map[int]int // by status, 0 for none
	away      int         // 503 with Retry-After
	bare      int         // 503 without
	slowest   time.Duration
	slow      []string       // answers that came later than promptly
	unclear   int            // logins that may have been stored, though nobody was told
	pending   []*chaos.Login // whose logout failed
	live      []*chaos.Login // begun by it
	began     int
	refreshed int
	burnt     int // refreshes that were refused, though the token was the newest that anybody had
}

// promptly is within how long whatever is asked must be answered (P2).
const promptly = 5 * time.Second

// keptAlive is how many of its logins traffic leaves alive.
const keptAlive = 6

// run goes on until ctx ends. What is under way then is waited for.
func (t *traffic) run(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		t.logIn(serving[i%len(serving)], userName(i))
		if len(t.live) > keptAlive {
			login := t.live[0]
			t.live = t.live[1:]
			t.logOut(serving[(i+1)%len(serving)], login)
		}
		if len(t.live) > 0 {
			t.refresh(serving[(i+2)%len(serving)], t.live[i%len(t.live)])
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (t *traffic) logIn(at *process, user string) {
	tokens, reply := writer.Login(context.Background(), at.Replica, user, secret)
	t.note("a login", at, reply)
	if reply.Status != http.StatusOK {
		t.unclear++
		return
	}
	if sid, err := tokens.SessionID(); err == nil {
		login := remember(chaos.NewLogin(user, sid, tokens))
		load.Add(login)
		t.live = append(t.live, login)
		t.began++
	}
}

func (t *traffic) logOut(at *process, login *chaos.Login) {
	login.Ending()
	reply := writer.Logout(context.Background(), at.Replica, login.Tokens().Access)
	t.note("a logout", at, reply)
	if reply.Status != http.StatusOK {
		t.pending = append(t.pending, login)
		return
	}
	login.EndedBy(at.Replica)
	login.Ended()
}

// refresh trades the refresh token of one of its logins. What isn't answered burns nothing: the old one is
// tried again next time.
func (t *traffic) refresh(at *process, login *chaos.Login) {
	tokens, reply := writer.Refresh(context.Background(), at.Replica, login.Tokens().Refresh)
	t.note("a refresh", at, reply)
	switch {
	case reply.Status == http.StatusOK:
		login.Refreshed(tokens)
		t.refreshed++
	case reply.Status == http.StatusBadRequest:
		t.burnt++
	}
}

// note counts an answer. What a replica that was killed didn't answer counts as 0.
func (t *traffic) note(what string, at *process, reply chaos.Reply) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.replies == nil {
		t.replies = map[int]int{}
	}
	t.replies[reply.Status]++
	if reply.Took > promptly {
		t.slow = append(t.slow, fmt.Sprintf("%s at %s took %s, until %s, and was answered with %d",
			what, at.name, reply.Took.Round(time.Millisecond), time.Now().UTC().Format("15:04:05.000"), reply.Status))
	}
	switch {
	case reply.Away():
		t.away++
		t.slowest = max(t.slowest, reply.Took)
	case reply.Status == http.StatusServiceUnavailable:
		t.bare++
	}
}

// seen is how often something was answered with that status so far.
func (t *traffic) seen(status int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.replies[status]
}

// finish tries again what failed: trying again is safe, and must work now.
func (t *traffic) finish(ctx context.Context) {
	GinkgoHelper()
	for _, login := range t.pending {
		at := serving[0]
		Eventually(func(g Gomega) {
			reply := writer.Logout(ctx, at.Replica, login.Tokens().Access)
			g.Expect(reply.Status).To(Or(Equal(http.StatusOK), Equal(http.StatusUnauthorized)), "%s logs out again: %s", login.User, reply.Body)
		}).WithTimeout(patience).Should(Succeed())
		login.EndedBy(at.Replica)
		login.Ended()
	}
	t.pending = nil
}
