package webhook_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// realm is a namespace with a Realm, and where it is served.
type realm struct{ namespace string }

func (r realm) url(path string) string { return baseURL + "/realms/" + r.namespace + path }

// goodPassword is every test user's; it is long enough for every realm here.
const goodPassword = "correct-horse-battery"

// newRealm makes a realm with the roles of the samples, ready to log in to.
func newRealm(ctx context.Context, namespace string, change ...func(*v1alpha1.RealmSpec)) realm {
	GinkgoHelper()
	Expect(api.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(Succeed())
	object := &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: v1alpha1.RealmName}}
	for _, c := range change {
		c(&object.Spec)
	}
	Expect(api.Create(ctx, object)).To(Succeed())
	r := realm{namespace}
	r.role(ctx, "admin", rule("*", "/**", "*"))
	r.role(ctx, "editor", rule("*", "/reports/**", "POST"))
	r.role(ctx, "viewer", rule("*", "/reports/**", "GET"))
	r.role(ctx, "anonymous", rule("*", "/public/**", "GET"))
	Eventually(func() int { return get(r.url("/jwks")).Status }).WithContext(ctx).WithTimeout(20 * time.Second).Should(Equal(http.StatusOK))
	return r
}

// aRealm is a realm of the spec's own.
func aRealm(ctx context.Context, change ...func(*v1alpha1.RealmSpec)) realm {
	GinkgoHelper()
	return newRealm(ctx, "realm-"+strings.ToLower(rand.Text()[:10]), change...)
}

func rule(host, path, method string) v1alpha1.Rule {
	return v1alpha1.Rule{
		Hosts:   []v1alpha1.HostPattern{v1alpha1.HostPattern(host)},
		Paths:   []v1alpha1.PathPattern{v1alpha1.PathPattern(path)},
		Methods: []v1alpha1.MethodPattern{v1alpha1.MethodPattern(method)},
	}
}

func (r realm) role(ctx context.Context, name string, rules ...v1alpha1.Rule) {
	GinkgoHelper()
	Expect(api.Create(ctx, &v1alpha1.Role{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: name}, Spec: v1alpha1.RoleSpec{Rules: rules},
	})).To(Succeed())
}

// secret stores a hash for a user. It is a cheap one: what a real one costs is
// package password's to show.
func (r realm) secret(ctx context.Context, name, hash string) {
	GinkgoHelper()
	Expect(api.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: name},
		Type:       v1alpha1.PasswordSecretType,
		Data:       map[string][]byte{v1alpha1.PasswordHashDataKey: []byte(hash)},
	})).To(Succeed())
}

func cheapHash(of string) string {
	GinkgoHelper()
	hash, err := password.Params{MemoryKiB: 8, Time: 1, Parallelism: 1}.Make(of)
	Expect(err).NotTo(HaveOccurred())
	return hash
}

// user makes a user who can log in with goodPassword, and waits until they can.
func (r realm) user(ctx context.Context, name string, roles ...v1alpha1.GrantableRoleName) *v1alpha1.User {
	GinkgoHelper()
	r.secret(ctx, name+"-password", cheapHash(goodPassword))
	return r.userOf(ctx, name, name+"-password", roles...)
}

func (r realm) userOf(ctx context.Context, name, secret string, roles ...v1alpha1.GrantableRoleName) *v1alpha1.User {
	GinkgoHelper()
	user := &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: name},
		Spec: v1alpha1.UserSpec{
			DisplayName: "The " + name, Email: name + "@example.com", Roles: roles,
			PasswordSecretRef: &v1alpha1.PasswordSecretReference{Name: secret},
		},
	}
	Expect(api.Create(ctx, user)).To(Succeed())
	Eventually(func(g Gomega) {
		g.Expect(api.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
		g.Expect(user.Status.PasswordFingerprint).NotTo(BeEmpty())
	}).WithContext(ctx).WithTimeout(20 * time.Second).Should(Succeed())
	return user
}

// answer is an HTTP answer, read whole.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

func (a answer) json() map[string]any {
	GinkgoHelper()
	m := map[string]any{}
	Expect(json.Unmarshal([]byte(a.Body), &m)).To(Succeed(), a.Body)
	return m
}

func (a answer) text(member string) string {
	GinkgoHelper()
	value, _ := a.json()[member].(string)
	return value
}

// do sends a request as it is: no redirect is followed.
func do(method, to, body string, headers ...string) answer {
	GinkgoHelper()
	req, err := http.NewRequest(method, to, strings.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = res.Body.Close() }()
	read, err := io.ReadAll(res.Body)
	Expect(err).NotTo(HaveOccurred())
	return answer{res.StatusCode, res.Header, string(read)}
}

func get(to string, headers ...string) answer {
	GinkgoHelper()
	return do(http.MethodGet, to, "", headers...)
}

const formType = "application/x-www-form-urlencoded"

func postForm(to, form string, headers ...string) answer {
	GinkgoHelper()
	return do(http.MethodPost, to, form, append([]string{"Content-Type", formType}, headers...)...)
}

// login tries a password.
func (r realm) login(name, secret string) answer {
	GinkgoHelper()
	return postForm(r.url("/token"), url.Values{"grant_type": {"password"}, "username": {name}, "password": {secret}}.Encode())
}

// tokens are what a login gave.
type tokens struct{ access, refresh string }

// in logs a test user in.
func (r realm) in(name string) tokens {
	GinkgoHelper()
	a := r.login(name, goodPassword)
	Expect(a.Status).To(Equal(http.StatusOK), a.Body)
	return tokens{a.text("access_token"), a.text("refresh_token")}
}

// bearer is the header of a token, as two arguments.
func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// raw sends bytes that no HTTP client would, and returns the first answer.
func raw(to, request string) answer {
	GinkgoHelper()
	u, err := url.Parse(to)
	Expect(err).NotTo(HaveOccurred())
	conn, err := net.Dial("tcp", u.Host)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = conn.Close() }()
	go func() { _, _ = io.WriteString(conn, request) }() // what is refused is not read to its end
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body) // a refused request may end in a reset behind the answer
	return answer{res.StatusCode, res.Header, string(body)}
}

// rawGet is a raw GET of a path with header lines.
func rawGet(path string, lines ...string) answer {
	GinkgoHelper()
	return raw(baseURL, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: latchkey\r\nConnection: close\r\n%s\r\n", path, strings.Join(append(lines, ""), "\r\n")))
}

// claims reads a token's claims without trusting them.
func claims(jwt string) map[string]any {
	GinkgoHelper()
	parts := strings.Split(jwt, ".")
	Expect(parts).To(HaveLen(3))
	m := map[string]any{}
	Expect(json.Unmarshal(decode(parts[1]), &m)).To(Succeed())
	return m
}
