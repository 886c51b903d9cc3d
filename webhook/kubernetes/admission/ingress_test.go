package admission_test

import (
	"maps"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

const (
	inCluster = "http://latchkey.latchkey.svc.cluster.local:8080"
	four      = "X-Auth-Request-User,X-Auth-Request-Uid,X-Auth-Request-Email,X-Auth-Request-Groups"
)

// theRealms are the default one and team-a, which renames what apps see and has the Role editor.
func theRealms() *cluster {
	world := &cluster{realms: map[string]*v1alpha1.Realm{
		"latchkey": {Spec: v1alpha1.RealmSpec{IdentityHeaders: v1alpha1.RealmIdentityHeaders{
			User: "X-Auth-Request-User", UID: "X-Auth-Request-Uid", Email: "X-Auth-Request-Email", Groups: "X-Auth-Request-Groups",
		}}},
		realm: {Spec: v1alpha1.RealmSpec{IdentityHeaders: v1alpha1.RealmIdentityHeaders{User: "Remote-User", UID: "Remote-Uid", Email: "Remote-Email", Groups: "Remote-Groups"}}},
	}}
	world.add("editor")
	return world
}

func anIngress(values map[string]string) networkingv1.Ingress {
	prefixed := map[string]string{}
	for name, value := range values {
		prefixed["nginx.ingress.kubernetes.io/"+name] = value
	}
	return networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: "app", Annotations: prefixed}}
}

