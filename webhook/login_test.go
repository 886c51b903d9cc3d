package webhook_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// browser is a person's, at one realm: it keeps cookies, takes HTML and follows nothing.
type browser struct {
	realm
	cookies map[string]string
	last    []*http.Cookie // what the last answer set
}

func (r realm) browser() *browser { return &browser{realm: r, cookies: map[string]string{}} }

func (b *browser) do(method, path, body string, headers ...string) answer {
	GinkgoHelper()
	headers = append(headers, "Accept", html)
	for _, name := range slices.Sorted(maps.Keys(b.cookies)) {
		headers = append(headers, "Cookie", name+"="+b.cookies[name])
	}
	a := do(method, b.url(path), body, headers...)
	b.last = (&http.Response{Header: a.Header}).Cookies()
	for _, c := range b.last {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c.Value
	}
	return a
}

func (b *browser) open(path string, headers ...string) answer {
	GinkgoHelper()
	return b.do(http.MethodGet, path, "", headers...)
}

// send sends a form: name, value, name, value…
func (b *browser) send(path string, fields ...string) answer {
	GinkgoHelper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.do(http.MethodPost, path, form.Encode(), "Content-Type", formType, "Sec-Fetch-Site", "same-origin")
}

// logIn goes through the login page with a password.
func (b *browser) logIn(name, secret string, more ...string) answer {
	GinkgoHelper()
	Expect(b.open("/login").Status).To(Equal(http.StatusOK))
	return b.send("/login", append([]string{"username", name, "password", secret, "cookies", "1"}, more...)...)
}

// in logs somebody in.
func (b *browser) in(name string) *browser {
	GinkgoHelper()
	Expect(b.logIn(name, goodPassword)).To(goTo("./account"))
	return b
}

func (b *browser) sessionName() string { return "__Host-latchkey-" + b.namespace }
func (b *browser) deviceName() string  { return "__Host-latchkey-" + b.namespace + "_device" }

