package webhook_test

import (
	"context"
	htmlpkg "html"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
)

func unescape(s string) string { return htmlpkg.UnescapeString(s) }

func itoa(i int) string { return strconv.Itoa(i) }

// sid is the login of a browser.
func (b *browser) sid() string {
	GinkgoHelper()
	return claims(b.cookies[b.sessionName()])["sid"].(string)
}

var _ = Describe("The account page", func() {
	var r realm
	BeforeEach(func(ctx SpecContext) {
		r = aRealm(ctx)
		r.user(ctx, "alice", "viewer")
	})

	It("lists where somebody is signed in, newest first, and nobody else's", func(ctx SpecContext) {
		alice := &v1alpha1.User{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: "alice"}, alice)).To(Succeed())
		r.plant(ctx, "evil", alice, func(s *v1alpha1.Session) {
			s.Spec.Client.UserAgent = `Mozilla/5.0<script>alert(1)</script> (X11; Linux) Firefox/1`
			s.Spec.Client.Address = `<b>1.2.3.4`
		})
		r.plant(ctx, "scripted", alice, func(s *v1alpha1.Session) { s.Spec.Client.UserAgent = `<script>alert(2)</script>` })
		bob := r.user(ctx, "bob")
		r.plant(ctx, "of-bob", bob)
		b := r.browser()
		Expect(b.logIn("alice", goodPassword)).To(goTo("./account"))
		a := b.open("/account", "User-Agent", "whatever")
		Expect(a).To(beAPage(200, "Firefox on Linux", "this browser", "&lt;script&gt;alert(2)&lt;/script&gt;", "account/sessions/"+b.sid()+"/end"))
		Expect(a.Body).NotTo(Or(ContainSubstring("<script"), ContainSubstring("of-bob"), ContainSubstring("<b>")))
		Expect(strings.Count(a.Body, "/end\"")).To(Equal(3))
	})

	It("shows what a user is called, escaped, and so does the login page", func(ctx SpecContext) {
		user := r.user(ctx, "mallory")
		user.Spec.DisplayName = `<img src=x onerror=alert(1)>`
		Expect(api.Update(ctx, user)).To(Succeed())
		Eventually(func() string { return known.Realm(r.namespace).User("mallory").DisplayName }).WithContext(ctx).Should(HavePrefix("<img"))
		b := r.browser().in("mallory")
		for _, path := range []string{"/account", "/login"} {
			a := b.open(path)
			Expect(a).To(beAPage(200, "&lt;img src=x onerror=alert(1)&gt;"))
			Expect(a.Body).NotTo(ContainSubstring("<img"))
		}
	})

	It("ends one login, and this one with its cookie", func(ctx SpecContext) {
		here, there := r.browser().in("alice"), r.browser().in("alice")
		Expect(here.send("/account/sessions/" + there.sid() + "/end")).To(goTo("../../../account?ended"))
		Expect(r.sees(there.session())).To(beADenial(401, "token_revoked"))
		Expect(here.open("/account?ended")).To(beAPage(200, "That session has ended."))
		Expect(there.open("/account")).To(goTo("./login"))

		old := here.session()
		Expect(here.send("/account/sessions/" + here.sid() + "/end")).To(goTo("../../../login?signed_out"))
		Expect(here.set(here.sessionName())).To(HaveField("MaxAge", -1))
		Expect(r.sees(old)).To(beADenial(401, "token_revoked"))
	})

	It("ends nobody else's login (V08)", func(ctx SpecContext) {
		r.user(ctx, "bob")
		alice, bob := r.browser().in("alice"), r.browser().in("bob")
		for _, sid := range []string{bob.sid(), "no-such-login", "No%2Fname"} {
			Expect(alice.send("/account/sessions/" + sid + "/end")).To(beAPage(404, "You have no such login"))
		}
		Expect(r.sees(bob.session()).Status).To(Equal(http.StatusOK))
	})

	It("signs out: the login is dead on return, and its cookie goes (V06)", func() {
		b := r.browser().in("alice")
		old := b.session()
		Expect(b.send("/account/logout")).To(goTo("../login?signed_out"))
		Expect(b.set(b.sessionName())).To(And(
			HaveField("Value", ""), HaveField("MaxAge", -1), HaveField("Path", "/"), HaveField("Domain", ""),
			HaveField("Secure", true), HaveField("HttpOnly", true), HaveField("SameSite", http.SameSiteLaxMode),
		))
		Expect(r.sees(old)).To(beADenial(401, "token_revoked"))
		Expect(b.open("/login?signed_out")).To(beAPage(200, "You have signed out."))
		Expect(b.send("/account/logout")).To(goTo("../login?signed_out"), "twice is once")
		Expect(get(r.url("/account"), "Cookie", old, "Accept", html)).To(goTo("./login"))
	})

	It("signs out everywhere, apps too", func() {
		here, there, app := r.browser().in("alice"), r.browser().in("alice"), r.in("alice")
		Expect(here.send("/account/logout", "everywhere", "1")).To(goTo("../login?signed_out"))
		Expect(here.set(here.sessionName())).To(HaveField("MaxAge", -1))
		Expect(r.sees(there.session())).To(beADenial(401, "token_revoked"))
		Expect(r.live(app)).To(BeFalse())
	})

	It("keeps the cookie when signing out fails, since the login is alive", func() {
		b := r.browser().in("alice")
		faults.Fail(r.namespace, len(faults.Writes(r.namespace))+1, controllertest.BeforeWrite)
		a := b.send("/account/logout")
		Expect(a).To(beAPage(503, "Try again in a moment", a.Header.Get("X-Request-Id")))
		Expect(b.last).To(BeEmpty())
		Expect(r.sees(b.session()).Status).To(Equal(http.StatusOK))
		Expect(b.send("/account/logout")).To(goTo("../login?signed_out"))
	})

	It("changes nothing by GET (V07)", func() {
		b := r.browser().in("alice")
		for _, path := range []string{"/logout", "/account/logout", "/account/password", "/account/sessions/" + b.sid() + "/end"} {
			a := b.open(path)
			Expect(a.Status).To(Equal(http.StatusMethodNotAllowed), path)
			Expect(a.Header.Get("Allow")).To(Equal("POST"), path)
		}
		Expect(r.sees(b.session()).Status).To(Equal(http.StatusOK))
	})

	It("is for those who are signed in: others are sent there", func() {
		b := r.browser()
		Expect(b.open("/account")).To(goTo("./login"))
		Expect(b.send("/account/password", "oldPassword", "x", "newPassword", "y")).To(goTo("../login"))
		Expect(b.send("/account/sessions/x/end")).To(goTo("../../../login"))
	})

	It("changes the password, ends all other logins and stays signed in", func(ctx SpecContext) {
		here, there, app := r.browser().in("alice"), r.browser().in("alice"), r.in("alice")
		old := here.session()
		Expect(here.send("/account/password", "oldPassword", goodPassword, "newPassword", newPassword)).To(goTo("../account?password_changed"))
		Expect(here.set(here.sessionName())).NotTo(BeNil())
		Expect(here.open("/account?password_changed")).To(beAPage(200, "Your password was changed"))
		for _, dead := range []string{old, there.session()} {
			Expect(r.sees(dead)).To(beADenial(401, "token_revoked"))
		}
		Expect(r.live(app)).To(BeFalse())
		Expect(r.browser().logIn("alice", goodPassword)).To(beAPage(401))
		r.eventuallyIn(ctx, "alice", newPassword)
	})

	It("says which field keeps the password from changing, and what to write instead", func() {
		b := r.browser().in("alice")
		change := func(old, chosen string) answer {
			return b.send("/account/password", "oldPassword", old, "newPassword", chosen)
		}
		Expect(change("wrong", newPassword)).To(beAPage(401, `id="old-problem">That isn&#39;t your current password.`))
		Expect(change("", newPassword)).To(beAPage(422, `id="old-problem">It is required.`))
		Expect(change(goodPassword, "short")).To(beAPage(422, `id="new-problem">Choose a password of at least`))
		Expect(change(goodPassword, goodPassword)).To(beAPage(422, `id="new-problem">Choose another password than the old one.`))
		Expect(r.sees(b.session()).Status).To(Equal(http.StatusOK))
		faults.Fail(r.namespace, len(faults.Writes(r.namespace))+1, controllertest.BeforeWrite)
		Expect(change(goodPassword, newPassword)).To(beAPage(503, "Try again in a moment"))
	})

	It("counts wrong old passwords as failed logins", func() {
		b := r.browser().in("alice")
		for range 10 {
			Expect(b.send("/account/password", "oldPassword", "wrong", "newPassword", newPassword).Status).To(Equal(http.StatusUnauthorized))
		}
		Expect(b.send("/account/password", "oldPassword", goodPassword, "newPassword", newPassword)).To(beAPage(401, "isn&#39;t your current password"))
	})

	It("doesn't offer what is switched off", func() {
		g := aService(nil) // without user management
		cookies := r.browser().in("alice")
		ask := func(method, path string) *httptest.ResponseRecorder {
			req, w := httptest.NewRequest(method, "/realms/"+r.namespace+path, nil), httptest.NewRecorder()
			req.Header.Set("Cookie", cookies.session())
			g.handler.ServeHTTP(w, req)
			return w
		}
		Expect(ask(http.MethodGet, "/account").Body.String()).To(And(ContainSubstring("The alice"), Not(ContainSubstring("newPassword"))))
		Expect(ask(http.MethodPost, "/account/password").Code).To(Equal(http.StatusNotFound))
	})
})

// eventuallyIn waits until a password counts.
func (r realm) eventuallyIn(ctx context.Context, name, secret string) {
	GinkgoHelper()
	Eventually(func() int { return r.login(name, secret).Status }).WithContext(ctx).WithTimeout(20 * time.Second).Should(Equal(http.StatusOK))
}
