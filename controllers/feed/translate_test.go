package feed_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// createdAt is when the objects of these tests were made.
var createdAt = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// anObject is JSON as the API server answers it, also of what no schema would admit.
func anObject(spec string, metadata ...string) []byte {
	meta := append([]string{`"name": "ann"`, `"namespace": "team"`, `"uid": "1"`, `"creationTimestamp": "2026-05-01T12:00:00Z"`,
		`"managedFields": [{"manager": "kubectl", "operation": "Update", "time": "2026-05-01T12:00:00Z", "fieldsV1": {"f:spec": {}}}]`}, metadata...)
	return []byte(`{"metadata": {` + strings.Join(meta, ",") + `}, "spec": ` + spec + `, "status": {"conditions": 7}}`)
}

const deleting = `"deletionTimestamp": "2026-05-02T12:00:00Z"`

func TestUsers(t *testing.T) {
	for sentence, c := range map[string]struct {
		object []byte
		want   directory.User
		active bool
		fails  bool
	}{
		"a whole User": {
			anObject(`{"displayName": "Ann", "email": "ann@example.com", "roles": ["viewer"], "passwordSecretRef": {"name": "ann-password"}}`),
			directory.User{Name: "ann", UID: "1", DisplayName: "Ann", Email: "ann@example.com", Roles: []string{"viewer"}, PasswordSecret: "ann-password", CreatedAt: createdAt}, true, false},
		"an empty User": {
			anObject(`{}`), directory.User{Name: "ann", UID: "1", CreatedAt: createdAt}, true, false},
		"a User of a newer version is who this version knows, and no less (Q30)": {
			anObject(`{"roles": ["viewer"], "disabled": true, "mayFly": true, "later": {"roles": ["admin"]}}`),
			directory.User{Name: "ann", UID: "1", Roles: []string{"viewer"}, CreatedAt: createdAt, Disabled: true}, false, false},
		"a disabled User": {
			anObject(`{"disabled": true}`), directory.User{Name: "ann", UID: "1", CreatedAt: createdAt, Disabled: true}, false, false},
		"a User that is being deleted is gone": {
			anObject(`{}`, deleting), directory.User{Name: "ann", UID: "1", CreatedAt: createdAt, Unusable: true}, false, false},
		"a User whose disabled is a text can't be read, and is not active": {
			anObject(`{"disabled": "true"}`), directory.User{Name: "ann", UID: "1", Unusable: true}, false, true},
		"a User whose roles are one text can't be read, and is not active": {
			anObject(`{"roles": "admin"}`), directory.User{Name: "ann", UID: "1", Unusable: true}, false, true},
		"a User whose spec is a list can't be read, and is not active": {
			anObject(`[]`), directory.User{Name: "ann", UID: "1", Unusable: true}, false, true},
		"a member in another case is another member": {
			anObject(`{"Roles": ["admin"], "DISABLED": true}`), directory.User{Name: "ann", UID: "1", CreatedAt: createdAt}, true, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := feed.DecodeUser(c.object)
			if !reflect.DeepEqual(got, c.want) || got.Active() != c.active || (err != nil) != c.fails {
				t.Errorf("got %+v (active: %v), %v; want %+v", got, got.Active(), err, c.want)
			}
		})
	}
}