// set is the cookie of a name that the last answer set, nil if it didn't.
func (b *browser) set(name string) *http.Cookie {
	for _, c := range b.last {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// sees asks the check as a proxy does for this browser.
func (r realm) sees(cookies ...string) answer {
	GinkgoHelper()
	var headers []string
	for _, c := range cookies {
		headers = append(headers, "Cookie", c)
	}
	return get(r.url("/check/role/authenticated"), headers...)
}

func (b *browser) session() string { return b.sessionName() + "=" + b.cookies[b.sessionName()] }

// goTo matches an answer that sends a browser on from a form.
func goTo(location string) OmegaMatcher {
	return And(HaveField("Status", http.StatusSeeOther), WithTransform(func(a answer) string { return a.Header.Get("Location") }, Equal(location)))
}

// beAPage matches a page of a status that says something, escaped as HTML has it.
func beAPage(status int, says ...string) OmegaMatcher {
	about := []OmegaMatcher{
		HaveField("Status", status),
		WithTransform(func(a answer) http.Header { return a.Header }, And(
			HaveKeyWithValue("Content-Type", []string{"text/html; charset=utf-8"}),
			HaveKeyWithValue("Cache-Control", []string{"no-store"}),
			HaveKey("Content-Security-Policy"),
		)),
	}
	for _, s := range says {
		about = append(about, HaveField("Body", ContainSubstring(s)))
	}
	return And(about...)
}

var _ = Describe("The login page", func() {
	var r realm
	BeforeEach(func(ctx SpecContext) {
		r = aRealm(ctx)
		r.user(ctx, "alice", "viewer")
	})

	It("logs in, with cookies that only this host gets, and shows who it is", func() {
		b := r.browser()
		Expect(b.logIn("alice", goodPassword)).To(goTo("./account"))
		session, device := b.set(b.sessionName()), b.set(b.deviceName())
		for _, c := range []*http.Cookie{session, device} {
			Expect(c).To(And(
				HaveField("Path", "/"), HaveField("Domain", ""), HaveField("Secure", true), HaveField("HttpOnly", true),
				HaveField("SameSite", http.SameSiteLaxMode),
			))
		}
		Expect(session.MaxAge).To(BeNumerically("~", (12 * time.Hour).Seconds(), 60))
		Expect(device.MaxAge).To(BeNumerically("==", (2160 * time.Hour).Seconds()))
		a := r.sees(b.session())
		Expect(a.Status).To(Equal(http.StatusOK))
		Expect(a.Header.Get("X-Auth-Request-User")).To(Equal("alice"))
		Expect(b.open("/account")).To(beAPage(200, "The alice", "alice@example.com", "viewer", "this browser"))
	})

	It("works for a program without cookies, and answers it in JSON", func() {
		a := postForm(r.url("/login"), url.Values{"username": {"alice"}, "password": {goodPassword}}.Encode())
		Expect(a).To(goTo("./account"))
		Expect(a.Header.Values("Set-Cookie")).To(HaveLen(2))
		a = postForm(r.url("/login"), url.Values{"username": {"alice"}, "password": {"wrong"}}.Encode())
		Expect(a.Status).To(Equal(http.StatusUnauthorized))
		Expect(a.Body).To(Equal(wrongBody))
		Expect(get(r.url("/account")).text("error")).To(Equal("invalid_token"))
		Expect(postForm(r.url("/account/logout"), "").text("error")).To(Equal("invalid_token"))
	})

	It("answers the same bytes to unknown, wrong, disabled and locked (P8)", func(ctx SpecContext) {
		disabled := r.user(ctx, "disabled")
		disabled.Spec.Disabled = true
		Expect(api.Update(ctx, disabled)).To(Succeed())
		Eventually(func() bool { return known.Realm(r.namespace).User("disabled").Active() }).WithContext(ctx).Should(BeFalse())
		r.user(ctx, "locked")
		for range 10 {
			Expect(r.login("locked", "wrong").Status).To(Equal(http.StatusUnauthorized))
		}

		b := r.browser()
		wrong := b.logIn("alice", "wrong")
		Expect(wrong).To(beAPage(401, "The user name or the password is wrong.", "even the right one is refused", `value="alice"`, `name="cookies"`))
		Expect(b.last).To(BeEmpty())
		for _, name := range []string{"unknown", "disabled", "locked"} {
			a := b.logIn(name, goodPassword)
			Expect(a.Status).To(Equal(wrong.Status))
			Expect(strings.ReplaceAll(a.Body, name, "alice")).To(Equal(wrong.Body), name)
			a.Header.Del("X-Request-Id")
			a.Header.Del("Date")
			a.Header.Del("Content-Length") // the name
			for header := range a.Header {
				Expect(a.Header[header]).To(Equal(wrong.Header[header]), header)
			}
			Expect(b.last).To(BeEmpty())
		}
	})

	DescribeTable("tells whoever was wrong, locked or not, how many tries there are",
		func(ctx SpecContext, failures int32, window, duration time.Duration, says string) {
			other := aRealm(ctx, func(s *v1alpha1.RealmSpec) {
				s.Lockout = v1alpha1.RealmLockout{Failures: failures, Window: metav1.Duration{Duration: window}, Duration: metav1.Duration{Duration: duration}}
			})
			for range 2 {
				Expect(other.browser().logIn("nobody", "wrong")).To(beAPage(401, "The user name or the password is wrong.", says))
			}
			Expect(other.browser().open("/login").Body).NotTo(ContainSubstring("even the right one"))
		},
		Entry("in minutes", int32(10), 15*time.Minute, 15*time.Minute, "After 10 wrong passwords within 15 minutes, even the right one is refused for 15 minutes."),
		Entry("in hours", int32(3), 24*time.Hour, time.Hour, "After 3 wrong passwords within 24 hours, even the right one is refused for 1 hour."),
		Entry("in seconds", int32(1), 90*time.Second, time.Minute, "After 1 wrong password within 90 seconds, even the right one is refused for 1 minute."),
	)

	It("says so when there are too many logins, and when the API server is away", func(ctx SpecContext) {
		other := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Sessions.MaxLoginsPerHour = 1 })
		other.user(ctx, "bob")
		other.browser().in("bob")
		a := other.browser().logIn("bob", goodPassword)
		Expect(a).To(beAPage(429, "logs in too often", `value="bob"`))
		Expect(a.Header.Get("Retry-After")).NotTo(BeEmpty())

		faults.Fail(r.namespace, len(faults.Writes(r.namespace))+1, controllertest.BeforeWrite)
		a = r.browser().logIn("alice", goodPassword)
		Expect(a).To(beAPage(503, "Try again in a moment.", `value="alice"`))
		Expect(a.Header.Get("Retry-After")).To(Equal("1"))
	})

	It("never logs in by GET (B14), nor by a query", func() {
		query := "?username=alice&password=" + goodPassword
		a := r.browser().open("/login" + query)
		Expect(a).To(beAPage(200, "Sign in"))
		Expect(a.Body).NotTo(ContainSubstring(goodPassword))
		Expect(r.browser().do(http.MethodHead, "/login"+query, "").Body).To(BeEmpty())
		b := r.browser()
		Expect(b.do(http.MethodPost, "/login"+query, "", "Content-Type", formType)).To(beAPage(400, "in the body, not in the URL"))
		Expect(b.cookies).To(BeEmpty())
	})

	DescribeTable("refuses a form that isn't one, on a page",
		func(contentType, body string, status int, says string) {
			b := r.browser()
			Expect(b.do(http.MethodPost, "/login", body, "Content-Type", contentType)).To(beAPage(status, says))
			Expect(b.cookies).To(BeEmpty())
		},
		Entry("when it is JSON", "application/json", `{"username":"alice"}`, 400, "Send a form"),
		Entry("when it is plain text, which any site may send", "text/plain", "username=alice&password="+goodPassword, 400, "Send a form"),
		Entry("when a field comes twice", formType, "username=alice&username=bob&password=x", 400, "more than once"),
		Entry("when there is no password", formType, "username=alice", 400, "Type your user name and your password."),
		Entry("when it is too large", formType, "username="+strings.Repeat("a", 70_000), 413, "64 KiB"),
	)

	It("takes no form from another site's page (B04)", func() {
		body := url.Values{"username": {"alice"}, "password": {goodPassword}}.Encode()
		for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.test"}, {"Origin", "null"}} {
			b := r.browser()
			Expect(b.do(http.MethodPost, "/login", body, append(from, "Content-Type", formType)...)).To(beAPage(403, "A page of another site may not do this"))
			Expect(b.cookies).To(BeEmpty())
		}
		Expect(r.browser().do(http.MethodPost, "/login", body, "Content-Type", formType, "Origin", baseURL)).To(goTo("./account"))
	})

	It("notices that cookies are blocked before it looks at a password", func() {
		b := r.browser()
		probe := b.open("/login")
		Expect(probe.Body).To(ContainSubstring(`<input type="hidden" name="cookies" value="1">`))
		Expect(b.set("__Host-latchkey_probe")).To(And(HaveField("MaxAge", 0), HaveField("Secure", true), HaveField("HttpOnly", true), HaveField("Path", "/")))
		clear(b.cookies)
		before := r.auditLines()
		Expect(b.send("/login", "username", "alice", "password", goodPassword, "cookies", "1")).To(beAPage(400, "keep cookies", "https"))
		Expect(r.auditLines()).To(Equal(before))
	})

	It("carries headers that keep it from being framed, scripted or remembered (B10, B11)", func() {
		h := r.browser().open("/login").Header
		Expect(h.Get("Content-Security-Policy")).To(And(
			HavePrefix("default-src 'none'; style-src 'sha256-"), ContainSubstring("frame-ancestors 'none'"), ContainSubstring("base-uri 'none'"),
			Not(ContainSubstring("unsafe")), Not(ContainSubstring("script-src")),
		))
		Expect(h.Get("X-Frame-Options")).To(Equal("DENY"))
		Expect(h.Get("X-Content-Type-Options")).To(Equal("nosniff"))
		Expect(h.Get("Referrer-Policy")).To(Equal("same-origin"))
		Expect(h.Get("Cache-Control")).To(Equal("no-store"))
		Expect(h.Get("Cross-Origin-Opener-Policy")).To(Equal("same-origin"))
	})

	It("escapes what was typed", func() {
		a := r.browser().logIn(`"><script>alert(1)</script>`, "wrong")
		Expect(a.Body).NotTo(ContainSubstring("<script"))
		Expect(a.Body).To(ContainSubstring("&#34;&gt;&lt;script&gt;"))
	})

	It("tells who is signed in already, and sends nobody on by itself", func() {
		b := r.browser().in("alice")
		Expect(b.open("/login")).To(beAPage(200, "You are signed in as The alice (alice)", "Sign in as somebody else", `href="./account"`))
		Expect(b.open("/login?signed_out").Body).NotTo(ContainSubstring("You have signed out"))
	})

	It("ends the login that a browser had before, with the new one", func(ctx SpecContext) {
		r.user(ctx, "bob")
		b := r.browser().in("alice")
		before := b.session()
		Expect(b.send("/login", "username", "bob", "password", goodPassword)).To(goTo("./account"))
		Expect(r.sees(before)).To(beADenial(401, "token_revoked"))
		Expect(r.sees(b.session()).Header.Get("X-Auth-Request-User")).To(Equal("bob"))
	})

	It("keeps the new login when the one before can't be ended, and says so in the log", func() {
		b := r.browser().in("alice")
		before := b.session()
		faults.Fail(r.namespace, len(faults.Writes(r.namespace))+2, controllertest.BeforeWrite)
		Expect(b.send("/login", "username", "alice", "password", goodPassword)).To(goTo("./account"))
		Expect(b.session()).NotTo(Equal(before))
		Expect(r.sees(b.session()).Status).To(Equal(http.StatusOK))
		Expect(string(logged.Contents())).To(ContainSubstring("replaced login not ended"))
	})

	It("says so when no browser would take the cookie from it", func(ctx SpecContext) {
		elsewhere := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Sessions.CookieDomain = "example.org" })
		Expect(elsewhere.browser().open("/login")).To(beAPage(200, "this page is at auth.example.com, outside of the realm&#39;s Realm.spec.sessions.cookieDomain example.org"))
		Expect(r.browser().open("/login").Body).NotTo(ContainSubstring("stay signed in"))
	})

	It("works where the password grant is switched off", func(ctx SpecContext) {
		off := false
		other := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Tokens.PasswordGrant = &off })
		other.user(ctx, "bob")
		Expect(other.login("bob", goodPassword).text("error")).To(Equal("unsupported_grant_type"))
		other.browser().in("bob")
	})

	It("is there at the root, too", func(ctx SpecContext) {
		(realm{defaultRealm}).user(ctx, "root-alice")
		body := url.Values{"username": {"root-alice"}, "password": {goodPassword}}.Encode()
		a := postForm(baseURL+"/login", body, "Accept", html)
		Expect(a).To(goTo("./account"))
		Expect(a.Header.Values("Set-Cookie")).To(ConsistOf(HavePrefix("__Host-latchkey="), HavePrefix("__Host-latchkey_device=")))
	})

	It("says on a page that there is no such realm, path or method", func() {
		Expect(realm{"no-such-realm"}.browser().open("/login")).To(beAPage(404, "There is no such realm"))
		Expect(r.browser().open("/account/nothing")).To(beAPage(404, "There is nothing at this path"))
		a := r.browser().do(http.MethodPut, "/login", "")
		Expect(a).To(beAPage(405, "This endpoint takes GET, POST"))
		Expect(a.Header.Get("Allow")).To(Equal("GET, POST"))
	})

	It("makes a device of the browser, which wrong passwords elsewhere don't lock out", func(ctx SpecContext) {
		b := r.browser().in("alice")
		device := b.cookies[b.deviceName()]
		for range 10 {
			Expect(r.login("alice", "wrong").Status).To(Equal(http.StatusUnauthorized))
		}
		Expect(r.browser().logIn("alice", goodPassword)).To(beAPage(401))
		Expect(b.logIn("alice", goodPassword)).To(goTo("./account"))
		jti := func(raw string) any { return claims(raw)["jti"] }
		Expect(jti(b.cookies[b.deviceName()])).To(Equal(jti(device)), "it stays the same device")

		r.user(ctx, "bob")
		Expect(b.logIn("bob", goodPassword)).To(goTo("./account"))
		Expect(jti(b.cookies[b.deviceName()])).NotTo(Equal(jti(device)), "another person's is another")
	})
})

