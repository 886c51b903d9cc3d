package decision_test

import (
	"crypto/rand"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/decision"
	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

const (
	namespace   = "team"
	externalURL = "https://auth.example.com"
	issuer      = externalURL + "/realms/" + namespace
)

// door is the real service, asked over HTTP with real tokens.
type door struct {
	*webhook.Service
	keys token.Document
	now  time.Time

	tokens map[string]string // of the present realm, by user
}

func newDoor(t *testing.T) *door {
	t.Helper()
	now := time.Now().Truncate(time.Second)
	store := cluster.New(nil, nil, time.Now) // nobody writes here
	service, err := webhook.New(webhook.Config{
		Directory: directory.New(), Synced: func() bool { return true }, Stale: func() bool { return false }, Sessions: store, Passwords: store,
		Logins: password.NewSlots(password.SlotsConfig{}), Hashing: password.NewSlots(password.SlotsConfig{}), Tokens: token.NewCache(64),
		DefaultRealm: "default", ExternalURL: externalURL,
		Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	generation, err := token.NewGeneration(token.ES256, token.Active, now, now, now.Add(24*time.Hour), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &door{Service: service, keys: token.Document{Generations: []token.Generation{generation}}, now: now}
}

// open puts the service before another realm.
func (d *door) open(o feed.Objects) {
	d.Directory, _ = feed.Snapshot(o, externalURL)
	d.Directory.Keys().Put(directory.Item[token.Document]{Namespace: namespace, Name: "keys", UID: "keys", Version: 1, Value: d.keys})
	d.tokens = map[string]string{}
}

// login returns a token of a user as a login would have given it, before whatever became of the user since.
func (d *door) login(t *testing.T, user string) string {
	t.Helper()
	realm := d.Directory.Realm(namespace)
	if realm == nil {
		return ""
	}
	if d.tokens[user] == "" {
		signed, err := realm.Keys().Sign(token.Access, token.Claims{
			Issuer: issuer, Audience: []string{issuer}, ClientID: "latchkey", Subject: "User-" + user, Username: user, RolesOmitted: true,
			ID: rand.Text(), SessionID: strings.ToLower(rand.Text()), IssuedAt: d.now, ExpiresAt: d.now.Add(30 * time.Minute), AuthTime: d.now,
		})
		if err != nil {
			t.Fatal(err)
		}
		d.tokens[user] = signed
	}
	return d.tokens[user]
}

// ask asks as one of three proxies does, or by roles.
func (d *door) ask(t *testing.T, proxy string, user, method, host, target string) *httptest.ResponseRecorder {
	t.Helper()
	r := &http.Request{Method: http.MethodGet, Host: "latchkey", RequestURI: "/realms/" + namespace + "/check/" + proxy, Header: http.Header{}}
	switch proxy {
	case "envoy":
		r.Method, r.Host, r.RequestURI = method, host, r.RequestURI+target
	case "traefik", "caddy":
		r.Header = http.Header{"X-Forwarded-Method": {method}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {host}, "X-Forwarded-Uri": {target}}
	}
	if user != decision.Anonymous {
		if signed := d.login(t, user); signed != "" {
			r.Header.Set("Authorization", "Bearer "+signed)
		}
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// The realm of explain is made of the objects' JSON, and asks package policy. The service identifies the token, and
// answers over HTTP. Whatever the realm and the request, both say the same, for the same reason.
func TestExplainAndCheckAgree(t *testing.T) {
	const worlds, requests = 500, 200
	w := world{mathrand.New(mathrand.NewPCG(6, 3))}
	d := newDoor(t)
	answers := map[string]int{}
	for range worlds {
		o := w.objects()
		d.open(o)
		realm := decision.New(namespace, o)
		for range requests {
			q, host, target := w.question()
			e, err := realm.Explain(q)
			if err != nil {
				t.Fatal(err)
			}
			proxy := one(w, "traefik", "caddy", "envoy")
			if q.ByRoles {
				proxy = "role/" + q.Roles
			}
			got := d.ask(t, proxy, q.User, q.Method, host, target)
			reason := got.Header().Get("X-Latchkey-Reason")
			if e.Status != got.Code || e.Reason != reason || e.Allowed != (got.Code == http.StatusOK) {
				t.Fatalf("of %+v explain says %d %s (%s), /check/%s says %d %s\nRoles: %s\nUsers: %s", q, e.Status, e.Reason, e.Verdict, proxy, got.Code, reason, o.Roles, o.Users)
			}
			if problem := unsound(e, q, got.Header().Get("X-Auth-Request-Groups")); problem != "" {
				t.Fatalf("of %+v: %s: %+v\nRoles: %s", q, problem, e, o.Roles)
			}
			answers[reason]++
		}
	}
	for _, reason := range []string{"", "no_rule", "path_ambiguous", "host_invalid", "path_invalid", "method_invalid", "no_credentials", "user_not_found_or_disabled",
		"role_malformed", "role_unknown", "role_missing", "realm_unknown", "realm_unusable"} {
		if answers[reason] < 100 {
			t.Errorf("only %d cases were answered with %q, so they show little: %v", answers[reason], reason, answers)
		}
	}
}

// question is a random one.
func (w world) question() (q decision.Question, host, target string) {
	q = decision.Question{User: one(w, askedFor...)}
	if w.oneIn(6) {
		q.ByRoles, q.Roles = true, w.roleList()
		return q, "", ""
	}
	host, target = one(w, hosts[:one(w, 7, 7, len(hosts))]...), w.target()
	q.Method, q.URL = one(w, methods...), "https://"+host+target
	return q, host, target
}

// unsound says what of an explanation can't be; "" if all can.
func unsound(e *decision.Explanation, q decision.Question, groups string) string {
	if e.Allowed != (len(e.Rules) > 0) && !q.ByRoles {
		return "the rules that allow it are missing, or there are some although it isn't allowed"
	}
	if len(e.Rules) > 0 && !strings.Contains(e.Verdict, " of Role "+e.Rules[0].Role) {
		return "the verdict doesn't name the first rule"
	}
	var held []string
	for _, role := range e.Roles {
		if policy.Reserved(role.Name) {
			continue
		}
		held = append(held, role.Name)
		if len(role.Through) == 0 || role.Through[len(role.Through)-1] != role.Name {
			return "Role " + role.Name + " is held by no way"
		}
	}
	if e.Allowed && groups != "" && !slices.Equal(held, strings.Split(groups, ",")) {
		return "the service says that the user's roles are " + groups
	}
	for _, rule := range e.Closest {
		if len(rule.Differs) == 0 {
			return "a rule is told as close that allows the request"
		}
	}
	return ""
}

func TestWhoCanAndCheckAgree(t *testing.T) {
	w := world{mathrand.New(mathrand.NewPCG(6, 4))}
	d := newDoor(t)
	var everybody, users, some, nobody int
	for range 300 {
		o := w.objects()
		d.open(o)
		realm := decision.New(namespace, o)
		for range 10 {
			q, host, target := w.question()
			if q.ByRoles {
				continue
			}
			who, err := realm.WhoCan(q.Method, q.URL, slices.Values(userNames))
			if err != nil {
				t.Fatal(err)
			}
			permitted := map[string]bool{decision.Anonymous: who.Anonymous != nil}
			for _, u := range who.Users {
				permitted[u.Name] = true
			}
			for _, name := range append([]string{decision.Anonymous}, userNames...) {
				valid := name != decision.Anonymous && d.Directory.Realm(namespace) != nil && d.Directory.Realm(namespace).User(name).Active()
				want := who.Anonymous != nil || permitted[name] || valid && who.Authenticated != nil
				if got := d.ask(t, "traefik", name, q.Method, host, target).Code == http.StatusOK; got != want {
					t.Fatalf("who can %s %s: %s may: %v, but /check lets them: %v", q.Method, q.URL, name, want, got)
				}
			}
			switch {
			case who.Anonymous != nil:
				everybody++
			case who.Authenticated != nil:
				users++
			case len(who.Users) > 0:
				some++
			default:
				nobody++
			}
			if who.Anybody() != (who.Anonymous != nil || who.Authenticated != nil || len(who.Users) > 0) {
				t.Fatal("Anybody isn't what is listed")
			}
		}
	}
	if everybody < 20 || users < 20 || some < 20 || nobody < 20 {
		t.Errorf("the cases show little: %d for everybody, %d for users, %d for some, %d for nobody", everybody, users, some, nobody)
	}
}
