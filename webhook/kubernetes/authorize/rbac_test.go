package authorize_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/component-helpers/auth/rbac/validation"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// wishes makes random rules and requests of few words, so that they often meet.
type wishes struct{ *rand.Rand }

func (w wishes) some(atMost int, words ...string) []string {
	var chosen []string
	for range w.IntN(atMost + 1) {
		chosen = append(chosen, words[w.IntN(len(words))])
	}
	return chosen
}

func (w wishes) one(words ...string) string { return words[w.IntN(len(words))] }

// rule is about resources or about paths, as RBAC wants it.
func (w wishes) rule() policy.KubernetesRule {
	rule := policy.KubernetesRule{Verbs: w.some(4, "get", "list", "delete", "*"), Namespaces: []string{"*"}}
	if w.IntN(4) == 0 {
		rule.NonResourceURLs = w.some(2, "/metrics", "/health*", "/healthz", "/healthz/**", "*", "/*")
		return rule
	}
	rule.APIGroups = w.some(2, "", "apps", "*", "metrics.k8s.io")
	rule.Resources = w.some(5, "pods", "pods/log", "deployments", "deployments/scale", "*/scale", "*/log", "*", "pods/*", "*/*")
	rule.ResourceNames = w.some(1, "web", "db", "*")
	return rule
}

func (w wishes) request() authorizationv1.SubjectAccessReviewSpec {
	asked := authorizationv1.SubjectAccessReviewSpec{User: "latchkey:latchkey:ada"}
	verb := w.one("get", "list", "delete", "watch")
	if w.IntN(4) == 0 {
		asked.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Verb: verb, Path: w.one("/metrics", "/healthz", "/healthz/etcd", "/", "/health", "/healt")}
		return asked
	}
	asked.ResourceAttributes = &authorizationv1.ResourceAttributes{
		Verb: verb, Group: w.one("", "apps", "batch"), Resource: w.one("pods", "deployments", "jobs"), Subresource: w.one("", "", "log", "scale", "status"),
		Namespace: w.one("", own, "kube-system"), Name: w.one("", "web", "db"),
	}
	return asked
}

// asRule is a request as a rule that allows it and nothing more.
func asRule(asked authorizationv1.SubjectAccessReviewSpec) rbacv1.PolicyRule {
	if path := asked.NonResourceAttributes; path != nil {
		return rbacv1.PolicyRule{Verbs: []string{path.Verb}, NonResourceURLs: []string{path.Path}}
	}
	r := asked.ResourceAttributes
	rule := rbacv1.PolicyRule{Verbs: []string{r.Verb}, APIGroups: []string{r.Group}, Resources: []string{r.Resource}}
	if r.Subresource != "" {
		rule.Resources[0] += "/" + r.Subresource
	}
	if r.Name != "" {
		rule.ResourceNames = []string{r.Name}
	}
	return rule
}

// The reference is the code by which RBAC judges whether somebody holds what they give.
// (The API server itself is asked in hack/e2e/kubernetes.)
func TestRulesMeanWhatTheyMeanInRBAC(t *testing.T) {
	const rules, requests = 400, 50
	w := wishes{rand.New(rand.NewPCG(6, 2))}
	allowed := 0
	for range rules {
		mine := w.rule()
		theirs := rbacv1.PolicyRule{
			Verbs: mine.Verbs, APIGroups: mine.APIGroups, Resources: mine.Resources, ResourceNames: mine.ResourceNames, NonResourceURLs: mine.NonResourceURLs,
		}
		h := newHandler(t, world(mine))
		for range requests {
			asked := w.request()
			want, _ := validation.Covers([]rbacv1.PolicyRule{theirs}, []rbacv1.PolicyRule{asRule(asked)})
			got := ask(t, h, asked).Allowed
			if got != want {
				t.Fatalf("a rule %+v allows %+v %+v: %t, RBAC says %t", mine, asked.ResourceAttributes, asked.NonResourceAttributes, got, want)
			}
			if got {
				allowed++
			}
		}
	}
	if share := float64(allowed) / (rules * requests); share < 0.02 || share > 0.6 {
		t.Errorf("%.0f %% of the requests are allowed, so this compares little", 100*share)
	}
	fmt.Printf("%d random requests judged as RBAC judges them, %d of them allowed\n", rules*requests, allowed)
}
