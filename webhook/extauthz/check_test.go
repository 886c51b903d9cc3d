package extauthz_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

const app = "app.example.com"

func TestAnAllowTellsTheAppWhoCallsAndNothingElse(t *testing.T) {
	w := newWorld(t)
	client := w.client(t)
	bearer := "Bearer " + w.token(t, home, "vera", token.Access)
	spoofed := []string{"x-auth-request-user", "admin", "x-auth-request-email", "admin@example.com", "x-auth-request-groups", "admin"}
	for name, in := range map[string]*authv3.CheckRequest{
		"joined headers": asks("GET", app, "/reports/q3?x=1", append(spoofed, "authorization", bearer)...),
		"raw headers":    apart("GET", app, "/reports/q3?x=1", append(spoofed, "authorization", bearer)...),
	} {
		t.Run(name, func(t *testing.T) {
			a := check(t, client, in)

			want := http.Header{"X-Auth-Request-User": {"vera"}, "X-Auth-Request-Uid": {"home-vera"}, "X-Auth-Request-Groups": {"viewer"}}
			if a.status != 200 || len(a.header) != len(want) {
				t.Fatalf("got %+v, want 200 with %v", a, want)
			}
			for field := range want {
				if !slices.Equal(a.header[field], want[field]) {
					t.Errorf("%s: got %q, want %q", field, a.header[field], want[field])
				}
			}
			if !slices.Equal(a.removed, []string{"x-auth-request-email"}) {
				t.Errorf("removed %q: an identity header without a value must be what nobody can send", a.removed)
			}
		})
	}
}

func TestAnonymousPassesWithoutAnIdentity(t *testing.T) {
	w := newWorld(t)
	client := w.client(t)
	for name, headers := range map[string][]string{
		"nobody":                  nil,
		"somebody with a bad one": {"authorization", "Bearer x.y.z"},
		"somebody who spoofs":     {"x-auth-request-user", "admin"},
	} {
		a := check(t, client, asks("GET", app, "/public/x", headers...))
		want := []string{"x-auth-request-email", "x-auth-request-groups", "x-auth-request-uid", "x-auth-request-user"}
		if a.status != 200 || len(a.header) > 0 || !slices.Equal(a.removed, want) {
			t.Errorf("%s: got %+v, want 200 and all identity removed", name, a)
		}
	}
}

func TestARefusalIsTheAnswerThatHTTPWouldGive(t *testing.T) {
	w := newWorld(t)
	client := w.client(t)
	vera := []string{"authorization", "Bearer " + w.token(t, home, "vera", token.Access)}
	for name, test := range map[string]struct {
		in     *authv3.CheckRequest
		status int
		reason string
	}{
		"nobody":                          {asks("GET", app, "/reports/q3"), 401, "no_credentials"},
		"a token that nobody signed":      {asks("GET", app, "/reports/q3", "authorization", "Bearer e30.e30.e30"), 401, "invalid_token"},
		"no right to the path":            {asks("GET", app, "/admin", vera...), 403, "no_rule"},
		"no right to the method":          {asks("DELETE", app, "/reports/q3", vera...), 403, "no_rule"},
		"a method in lower case":          {asks("get", app, "/reports/q3", vera...), 403, "no_rule"},
		"K30 a method override":           {asks("DELETE", app, "/reports/q3?_method=GET", append(vera, "x-http-method-override", "GET")...), 403, "no_rule"},
		"an ambiguous path":               {asks("GET", app, "/reports/../admin", vera...), 403, "path_ambiguous"},
		"K24 a host that is a list":       {asks("GET", app+",evil", "/reports/q3", vera...), 403, "host_invalid"},
		"K25 another dialect's headers":   {asks("GET", app, "/admin", append(vera, "x-original-url", "https://app.example.com/reports", "x-forwarded-uri", "/reports", "x-envoy-original-path", "/reports")...), 403, "no_rule"},
		"K41 anonymous on a private page": {asks("GET", app, "/"), 401, "no_credentials"},
		"J64 two tokens, joined":          {asks("GET", app, "/reports/q3", append(vera, "authorization", "Bearer junk")...), 401, "credentials_malformed"},
		"J64 two tokens, reversed":        {asks("GET", app, "/reports/q3", append([]string{"authorization", "Bearer junk"}, vera...)...), 401, "credentials_malformed"},
		"J64 two tokens, apart":           {apart("GET", app, "/reports/q3", append(vera, "authorization", "Bearer junk")...), 401, "credentials_malformed"},
		"J64 the same token twice, apart": {apart("GET", app, "/reports/q3", append(vera, vera...)...), 401, "credentials_malformed"},
		"a token as long as a message":    {asks("GET", app, "/reports/q3", "authorization", "Bearer "+strings.Repeat("a", 100_000)), 401, "invalid_token"},
		"K14 a path over 8 KiB":           {asks("GET", app, "/reports/"+strings.Repeat("a", 60_000), vera...), 403, "path_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			a := check(t, client, test.in)

			if a.status != test.status || a.header.Get("X-Latchkey-Reason") != test.reason {
				t.Fatalf("got %d %q, want %d %s", a.status, a.header.Get("X-Latchkey-Reason"), test.status, test.reason)
			}
			if a.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(a.header.Get("Www-Authenticate"), `Bearer realm="home"`) ||
				a.header.Get("Content-Type") != "application/json" || !strings.Contains(a.body, "error_description") {
				t.Errorf("not the whole answer: %v %s", a.header, a.body)
			}
			for field := range a.header {
				if strings.HasPrefix(field, "X-Auth-Request-") || field == "Content-Length" {
					t.Errorf("a refusal has %s", field)
				}
			}
		})
	}
}