func TestRoles(t *testing.T) {
	for sentence, c := range map[string]struct {
		object []byte
		want   directory.Role
		fails  bool
	}{
		"a whole Role": {
			anObject(`{"includes": ["viewer"], "rules": [{"hosts": ["*"], "paths": ["/**"], "methods": ["GET"]}]}`),
			directory.Role{Name: "ann", Includes: []string{"viewer"}, Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{"/**"}, Methods: []string{"GET"}}}}, false},
		"a Role with rules for the API server": {
			anObject(`{"kubernetesRules": [{"apiGroups": ["", "apps"], "resources": ["pods/log"], "resourceNames": ["web"], "namespaces": ["*"], "verbs": ["get"]}, {"nonResourceURLs": ["/metrics"], "verbs": ["*"]}]}`),
			directory.Role{Name: "ann", KubernetesRules: []policy.KubernetesRule{
				{APIGroups: []string{"", "apps"}, Resources: []string{"pods/log"}, ResourceNames: []string{"web"}, Namespaces: []string{"*"}, Verbs: []string{"get"}},
				{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"*"}},
			}}, false},
		"an empty Role exists": {
			anObject(`{}`), directory.Role{Name: "ann"}, false},
		"a Role with a rule that can't be read grants nothing": {
			anObject(`{"rules": [{"hosts": ["*"], "paths": ["/**"], "methods": ["*"]}, {"hosts": "*"}]}`), directory.Role{}, true},
		"a Role that is being deleted grants nothing": {
			anObject(`{"includes": ["viewer"]}`, deleting), directory.Role{}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := feed.DecodeRole(c.object)
			if !reflect.DeepEqual(got, c.want) || (err != nil) != c.fails {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestRevocations(t *testing.T) {
	for sentence, c := range map[string]struct {
		object []byte
		want   directory.Revocation
		fails  bool
	}{
		"a token": {anObject(`{"tokenID": "t1", "expiresAt": "2026-06-01T12:00:00Z"}`), directory.Revocation{TokenID: "t1"}, false},
		"a login": {anObject(`{"sessionID": "s1"}`), directory.Revocation{SessionID: "s1"}, false},
		"a user, up to the object's creation": {
			anObject(`{"user": {"name": "ann"}}`), directory.Revocation{UserName: "ann", Before: createdAt}, false},
		"a user up to a moment, in whole seconds": {
			anObject(`{"user": {"name": "ann", "uid": "u", "issuedBefore": "2026-05-01T11:00:00.9Z"}}`),
			directory.Revocation{UserName: "ann", UserUID: "u", Before: createdAt.Add(-time.Hour)}, false},
		"a user up to the future counts as creation": {
			anObject(`{"user": {"name": "ann", "issuedBefore": "2027-01-01T00:00:00Z"}}`), directory.Revocation{UserName: "ann", Before: createdAt}, false},
		"what is being deleted revokes until it is": {
			anObject(`{"tokenID": "t1"}`, deleting), directory.Revocation{TokenID: "t1"}, false},
		"a time with a lower-case t revokes up to creation": {
			anObject(`{"user": {"name": "ann", "uid": "u", "issuedBefore": "2026-05-01t11:00:00z"}}`),
			directory.Revocation{UserName: "ann", UserUID: "u", Before: createdAt}, true},
		"an unreadable expiresAt changes nothing about what is revoked": {
			anObject(`{"sessionID": "s1", "expiresAt": "2026-06-01t12:00:00z"}`), directory.Revocation{SessionID: "s1", Before: createdAt}, true},
		"all that is named counts where something can't be read": {
			anObject(`{"tokenID": "t1", "sessionID": 5, "user": {"name": "ann"}}`), directory.Revocation{TokenID: "t1", UserName: "ann", Before: createdAt}, true},
		"nothing named revokes nothing": {
			anObject(`{"tokenID": 5}`), directory.Revocation{Before: createdAt}, true},
		"a spec that isn't one revokes nothing": {
			anObject(`"t1"`), directory.Revocation{}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := feed.DecodeRevocation(c.object)
			if !reflect.DeepEqual(got, c.want) || (err != nil) != c.fails {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

// wholeRealm is a Realm's spec with the defaults that the API server fills in.
const wholeRealm = `{"tokens": {"algorithm": "ES256", "accessTTL": "30m", "refreshTTL": "168h", "passwordGrant": true},
	"sessions": {"cookieTTL": "12h", "maxPerUser": 20, "maxLoginsPerHour": 1000, "refreshLeeway": "10s"},
	"identityHeaders": {"user": "X-Auth-Request-User", "uid": "x-auth-request-uid", "email": "X-Auth-Request-Email", "groups": "X-Auth-Request-Groups"},
	"keys": {"rotationPeriod": "720h"}, "passwords": {"minLength": 12},
	"lockout": {"failures": 10, "window": "15m", "duration": "15m"}, "adminRole": "admin"}`

func TestRealms(t *testing.T) {
	whole := directory.Settings{
		Issuer: "https://auth.example.com/realms/team", Audiences: []string{"https://auth.example.com/realms/team"}, Algorithm: token.ES256,
		AccessTTL: 30 * time.Minute, RefreshTTL: 168 * time.Hour, CookieTTL: 12 * time.Hour, RefreshLeeway: 10 * time.Second, PasswordGrant: true,
		MaxPerUser: 20, MaxLoginsPerHour: 1000, MinPasswordLength: 12, AdminRole: "admin",
		Headers:         directory.IdentityHeaders{User: "X-Auth-Request-User", UID: "X-Auth-Request-Uid", Email: "X-Auth-Request-Email", Groups: "X-Auth-Request-Groups"},
		LockoutFailures: 10, LockoutWindow: 15 * time.Minute, LockoutDuration: 15 * time.Minute,
	}
	with := func(change func(*directory.Settings)) directory.Settings {
		s := whole
		change(&s)
		return s
	}
	edited := func(old, new string) string { return strings.Replace(wholeRealm, old, new, 1) }
	for sentence, c := range map[string]struct {
		spec string
		want directory.Settings
	}{
		"a whole Realm": {wholeRealm, whole},
		"a Realm with an issuer and audiences": {
			edited(`{`, `{"issuer": "https://login", "audiences": ["a", "b"],`),
			with(func(s *directory.Settings) { s.Issuer, s.Audiences = "https://login", []string{"a", "b"} })},
		"no password grant": {
			edited(`"passwordGrant": true`, `"passwordGrant": false`), with(func(s *directory.Settings) { s.PasswordGrant = false })},
		"a reserved role administrates nothing": {
			edited(`"adminRole": "admin"`, `"adminRole": "authenticated"`), with(func(s *directory.Settings) { s.AdminRole = "" })},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := feed.DecodeRealm(anObject(c.spec), "https://auth.example.com", "latchkey")
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
	for sentence, spec := range map[string]string{
		"a duration of 1d":                     edited(`"30m"`, `"1d"`),
		"a time with a lower-case t":           edited(`"720h"`, `"720h", "distrustBefore": "2026-05-01t11:00:00z"`),
		"an algorithm that isn't one":          edited(`"ES256"`, `"none"`),
		"no duration":                          edited(`"accessTTL": "30m",`, ``),
		"an identity header that isn't there":  edited(`"email": "X-Auth-Request-Email",`, ``),
		"two identity headers of one name":     edited(`"X-Auth-Request-User"`, `"X-AUTH-REQUEST-UID"`),
		"no defaults at all":                   `{}`,
		"no spec":                              `null`,
		"a number where settings are expected": `5`,
	} {
		t.Run(sentence+" makes the realm unusable", func(t *testing.T) {
			if got, err := feed.DecodeRealm(anObject(spec), "https://auth.example.com", "latchkey"); got.Unusable == "" || err == nil {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	if got, _ := feed.DecodeRealm(anObject(wholeRealm), "", ""); got.Unusable == "" {
		t.Error("a realm without any issuer is usable")
	}
}

const owned = `"ownerReferences": [{"apiVersion": "auth.latchkey.dev/v1alpha1", "kind": "Realm", "name": "default", "uid": "realm-1", "controller": true}]`

// aKeySecret is a key Secret, in JSON.
func aKeySecret(t *testing.T, document []byte, secretType string, metadata ...string) []byte {
	t.Helper()
	data, err := json.Marshal(map[string][]byte{"keys.json": document})
	if err != nil {
		t.Fatal(err)
	}
	meta := append([]string{`"name": "latchkey-signing-keys"`, `"namespace": "team"`, `"uid": "s"`, `"resourceVersion": "7"`}, metadata...)
	return fmt.Appendf(nil, `{"metadata": {%s}, "type": %q, "data": %s}`, strings.Join(meta, ","), secretType, data)
}

func aDocument(t testing.TB) []byte {
	t.Helper()
	g, err := token.NewGeneration(token.HS256, token.Active, createdAt, createdAt, createdAt.Add(time.Hour), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	data, err := token.Document{Generations: []token.Generation{g}}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestKeySecrets(t *testing.T) {
	const signingKeys = "auth.latchkey.dev/signing-keys"
	good := aDocument(t)
	for sentence, c := range map[string]struct {
		secret             []byte
		counts, unreadable bool
	}{
		"the realm's own Secret counts":          {aKeySecret(t, good, signingKeys, owned), true, false},
		"one of another type is foreign":         {aKeySecret(t, good, "Opaque", owned), false, false},
		"one of an earlier Realm is foreign":     {aKeySecret(t, good, signingKeys, strings.Replace(owned, "realm-1", "realm-0", 1)), false, false},
		"one that nothing controls is foreign":   {aKeySecret(t, good, signingKeys), false, false},
		"one that is being deleted counts not":   {aKeySecret(t, good, signingKeys, owned, deleting), false, false},
		"a corrupted one counts, but has no key": {aKeySecret(t, good[:len(good)-1], signingKeys, owned), true, true},
		"an empty one counts, but has no key":    {aKeySecret(t, nil, signingKeys, owned), true, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			document, counts, err := feed.DecodeKeys(c.secret, "realm-1")
			if counts != c.counts || (err != nil) != c.unreadable || (len(document.Generations) > 0) != (c.counts && !c.unreadable) {
				t.Errorf("counts: %v with %d generations, %v", counts, len(document.Generations), err)
			}
		})
	}
}

// Secret data is not in logs, whatever client-go does with an object (attacks G02).
func TestSecretsDontPrint(t *testing.T) {
	secret := feed.DecodedSecret(aKeySecret(t, []byte("canary"), "Opaque"))
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("m", "object", secret)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("m", "object", secret)
	fmt.Fprintf(&logged, "%v %+v %#v %s", secret, secret, secret, secret)
	for _, spelling := range []string{"canary", "Y2FuYXJ5", "99 97 110", "0x63, 0x61", "63616e"} {
		if strings.Contains(logged.String(), spelling) {
			t.Errorf("a Secret prints as %s", logged.String())
		}
	}
	if !strings.Contains(logged.String(), "[redacted]") {
		t.Errorf("nothing was redacted: %s", logged.String())
	}
}