// auditLines is how much the audit log has of a realm.
func (r realm) auditLines() int {
	return strings.Count(string(logged.Contents()), fmt.Sprintf(`"realm":%q`, r.namespace))
}

var _ = Describe("A session cookie", Ordered, func() {
	var r realm
	var b *browser
	BeforeAll(func(ctx SpecContext) {
		r = aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		b = r.browser().in("alice")
	})

	signed := func(t token.Type, change func(*token.Claims)) string {
		GinkgoHelper()
		user := known.Realm(r.namespace).User("alice")
		now := time.Now().Truncate(time.Second)
		c := token.Claims{
			Issuer: externalURL + "/realms/" + r.namespace, Subject: user.UID, Username: "alice", ID: "j", SessionID: "s", ClientID: "latchkey",
			IssuedAt: now, AuthTime: now, ExpiresAt: now.Add(time.Hour),
		}
		change(&c)
		raw, err := known.Realm(r.namespace).Keys().Sign(t, c)
		Expect(err).NotTo(HaveOccurred())
		return raw
	}

	It("is what the check goes by", func() {
		Expect(r.sees(b.sessionName() + "=" + signed(token.Session, func(*token.Claims) {})).Status).To(Equal(http.StatusOK))
	})

	It("counts for nothing at endpoints for apps (B06)", func() {
		for _, path := range []string{"/profile", "/userinfo", "/sessions"} {
			Expect(get(r.url(path), "Cookie", b.session()).text("error_description")).To(Equal("Authentication required"))
		}
		for _, path := range []string{"/logout", "/introspect", "/users", "/password"} {
			Expect(postForm(r.url(path), "token=x", "Cookie", b.session()).Status).To(Equal(http.StatusUnauthorized), path)
		}
		Expect(do(http.MethodPost, r.url("/profile"), "", "Cookie", b.session()).Status).To(Equal(http.StatusMethodNotAllowed))
		Expect(do(http.MethodDelete, r.url("/sessions"), "", "Cookie", b.session()).Status).To(Equal(http.StatusUnauthorized))
		Expect(r.sees(b.session()).Status).To(Equal(http.StatusOK))
	})

	It("does nothing for another site's page (B04, B05)", func() {
		for _, path := range []string{"/logout", "/profile", "/users", "/account/logout", "/account/password", "/account/sessions/x/end", "/token/", "/token/x"} {
			a := postForm(r.url(path), "everywhere=1", "Cookie", b.session(), "Sec-Fetch-Site", "cross-site")
			Expect(a.Status).To(BeElementOf(403, 404, 405), path)
			Expect(r.sees(b.session()).Status).To(Equal(http.StatusOK), path)
		}
	})

	It("loses to a bearer token, valid or not (J65)", func(ctx SpecContext) {
		r.user(ctx, "carol", "viewer")
		a := get(r.url("/check/role/viewer"), append(bearer(r.in("carol").access), "Cookie", b.session())...)
		Expect(a.Header.Get("X-Auth-Request-User")).To(Equal("carol"))
		Expect(get(r.url("/check/role/viewer"), "Authorization", "Bearer nonsense", "Cookie", b.session())).To(beADenial(401, "invalid_token"))
		for _, joined := range []string{"Basic eDp5, Bearer nonsense", "Digest x,\tbearer nonsense", "Digest username=\"x\",Basic eDp5"} { // as a proxy joins two lines
			Expect(get(r.url("/check/role/authenticated"), "Authorization", joined, "Cookie", b.session())).To(beADenial(401, "credentials_malformed"), joined)
		}
		for _, other := range []string{"Digest username=\"x\", realm=\"Bearer\"", "Negotiate YII=", ""} { // not ours
			Expect(get(r.url("/check/role/authenticated"), "Authorization", other, "Cookie", b.session()).Status).To(Equal(http.StatusOK), other)
		}
		Expect(get(r.url("/account"), append(bearer(r.in("carol").access), "Accept", html)...)).To(goTo("./login"))
	})

	DescribeTable("isn't one",
		func(cookies func() []string, reason string) {
			Expect(r.sees(cookies()...)).To(beADenial(401, reason))
			headers := []string{"Accept", html}
			for _, c := range cookies() {
				headers = append(headers, "Cookie", c)
			}
			Expect(get(r.url("/account"), headers...)).To(goTo("./login"))
		},
		Entry("without its prefix (B08)", func() []string { return []string{"latchkey-" + r.namespace + "=" + b.cookies[b.sessionName()]} }, "no_credentials"),
		Entry("with the prefix of a shared one, which any host of the domain may set (B08)", func() []string {
			return []string{"__Secure-latchkey-" + r.namespace + "=" + b.cookies[b.sessionName()]}
		}, "no_credentials"),
		Entry("under the default realm's name", func() []string { return []string{"__Host-latchkey=" + b.cookies[b.sessionName()]} }, "no_credentials"),
		Entry("when it is there twice (B08)", func() []string { return []string{b.session(), b.session()} }, "no_credentials"),
		Entry("when it is there twice in one line (B08)", func() []string { return []string{b.session() + "; " + b.session()} }, "no_credentials"),
		Entry("when it is quoted", func() []string { return []string{b.sessionName() + `="` + b.cookies[b.sessionName()] + `"`} }, "invalid_token"),
		Entry("when its name is in another case", func() []string {
			return []string{strings.ToUpper(b.sessionName()) + "=" + b.cookies[b.sessionName()]}
		}, "no_credentials"),
		Entry("when a nameless one holds its name", func() []string { return []string{"=" + b.session()} }, "no_credentials"),
		Entry("when an empty one stands before it (B08)", func() []string { return []string{b.sessionName() + "=; " + b.session()} }, "no_credentials"),
		Entry("when it is an access token", func() []string { return []string{b.sessionName() + "=" + r.in("alice").access} }, "invalid_token"),
		Entry("when it is a refresh token", func() []string { return []string{b.sessionName() + "=" + r.in("alice").refresh} }, "invalid_token"),
		Entry("when it is a device cookie", func() []string { return []string{b.sessionName() + "=" + b.cookies[b.deviceName()]} }, "invalid_token"),
		Entry("when another realm signed it", func() []string {
			return []string{b.sessionName() + "=" + signed(token.Session, func(c *token.Claims) { c.Issuer = externalURL })}
		}, "invalid_token"),
		Entry("when it has expired", func() []string {
			return []string{b.sessionName() + "=" + signed(token.Session, func(c *token.Claims) {
				c.IssuedAt, c.ExpiresAt = c.IssuedAt.Add(-time.Hour), c.IssuedAt.Add(-time.Minute)
			})}
		}, "token_expired"),
		Entry("when its user was made again", func() []string {
			return []string{b.sessionName() + "=" + signed(token.Session, func(c *token.Claims) { c.Subject = "another-uid" })}
		}, "user_not_found_or_disabled"),
	)

	It("isn't an access token either", func() {
		Expect(get(r.url("/profile"), bearer(b.cookies[b.sessionName()])...).Status).To(Equal(http.StatusUnauthorized))
	})

	It("makes the login page say that it has expired, or ended", func() {
		expired := signed(token.Session, func(c *token.Claims) {
			c.IssuedAt, c.ExpiresAt = c.IssuedAt.Add(-time.Hour), c.IssuedAt.Add(-time.Minute)
		})
		Expect(get(r.url("/login"), "Cookie", b.sessionName()+"="+expired)).To(beAPage(200, "Your session has expired. Sign in again."))
		gone := signed(token.Session, func(c *token.Claims) { c.Subject = "another-uid" })
		Expect(get(r.url("/login"), "Cookie", b.sessionName()+"="+gone)).To(beAPage(200, "Your session has ended. Sign in again."))
	})

	It("dies with its user", func(ctx SpecContext) {
		user := r.user(ctx, "dora")
		d := r.browser().in("dora")
		user.Spec.Disabled = true
		Expect(api.Update(ctx, user)).To(Succeed())
		Eventually(func() int { return r.sees(d.session()).Status }).WithContext(ctx).Should(Equal(http.StatusUnauthorized))
		Expect(d.open("/account")).To(goTo("./login"))
	})

	It("has the domain that apps share, and dies with it", func(ctx SpecContext) {
		shared := aRealm(ctx, func(s *v1alpha1.RealmSpec) {
			s.Sessions.CookieDomain = "example.com"
			s.Sessions.AllowedRedirects = []string{"*.example.com"}
		})
		shared.user(ctx, "alice")
		name := "__Secure-latchkey-" + shared.namespace
		s := shared.browser()
		Expect(s.logIn("alice", goodPassword)).To(goTo("./account"))
		Expect(s.set(name)).To(And(HaveField("Domain", "example.com"), HaveField("Secure", true), HaveField("HttpOnly", true), HaveField("Path", "/")))
		Expect(s.set("__Host-latchkey-" + shared.namespace + "_device")).To(HaveField("Domain", ""))
		Expect(shared.sees(name + "=" + s.cookies[name]).Status).To(Equal(http.StatusOK))
		Expect(shared.sees("__Host-latchkey-" + shared.namespace + "=" + s.cookies[name])).To(beADenial(401, "no_credentials"))
		Expect(s.send("/account/logout")).To(goTo("../login?signed_out"))
		Expect(s.set(name)).To(And(HaveField("MaxAge", -1), HaveField("Domain", "example.com"), HaveField("Secure", true), HaveField("HttpOnly", true), HaveField("Path", "/")))
	})
})
