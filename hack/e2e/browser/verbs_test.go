package browser_test

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/chromium"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// patience is how long a change may take on a machine that is busy with other things.
const patience = 60 * time.Second

// aPerson is somebody who hasn't been here yet, with the browser of most people. Whatever the story,
// their browser has nothing to complain about and asks nobody but the three sites.
func aPerson() *chromium.Tab {
	GinkgoHelper()
	return aPersonWith(browser)
}

func aPersonWith(b *chromium.Browser) *chromium.Tab {
	GinkgoHelper()
	tab, err := b.NewPerson()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		defer tab.Close()
		expectPeace(tab)
	})
	return tab
}

// expectPeace holds a tab against what no page may do.
func expectPeace(tab *chromium.Tab) {
	GinkgoHelper()
	Expect(tab.Complaints()).To(BeEmpty())
	for _, r := range tab.Requests() {
		if strings.HasPrefix(r.URL, "data:") {
			continue
		}
		Expect([]string{auth, reader, wiki}).To(ContainElement("https://"+r.Host()), r.URL)
	}
}

// aUser makes a User with a random password and waits until they can log in.
func aUser(ctx context.Context, name string, roles ...v1alpha1.GrantableRoleName) stack.Login {
	GinkgoHelper()
	login := stack.Login{User: name, Password: stack.RandomPassword()}
	objects := []client.Object{
		stack.PasswordSecret(name, login.Password),
		&v1alpha1.User{
			ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: name},
			Spec: v1alpha1.UserSpec{
				DisplayName: strings.ToUpper(name[:1]) + name[1:], Email: name + "@" + domain,
				Roles: roles, PasswordSecretRef: &v1alpha1.PasswordSecretReference{Name: name},
			},
		},
	}
	for _, o := range objects {
		Expect(env.Client.Create(ctx, o)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(client.IgnoreNotFound(env.Client.Delete(ctx, o))).To(Succeed()) })
	}
	untilReady(ctx, "lkuser", name)
	return login
}

// untilReady waits for an object's Ready.
func untilReady(ctx context.Context, kind, name string) {
	GinkgoHelper()
	k(ctx, "wait", "--for=condition=Ready", "--timeout=50s", kind, name)
}

// k runs kubectl in the realm's namespace; it gives up rather than wait for ever.
func k(ctx context.Context, arguments ...string) string {
	GinkgoHelper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := kubectl.Run(ctx, append([]string{"-n", stack.Namespace}, arguments...)...)
	Expect(err).NotTo(HaveOccurred())
	return out
}

// goTo opens an address.
func goTo(tab *chromium.Tab, address string) chromium.Answer {
	GinkgoHelper()
	answer, err := tab.Open(address)
	Expect(err).NotTo(HaveOccurred(), address)
	return answer
}

// then takes steps that lead to another page.
func then(tab *chromium.Tab, steps ...chromium.Step) chromium.Answer {
	GinkgoHelper()
	answer, err := tab.Then(steps...)
	Expect(err).NotTo(HaveOccurred())
	return answer
}

// do takes steps on the page that is there.
func do(tab *chromium.Tab, steps ...chromium.Step) {
	GinkgoHelper()
	Expect(tab.Do(steps...)).To(Succeed())
}

// What a login form is made of.
const (
	username = chromedp.CSS("#username")
	password = chromedp.CSS("#password")
)

// called is a button or link by what stands on it.
func called(label string) chromedp.Search {
	return chromedp.Search(`//*[self::button or self::a][normalize-space()="` + label + `"]`)
}

// write replaces what stands in a field.
func write(field chromedp.CSS, text string) chromium.Step {
	return chromedp.Steps(chromedp.Clear(field), chromedp.SendKeys(field, text))
}

// signIn fills in the login form that is there and presses its button.
func signIn(tab *chromium.Tab, login stack.Login) chromium.Answer {
	GinkgoHelper()
	return then(tab, write(username, login.User), write(password, login.Password), chromedp.Click(called("Sign in")))
}

// press presses the button, or follows the link, of that name.
func press(tab *chromium.Tab, label string) chromium.Answer {
	GinkgoHelper()
	return then(tab, chromedp.Click(called(label)))
}

// text is what a person reads in the first element that matches.
func text(tab *chromium.Tab, selector chromedp.CSS) string {
	GinkgoHelper()
	found, err := chromium.Read(tab, chromedp.Text(selector))
	Expect(err).NotTo(HaveOccurred(), string(selector))
	return found
}

// evaluate is the value of an expression of JavaScript on the page, or what its promise comes to.
func evaluate[T any](tab *chromium.Tab, expression string) T {
	GinkgoHelper()
	value, err := chromium.Read(tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	Expect(err).NotTo(HaveOccurred(), expression)
	return value
}

// seen is what the sample app says that it saw.
func seen(tab *chromium.Tab) map[string]string {
	GinkgoHelper()
	return evaluate[map[string]string](tab, `Object.fromEntries([...document.querySelectorAll("tr")].map(r => [r.cells[0].innerText, r.cells[1].innerText]))`)
}

// focused is the ID of the element that has the focus.
func focused(tab *chromium.Tab) string {
	GinkgoHelper()
	return evaluate[string](tab, `document.activeElement.id`)
}

// has tells whether the page has an element.
func has(tab *chromium.Tab, selector chromedp.CSS) bool {
	GinkgoHelper()
	return evaluate[bool](tab, `document.querySelector("`+string(selector)+`") !== null`)
}

// alerts are the texts that a screen reader reads out as soon as the page is there.
func alerts(tab *chromium.Tab) []string {
	GinkgoHelper()
	return evaluate[[]string](tab, `[...document.querySelectorAll("[role=alert]")].map(e => e.innerText)`)
}

// sessionCookie is the name of the cookie that apps of one domain share.
const sessionCookie = "__Secure-latchkey"

// cookieOf is the session cookie that a person has.
func cookieOf(tab *chromium.Tab) *network.Cookie {
	GinkgoHelper()
	all, err := tab.Cookies()
	Expect(err).NotTo(HaveOccurred())
	for _, c := range all {
		if c.Name == sessionCookie {
			return c
		}
	}
	return nil
}

// loginFor is the address of the login page that leads on to back.
func loginFor(back string) string { return auth + "/login?rd=" + url.QueryEscape(back) }