func TestContextExtensionsChooseRealmAndRole(t *testing.T) {
	w := newWorld(t)
	client := w.client(t)
	of := func(realm, user string) []string {
		return []string{"authorization", "Bearer " + w.token(t, realm, user, token.Access)}
	}
	request := func(headers []string, extensions ...string) *authv3.CheckRequest {
		return with(asks("GET", app, "/anything//at;all", headers...), extensions...)
	}
	for name, test := range map[string]struct {
		in     *authv3.CheckRequest
		status int
		reason string
	}{
		"the role is enough":                 {request(of(home, "vera"), "role", "viewer"), 200, ""},
		"any of the roles is enough":         {request(of(home, "vera"), "role", "admin,viewer"), 200, ""},
		"authenticated is any user":          {request(of(home, "vera"), "role", "authenticated"), 200, ""},
		"another role is not":                {request(of(home, "vera"), "role", "admin"), 403, "role_missing"},
		"nobody has no role":                 {request(nil, "role", "viewer"), 401, "no_credentials"},
		"K36 an empty role":                  {request(of(home, "ada"), "role", ""), 403, "role_malformed"},
		"K36 an unknown role":                {request(of(home, "ada"), "role", "nosuch"), 403, "role_unknown"},
		"K36 another case":                   {request(of(home, "vera"), "role", "VIEWER"), 403, "role_malformed"},
		"K36 a trailing comma":               {request(of(home, "vera"), "role", "viewer,"), 403, "role_malformed"},
		"K36 a leading comma":                {request(of(home, "ada"), "role", ",admin"), 403, "role_malformed"},
		"K36 anonymous":                      {request(of(home, "ada"), "role", "anonymous"), 403, "role_malformed"},
		"another realm's user":               {request(of(team, "vera"), "realm", team, "role", "viewer"), 200, ""},
		"a user of the default realm isn't":  {request(of(home, "vera"), "realm", team, "role", "viewer"), 401, "invalid_token"},
		"an unknown realm":                   {request(of(home, "ada"), "realm", "nowhere"), 403, "realm_unknown"},
		"a realm that is a path":             {request(of(home, "ada"), "realm", "../home"), 403, "realm_unknown"},
		"an empty realm":                     {request(of(home, "ada"), "realm", ""), 403, "parameter_malformed"},
		"an unknown key":                     {request(of(home, "ada"), "roles", "admin"), 403, "parameter_unknown"},
		"an unknown key beside known ones":   {request(of(home, "ada"), "role", "admin", "Role", "x"), 403, "parameter_unknown"},
		"rules of another realm":             {with(asks("GET", app, "/reports/x", of(team, "vera")...), "realm", team), 200, ""},
		"no rule in another realm":           {with(asks("GET", app, "/admin", of(team, "vera")...), "realm", team), 403, "no_rule"},
		"a role needs a whole message, too":  {with(asks("GET", "", "/x", of(home, "vera")...), "role", "viewer"), 403, "attribute_missing"},
		"a client can't choose by a header":  {asks("GET", app, "/admin", append(of(home, "vera"), "role", "viewer", "x-ext-authz-role", "viewer")...), 403, "no_rule"},
		"a client can't choose by the query": {asks("GET", app, "/admin?role=viewer&realm=team-a", of(home, "vera")...), 403, "no_rule"},
	} {
		t.Run(name, func(t *testing.T) {
			a := check(t, client, test.in)

			if a.status != test.status || a.header.Get("X-Latchkey-Reason") != test.reason {
				t.Errorf("got %d %q, want %d %q", a.status, a.header.Get("X-Latchkey-Reason"), test.status, test.reason)
			}
		})
	}
}

