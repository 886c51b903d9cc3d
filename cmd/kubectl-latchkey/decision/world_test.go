package decision_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/latchkey-auth/latchkey/controllers/feed"
)

// world makes random realms and requests of few words, so that they meet often.
type world struct{ *rand.Rand }

func one[T any](w world, of ...T) T { return of[w.IntN(len(of))] }

// some returns up to most of these, possibly one of them twice.
func some(w world, most int, of ...string) []string {
	list := []string{}
	for range w.IntN(most + 1) {
		list = append(list, one(w, of...))
	}
	return list
}

// often is true in one of n cases.
func (w world) oneIn(n int) bool { return w.IntN(n) == 0 }

var (
	userNames = []string{"ada", "bob", "cyd", "dan"}
	roleNames = []string{"admin", "editor", "reader", "team-a", "x"}
	askedFor  = append([]string{"anonymous", "ghost"}, userNames...)

	hostPatterns   = []string{"*", "app.example.com", "*.example.com", "other.test", "[2001:db8::1]", "*.com"}
	pathPatterns   = []string{"/**", "/", "/a", "/a/", "/a/*", "/a/**", "/*/b", "/*/*/c/**", "/straße/**", "/a/b/c", "/{x}", "/a,b"}
	methodPatterns = []string{"*", "GET", "POST", "HEAD", "DELETE"}

	hosts    = []string{"app.example.com", "APP.Example.com.", "app.example.com:8443", "x.app.example.com", "other.test", "[2001:DB8:0::1]:80", "example.com", "a_b.test", "a..b", "app.example.com:0", "user@app.example.com"}
	segments = []string{"a", "b", "c", "stra%C3%9Fe", "%61", "", ".", "..", "%2e%2e", "a%2Fb", "a;b", "b%00", `a\b`, "%", "%zz", "*", "**", "x", "{x}", "a,b", "b%3f", "(S(1)", "+", "%ff", "#a"}
	methods  = []string{"GET", "GET", "HEAD", "POST", "DELETE", "get", "PATCH", "*", "GE T", "PROPFIND"}
)

func (w world) object(kind, name string, spec any) json.RawMessage {
	meta := map[string]any{"namespace": namespace, "name": name, "uid": kind + "-" + name, "resourceVersion": fmt.Sprint(1 + w.IntN(100)), "generation": 1 + w.IntN(9)}
	if w.oneIn(25) {
		meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
	}
	whole, err := json.Marshal(map[string]any{"kind": kind, "metadata": meta, "spec": spec})
	if err != nil {
		panic(err)
	}
	return whole
}

// objects are a realm's: some miss, some are disabled or being deleted, some name what isn't there, some can't be read.
func (w world) objects() feed.Objects {
	var o feed.Objects
	settings := map[string]any{
		"tokens": map[string]any{"algorithm": "ES256", "accessTTL": "30m", "refreshTTL": "168h"}, "sessions": map[string]any{"cookieTTL": "12h"},
		"identityHeaders": map[string]any{"user": "X-Auth-Request-User", "uid": "X-Auth-Request-Uid", "email": "X-Auth-Request-Email", "groups": "X-Auth-Request-Groups"},
	}
	if w.oneIn(30) {
		settings["tokens"] = one(w, any(nil), any("1d"))
	}
	if !w.oneIn(40) {
		o.Realms = append(o.Realms, w.object("Realm", "default", settings))
	}
	for _, name := range userNames {
		if w.oneIn(10) {
			continue
		}
		spec := map[string]any{"roles": some(w, 3, append([]string{"missing", "anonymous", "authenticated"}, roleNames...)...), "disabled": w.oneIn(8)}
		if w.oneIn(40) {
			spec["disabled"] = "no"
		}
		o.Users = append(o.Users, w.object("User", name, spec))
	}
	for _, name := range append([]string{"anonymous", "authenticated"}, roleNames...) {
		if w.oneIn(6) {
			continue
		}
		spec := map[string]any{"includes": some(w, 2, append([]string{"missing", "anonymous", "authenticated"}, roleNames...)...)}
		rules := []any{}
		for range w.IntN(4) {
			rules = append(rules, w.rule())
		}
		spec["rules"] = rules
		if w.oneIn(40) {
			spec["rules"] = "all"
		}
		o.Roles = append(o.Roles, w.object("Role", name, spec))
	}
	return o
}

func (w world) rule() map[string]any {
	r := map[string]any{"hosts": some(w, 2, hostPatterns...), "paths": some(w, 3, pathPatterns...), "methods": some(w, 2, methodPatterns...)}
	if w.oneIn(15) {
		r[one(w, "hosts", "paths", "methods")] = []string{one(w, "a b", "/a//b", "app.example.com:80", "/a?b", "")}
	}
	return r
}

// target is a raw path, often one that means different things to different programs, sometimes with a query.
func (w world) target() string {
	path := ""
	for range 1 + w.IntN(4) {
		path += "/" + one(w, segments[:one(w, 4, 4, len(segments))]...)
	}
	if w.oneIn(8) {
		path += one(w, "?", "?a=/../b", "?x#y")
	}
	return path
}

// roleList is what may stand behind /check/role/.
func (w world) roleList() string {
	if w.oneIn(6) {
		return one(w, "", ",", "editor,", ",editor", "anonymous", "Editor", "editor%2Cadmin", "a_b", "-x", "editor,anonymous")
	}
	list := one(w, append([]string{"authenticated", "missing"}, roleNames...)...)
	for w.oneIn(2) {
		list += "," + one(w, append([]string{"authenticated", "missing"}, roleNames...)...)
	}
	return list
}