func TestAnIngressThatAsksInVainIsWarnedOf(t *testing.T) {
	sound := map[string]string{"auth-url": inCluster + "/check/nginx?host=$host", "auth-response-headers": four}
	remote := "Remote-User, remote-uid ,Remote-Email,Remote-Groups,Authorization"
	for name, c := range map[string]struct {
		set  map[string]string
		want []string
	}{
		"what we tell people to write":       {map[string]string{"auth-signin": "https://auth.example.com/login"}, nil},
		"with the token taken off":           {map[string]string{"auth-response-headers": four + ",Authorization"}, nil},
		"the name of the Service for short":  {map[string]string{"auth-url": "http://latchkey.latchkey:8080/check/nginx?host=$host"}, nil},
		"the name of another cluster domain": {map[string]string{"auth-url": "http://latchkey.latchkey.svc.corp.internal:8080/check/nginx?host=$host"}, nil},
		"the external URL":                   {map[string]string{"auth-url": "https://AUTH.example.com/check/nginx?host=$host"}, nil},
		"somebody else's":                    {map[string]string{"auth-url": "http://oauth2-proxy.auth.svc:4180/oauth2/auth", "auth-response-headers": "", "auth-keepalive": "8"}, nil},
		"a Service whose name begins alike":  {map[string]string{"auth-url": "http://latchkey.latchkey-staging.svc:8080/check"}, nil},
		"what isn't a URL":                   {map[string]string{"auth-url": "http://[latchkey"}, nil},
		"no host": {map[string]string{"auth-url": inCluster + "/check/nginx"}, []string{
			"auth-url must end in /check/nginx?host=$host, with nothing behind it: everything else is refused",
		}},
		"a role in the query": {map[string]string{"auth-url": inCluster + "/check/nginx?host=$host&role=admin"}, []string{
			"auth-url must end in /check/nginx?host=$host, with nothing behind it: everything else is refused",
		}},
		"http and https confused": {map[string]string{"auth-url": "https://latchkey.latchkey.svc:8080/check/nginx?host=$host"}, []string{
			"auth-url: Latchkey is at http://latchkey.latchkey.svc.cluster.local:8080 here, so write that instead of https://latchkey.latchkey.svc:8080",
		}},
		"no port": {map[string]string{"auth-url": "http://latchkey.latchkey.svc/check/nginx?host=$host"}, []string{
			"auth-url: Latchkey is at http://latchkey.latchkey.svc.cluster.local:8080 here, so write that instead of http://latchkey.latchkey.svc",
		}},
		"another proxy's check": {map[string]string{"auth-url": inCluster + "/check/traefik"}, []string{
			"auth-url: /check/traefik is not for ingress-nginx, so everything is refused: write " + inCluster + "/check/nginx?host=$host",
		}},
		"no check": {map[string]string{"auth-url": inCluster + "/login"}, []string{
			"auth-url: /login is no check, so it lets nobody in or everybody: write " + inCluster + "/check/nginx?host=$host",
		}},
		"another proxy's check of a realm": {map[string]string{"auth-url": inCluster + "/realms/team-a/check/caddy", "auth-response-headers": remote}, []string{
			"auth-url: /check/caddy is not for ingress-nginx, so everything is refused: write " + inCluster + "/realms/team-a/check/nginx?host=$host",
		}},
		"a role that there is":            {map[string]string{"auth-url": inCluster + "/realms/team-a/check/role/editor,authenticated", "auth-response-headers": remote}, nil},
		"a role that there isn't":         {map[string]string{"auth-url": inCluster + "/realms/team-a/check/role/editor,admin", "auth-response-headers": remote}, []string{`auth-url: there is no Role "admin" in namespace "team-a", so nobody has it`}},
		"a role of another realm":         {map[string]string{"auth-url": inCluster + "/check/role/editor"}, []string{`auth-url: there is no Role "editor" in namespace "latchkey", so nobody has it`}},
		"a role and a query":              {map[string]string{"auth-url": inCluster + "/realms/team-a/check/role/editor?host=$host", "auth-response-headers": remote}, []string{"auth-url: /check/role takes no query, so everything is refused: end it in /check/role/editor"}},
		"anonymous as a role":             {map[string]string{"auth-url": inCluster + "/check/role/anonymous"}, []string{`auth-url: names of Roles stand behind /check/role/, as in /check/role/editor,admin, and "anonymous" is none: everything is refused`}},
		"a realm that there isn't":        {map[string]string{"auth-url": inCluster + "/realms/team-b/check/nginx?host=$host"}, []string{`auth-url: there is no Realm in namespace "team-b", so everything is refused: create it, or correct /realms/{namespace}`}},
		"a realm that can't be":           {map[string]string{"auth-url": inCluster + "/realms/Team%20B/check/nginx?host=$host"}, []string{`auth-url: there is no Realm in namespace "Team B", so everything is refused: create it, or correct /realms/{namespace}`}},
		"a path that the client chooses":  {map[string]string{"auth-url": inCluster + "/check/role/$http_x_role"}, []string{"auth-url: a path with a variable is the client's to choose: write the realm and the roles out"}},
		"no identity headers":             {map[string]string{"auth-response-headers": ""}, []string{"auth-response-headers: clients can forge every identity header. Write: " + four + ",Authorization (Authorization takes the token off)"}},
		"one identity header missing":     {map[string]string{"auth-response-headers": "X-Auth-Request-User,X-Auth-Request-Uid,X-Auth-Request-Email"}, []string{"auth-response-headers: clients can forge X-Auth-Request-Groups. Write: " + four + ",Authorization (Authorization takes the token off)"}},
		"names that the realm has chosen": {map[string]string{"auth-url": inCluster + "/realms/team-a/check/nginx?host=$host"}, []string{"auth-response-headers: clients can forge every identity header. Write: Remote-User,Remote-Uid,Remote-Email,Remote-Groups,Authorization (Authorization takes the token off)"}},
		"keepalive":                       {map[string]string{"auth-keepalive": "8"}, []string{"auth-keepalive with auth-response-headers makes every allowed request a 500 (a bug of ingress-nginx): leave auth-keepalive out"}},
		"keepalive switched off":          {map[string]string{"auth-keepalive": "0"}, nil},
		"custom errors for refusals": {map[string]string{"custom-http-errors": "404, 401,403"}, []string{
			"custom-http-errors with 401 replaces the refusal and switches auth-url off (CVE-2026-24513): leave 401 and 403 out",
			"custom-http-errors with 403 replaces the refusal and switches auth-url off (CVE-2026-24513): leave 401 and 403 out",
		}},
		"custom errors for others": {map[string]string{"custom-http-errors": "404,503"}, nil},
		"a cache":                  {map[string]string{"auth-cache-key": "$cookie_x"}, []string{"auth-cache-key has no effect, as Latchkey's answers are never cached: leave it out"}},
		"a snippet that lies":      {map[string]string{"auth-snippet": "proxy_set_header x-original-url $x;"}, []string{"auth-snippet sets X-Original-… and so describes another request to the check than the app gets: leave that out"}},
		"a login page alone":       {map[string]string{"auth-url": "", "auth-signin": "https://auth.example.com/login"}, []string{"auth-signin without auth-url checks nothing, so everybody gets in: add auth-url, such as " + inCluster + "/check/nginx?host=$host"}},
		"somebody's login page":    {map[string]string{"auth-url": "", "auth-signin": "https://sso.example.org/"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := handlerOf(t, theRealms())
			values := maps.Clone(sound)
			maps.Copy(values, c.set)
			answer := ask(t, h, "ingresses", aReview(t, "ingresses", anIngress(values), nil))
			if !answer.Allowed {
				t.Fatalf("an Ingress is refused: %v", answer.Result)
			}
			if strings.Join(answer.Warnings, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(answer.Warnings, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestWarningsFitIntoWhatAnAPIServerKeeps(t *testing.T) {
	world := theRealms()
	long := v1alpha1.HeaderName(strings.Repeat("X", 64))
	world.realms["latchkey"].Spec.IdentityHeaders = v1alpha1.RealmIdentityHeaders{User: long, UID: "ü" + long[2:], Email: long, Groups: long}
	h, _ := handlerOf(t, world)
	everywhere := strings.TrimSuffix(strings.Repeat("401,", 40), ",")
	answer := ask(t, h, "ingresses", aReview(t, "ingresses", anIngress(map[string]string{
		"auth-url": inCluster + "/check/nginx", "custom-http-errors": everywhere, "auth-cache-key": "x",
	}), nil))
	if len(answer.Warnings) != 12 || answer.Warnings[11] != "and more of the kind" {
		t.Errorf("got %d warnings, the last %q", len(answer.Warnings), answer.Warnings[len(answer.Warnings)-1])
	}
	for _, warning := range answer.Warnings {
		if len(warning) > 256 || strings.Contains(warning, "\uFFFD") {
			t.Errorf("too long or cut within a character: %q", warning)
		}
	}
}

func TestARealmIsRefusedWhereItWouldAnswerNobody(t *testing.T) {
	aRealm := func(change func(*v1alpha1.RealmSpec)) v1alpha1.Realm {
		r := v1alpha1.Realm{}
		r.Spec.AdminRole = "editor"
		change(&r.Spec)
		return r
	}
	for name, c := range map[string]struct {
		external, refused string
		realm             v1alpha1.Realm
		warnings          []string
	}{
		"with an external URL":      {"https://auth.example.com", "", aRealm(func(*v1alpha1.RealmSpec) {}), nil},
		"without one":               {"", "spec.issuer: Latchkey runs without --external-url, so the realm needs an issuer of its own, such as https://auth.example.com", aRealm(func(*v1alpha1.RealmSpec) {}), nil},
		"with an issuer of its own": {"", "", aRealm(func(s *v1alpha1.RealmSpec) { s.Issuer = "https://id.example.org" }), nil},
		"with roles that nobody wrote": {"https://auth.example.com", "", aRealm(func(s *v1alpha1.RealmSpec) { s.AdminRole, s.IntrospectionRole = "root", "apps" }), []string{
			`spec.adminRole: there is no Role "root" in this namespace: nobody manages users over HTTP until there is one`,
			`spec.introspectionRole: there is no Role "apps" in this namespace: only holders of adminRole introspect tokens until there is one`,
		}},
		"with a cookie for the parent domain": {"https://auth.example.com", "", aRealm(func(s *v1alpha1.RealmSpec) { s.Sessions.CookieDomain = "example.com" }), nil},
		"with a cookie for another domain": {"https://auth.example.com", "", aRealm(func(s *v1alpha1.RealmSpec) { s.Sessions.CookieDomain = "ample.com" }), []string{
			"spec.sessions.cookieDomain: browsers drop this cookie, as the issuer https://auth.example.com/realms/team-a isn't a host of ample.com",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := handlerWith(t, theRealms(), c.external)
			answer := ask(t, h, "realms", aReview(t, "realms", c.realm, nil))
			if said(answer) != c.refused || answer.Allowed != (c.refused == "") || strings.Join(answer.Warnings, "\n") != strings.Join(c.warnings, "\n") {
				t.Errorf("got %v %q %q", answer.Allowed, said(answer), answer.Warnings)
			}
		})
	}
}