func TestIdentityHeadersAreThoseOfTheRealm(t *testing.T) {
	w := newWorld(t)
	in := with(asks("GET", app, "/reports/x", "authorization", "Bearer "+w.token(t, team, "vera", token.Access)), "realm", team)

	a := check(t, w.client(t), in)

	if a.status != 200 || a.header.Get("Remote-User") != "vera" || a.header.Get("Remote-Groups") != "viewer" || len(a.header) != 3 || !slices.Equal(a.removed, []string{"remote-email"}) {
		t.Errorf("got %+v", a)
	}
}

func TestACookieCounts(t *testing.T) {
	w := newWorld(t)
	client := w.client(t)
	session, other := "__Host-latchkey="+w.token(t, home, "vera", token.Session), "__Host-latchkey="+w.token(t, home, "ada", token.Session)
	reports := func(headers ...string) *authv3.CheckRequest { return asks("GET", app, "/reports/q3", headers...) }
	raw := func(headers ...string) *authv3.CheckRequest { return apart("GET", app, "/reports/q3", headers...) }
	for name, test := range map[string]struct {
		in   *authv3.CheckRequest
		want int
	}{
		"one cookie":                               {reports("cookie", session), 200},
		"one among others":                         {reports("cookie", "a=b,c; "+session+"; d=e"), 200},
		"one among other lines":                    {raw("cookie", "a=b", "cookie", session), 200},
		"two in one line":                          {reports("cookie", session+"; "+other), 401},
		"two in joined lines":                      {reports("cookie", session, "cookie", other), 401},
		"two in joined lines, hidden behind one":   {reports("cookie", session+"; a=b", "cookie", other), 401},
		"two in lines apart":                       {raw("cookie", session, "cookie", other), 401},
		"the same twice":                           {reports("cookie", session, "cookie", session), 401},
		"one that the value of another would make": {reports("cookie", "a=b,"+session), 401},
		"a forged one":                             {reports("cookie", session+"x"), 401},
		"beside a malformed token":                 {reports("cookie", session, "authorization", "Bearer"), 401},
		"an access token for one":                  {reports("cookie", "__Host-latchkey="+w.token(t, home, "vera", token.Access)), 401},
	} {
		if a := check(t, client, test.in); a.status != test.want {
			t.Errorf("%s: got %d %v, want %d", name, a.status, a.header, test.want)
		}
	}
}

func TestABrowserIsSentToLogInAndBack(t *testing.T) {
	w := newWorld(t)
	client := w.client(t)
	const html = "text/html,application/xhtml+xml,*/*;q=0.8"
	for name, test := range map[string]struct {
		in   *authv3.CheckRequest
		back string
	}{
		"by rules":  {asks("GET", app, "/reports/q3?x=1&y=%2F", "accept", html), "https://app.example.com/reports/q3?x=1&y=%2F"},
		"by a role": {with(asks("HEAD", app+":8443", "/a//b", "accept", html), "role", "viewer"), "https://app.example.com:8443/a//b"},
	} {
		a := check(t, client, test.in)
		login, err := url.Parse(a.header.Get("Location"))
		if a.status != 302 || err != nil || login.Query().Get("rd") != test.back || !strings.HasPrefix(login.String(), issuer+"/login?") {
			t.Errorf("%s: got %d to %q, want 302 to log in and back to %s", name, a.status, login, test.back)
		}
		if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Latchkey-Reason") != "no_credentials" {
			t.Errorf("%s: got %v", name, a.header)
		}
	}
	for name, in := range map[string]*authv3.CheckRequest{
		"a form":             asks("POST", app, "/reports/q3", "accept", html),
		"a script in a page": asks("GET", app, "/reports/q3", "accept", "application/json"),
	} {
		if a := check(t, client, in); a.status != 401 {
			t.Errorf("%s: got %d, want 401", name, a.status)
		}
	}
}
