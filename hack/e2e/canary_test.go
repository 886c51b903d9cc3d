package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// canaries are the secrets that the stories know, by what they are.
type canaries struct {
	mu     sync.Mutex
	values map[string]string // secret → what it is
}

func (c *canaries) add(what, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(value) >= 12 { // anything shorter would be found by accident
		c.values[value] = what
	}
}

// addToken adds what makes a token valid: its signature. (Its claims are no secret.)
func (c *canaries) addToken(what, token string) {
	GinkgoHelper()
	parts := strings.Split(token, ".")
	Expect(parts).To(HaveLen(3), what)
	c.add("signature of the "+what, parts[2])
}

// addStored adds the password hashes and the keys that are stored now.
func (c *canaries) addStored(ctx context.Context) {
	GinkgoHelper()
	list := &corev1.SecretList{}
	Expect(env.Client.List(ctx, list, client.InNamespace(stack.Namespace))).To(Succeed())
	for _, secret := range list.Items {
		for key, value := range secret.Data {
			switch secret.Type {
			case "auth.latchkey.dev/password":
				c.add("password of Secret "+secret.Name, string(value))
				fields := strings.Split(string(value), "$")
				c.add("hash of Secret "+secret.Name, fields[len(fields)-1])
			case "auth.latchkey.dev/signing-keys":
				c.addKeys(value)
			default:
				c.add("content of Secret "+secret.Name+"/"+key, string(value))
			}
		}
	}
}

func (c *canaries) addKeys(document []byte) {
	GinkgoHelper()
	var keys struct {
		Generations []struct{ ID, SigningKey, InternalKey string }
	}
	Expect(json.Unmarshal(document, &keys)).To(Succeed())
	Expect(keys.Generations).NotTo(BeEmpty())
	for _, g := range keys.Generations {
		c.add("signing key "+g.ID, g.SigningKey)
		c.add("internal key "+g.ID, g.InternalKey)
		raw, err := base64.StdEncoding.DecodeString(g.InternalKey)
		Expect(err).NotTo(HaveOccurred())
		c.add("internal key in hexadecimal "+g.ID, fmt.Sprintf("%x", raw))
	}
}

// in says which canaries text holds.
func (c *canaries) in(text string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []string
	for value, what := range c.values {
		for _, form := range []string{value, base64.StdEncoding.EncodeToString([]byte(value))} {
			if strings.Contains(text, form) {
				found = append(found, what)
			}
		}
	}
	return found
}

// P13, G02, Q34: no secret is where somebody who may not have it could read it.
var _ = AfterSuite(func(ctx context.Context) {
	if latchkey == nil {
		return // it never ran
	}
	secrets.addStored(ctx)
	Expect(secrets.values).NotTo(BeEmpty())

	log, err := os.ReadFile(logFile)
	Expect(err).NotTo(HaveOccurred())
	metrics := get(ctx, latchkey.OperationsURL()+"/metrics")
	places := map[string]string{
		"Latchkey's log at debug level": string(log),
		"/metrics":                      metrics,
		"Events":                        kubectlJSON(ctx, "events.v1."),
		"Realms":                        kubectlJSON(ctx, "lkrealm"),
		"Users":                         kubectlJSON(ctx, "lkuser"),
		"Roles":                         kubectlJSON(ctx, "lkrole"),
		"Sessions":                      kubectlJSON(ctx, "lksession"),
		"RevokedTokens":                 kubectlJSON(ctx, "lkrevoked"),
		"Leases":                        kubectlJSON(ctx, "lease"),
		"JWKS":                          get(ctx, latchkey.URL()+"/jwks"),
	}
	for place, text := range places {
		Expect(secrets.in(text)).To(BeEmpty(), "secrets in "+place)
	}
	Expect(string(log)).NotTo(ContainSubstring("is forbidden"), "config/rbac gives Latchkey what it needs")
	// The scan would have found them: these places do speak of what happened.
	Expect(places["Latchkey's log at debug level"]).To(ContainSubstring(`"msg":"audit"`))
	Expect(places["Latchkey's log at debug level"]).To(ContainSubstring(`"level":"DEBUG"`))
	Expect(places["Sessions"]).To(ContainSubstring(samples.Logins["viewer"].User))
	Expect(places["Events"]).To(ContainSubstring("auth.latchkey.dev"))
	Expect(metrics).To(ContainSubstring("latchkey_panics_total 0"), "H19: no request made a handler panic")
})

func get(ctx context.Context, url string) string {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	Expect(err).NotTo(HaveOccurred())
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	Expect(response.StatusCode).To(Equal(http.StatusOK), "GET %s: %.500s", url, body)
	return string(body)
}

// kubectlJSON is every object of a kind in the whole cluster.
func kubectlJSON(ctx context.Context, kind string) string {
	GinkgoHelper()
	out, err := kubectl.Run(ctx, "get", kind, "--all-namespaces", "--output=json")
	Expect(err).NotTo(HaveOccurred())
	return out
}

func base64url(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
