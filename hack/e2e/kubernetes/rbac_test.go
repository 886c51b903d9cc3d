package kubernetes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/authorize"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// meansWhatRBACMeans gives random rules by RBAC and by a Role, each to a user of its own, and
// compares what the API server and authorize say to random requests.
func (w *world) meansWhatRBACMeans(ctx context.Context) {
	GinkgoHelper()
	const rules, requests = 60, 12
	config := rest.CopyConfig(w.env.Config)
	config.QPS = -1 // no limit
	cluster, err := client.New(config, client.Options{Scheme: w.env.Client.Scheme()})
	Expect(err).NotTo(HaveOccurred())

	random := words{rand.New(rand.NewPCG(6, 3))} // the same tries each time
	given := make([]policy.KubernetesRule, rules)
	for i := range given {
		given[i] = random.rule()
		grant(ctx, cluster, subject(i), given[i])
	}
	// The API server learns of each kind in order, so with the last of each it knows all.
	probe := policy.KubernetesRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}
	for i, namespace := range []string{"*", "demo"} {
		probe.Namespaces = []string{namespace}
		grant(ctx, cluster, subject(rules+i), probe)
	}
	asked := authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "get", Resource: "pods", Namespace: "demo"}}
	for i := range 2 {
		Eventually(byRBAC).WithArguments(ctx, cluster, subject(rules+i), asked).WithTimeout(patience).Should(BeTrue())
	}

	allowed := 0
	for i, rule := range given {
		ours := roleOf(rule)
		for range requests {
			asked := random.request(rule)
			want, err := byRBAC(ctx, cluster, subject(i), asked)
			Expect(err).NotTo(HaveOccurred())
			Expect(byRole(ours, asked)).To(Equal(want), "a rule %+v and %+v %+v", rule, asked.ResourceAttributes, asked.NonResourceAttributes)
			if want {
				allowed++
			}
		}
	}
	fmt.Printf("%d random requests judged as the API server judges them by RBAC, %d of them allowed\n", rules*requests, allowed)
	Expect(allowed).To(And(BeNumerically(">", rules*requests/20), BeNumerically("<", rules*requests*3/4)), "else this compares little")
}

func subject(i int) string { return fmt.Sprintf("random-%d", i) }

// grant gives a user a rule by RBAC: in one namespace, or everywhere.
func grant(ctx context.Context, cluster client.Client, user string, rule policy.KubernetesRule) {
	GinkgoHelper()
	rules := []rbacv1.PolicyRule{{
		Verbs: rule.Verbs, APIGroups: rule.APIGroups, Resources: rule.Resources, ResourceNames: rule.ResourceNames, NonResourceURLs: rule.NonResourceURLs,
	}}
	name := metav1.ObjectMeta{Name: user}
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user}
	objects := []client.Object{&rbacv1.ClusterRole{ObjectMeta: name, Rules: rules}, &rbacv1.ClusterRoleBinding{ObjectMeta: name, RoleRef: ref, Subjects: subjects}}
	if rule.Namespaces[0] != "*" {
		name.Namespace, ref.Kind = rule.Namespaces[0], "Role"
		objects = []client.Object{&rbacv1.Role{ObjectMeta: name, Rules: rules}, &rbacv1.RoleBinding{ObjectMeta: name, RoleRef: ref, Subjects: subjects}}
	}
	for _, o := range objects {
		Expect(cluster.Create(ctx, o)).To(Succeed())
	}
}

// byRBAC is what the API server says of a user whom Latchkey isn't asked about.
func byRBAC(ctx context.Context, cluster client.Client, user string, asked authorizationv1.SubjectAccessReviewSpec) (bool, error) {
	asked.User = user
	review := &authorizationv1.SubjectAccessReview{Spec: asked}
	err := cluster.Create(ctx, review)
	return review.Status.Allowed, err
}

// roleOf answers for ada, who holds a Role with a rule.
func roleOf(rule policy.KubernetesRule) http.Handler {
	GinkgoHelper()
	d := directory.New()
	d.Settings().Put(directory.Item[directory.Settings]{Namespace: stack.Namespace, Name: "default", UID: "1", Version: 1, Value: directory.Settings{Issuer: "https://auth.example.com"}})
	d.Roles().Put(directory.Item[policy.Role]{Namespace: stack.Namespace, Name: "ops", UID: "2", Version: 1, Value: policy.Role{Name: "ops", KubernetesRules: []policy.KubernetesRule{rule}}})
	d.Users().Put(directory.Item[directory.User]{Namespace: stack.Namespace, Name: "ada", UID: "3", Version: 1, Value: directory.User{Roles: []string{"ops"}}})
	never := func() bool { return false }
	h, err := authorize.New(authorize.Config{
		Directory: d, Stale: never, Realms: []string{stack.Namespace}, DefaultRealm: stack.Namespace,
		Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	Expect(err).NotTo(HaveOccurred())
	return h
}

// byRole is what Latchkey says of ada.
func byRole(h http.Handler, asked authorizationv1.SubjectAccessReviewSpec) (bool, error) {
	asked.User = "latchkey:" + stack.Namespace + ":ada"
	review := authorizationv1.SubjectAccessReview{TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SubjectAccessReview"}, Spec: asked}
	body, err := json.Marshal(review)
	if err != nil {
		return false, err
	}
	request := httptest.NewRequest(http.MethodPost, "/kubernetes/authorize", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		return false, fmt.Errorf("answers %d: %s", answer.Code, answer.Body)
	}
	err = json.Unmarshal(answer.Body.Bytes(), &review)
	return review.Status.Allowed, err
}

// words makes random rules that the API server takes, and requests of the same few words, so
// that they often meet.
type words struct{ *rand.Rand }

func (r words) one(of ...string) string { return of[r.IntN(len(of))] }

func (r words) some(atMost int, of ...string) []string {
	var chosen []string
	for range 1 + r.IntN(atMost) {
		chosen = append(chosen, r.one(of...))
	}
	return chosen
}

func (r words) rule() policy.KubernetesRule {
	rule := policy.KubernetesRule{Verbs: r.some(4, "get", "list", "delete", "*"), Namespaces: []string{"*"}}
	if r.IntN(5) == 0 {
		rule.NonResourceURLs = r.some(2, "/metrics", "/health*", "/healthz", "*", "/*")
		return rule
	}
	rule.Namespaces = r.some(1, "*", "demo")
	rule.APIGroups = r.some(2, "", "apps", "*", "metrics.k8s.io")
	rule.Resources = r.some(5, "pods", "pods/log", "deployments", "deployments/scale", "*/scale", "*/log", "*", "pods/*", "*/*")
	if r.IntN(4) == 0 {
		rule.ResourceNames = r.some(2, "web", "db", "*")
	}
	return rule
}

// request is mostly about the same as a rule: resources or paths.
func (r words) request(near policy.KubernetesRule) authorizationv1.SubjectAccessReviewSpec {
	verb := r.one("get", "get", "list", "delete", "watch")
	if about := len(near.NonResourceURLs) > 0; about != (r.IntN(8) == 0) {
		return authorizationv1.SubjectAccessReviewSpec{NonResourceAttributes: &authorizationv1.NonResourceAttributes{
			Verb: verb, Path: r.one("/metrics", "/healthz", "/healthz/etcd", "/", "/health", "/healt"),
		}}
	}
	return authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
		Verb: verb, Group: r.one("", "", "apps", "batch"), Resource: r.one("pods", "pods", "deployments", "jobs"), Subresource: r.one("", "", "", "log", "scale", "status"),
		Namespace: r.one("", "demo", "demo", "kube-system"), Name: r.one("", "web", "db"),
	}}
}
