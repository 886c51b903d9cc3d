package authorize_test

import (
	"net/http"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/authorize"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

type spec = authorizationv1.SubjectAccessReviewSpec

// getPods is user's wish to read a pod of a namespace.
func getPods(user, namespace string) spec {
	return spec{User: user, ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "get", Version: "v1", Resource: "pods", Namespace: namespace, Name: "web"}}
}

func readPods(namespaces ...string) policy.KubernetesRule {
	return policy.KubernetesRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}, Namespaces: namespaces}
}

func TestWhoIsAllowed(t *testing.T) {
	withUID := func(uid string) spec { s := getPods("latchkey:latchkey:ada", own); s.UID = uid; return s }
	for sentence, c := range map[string]struct {
		asked spec
		want  bool
	}{
		"who holds the Role":                        {getPods("latchkey:latchkey:ada", own), true},
		"who holds one that includes it":            {getPods("latchkey:latchkey:lena", own), true},
		"who holds it in another realm that counts": {getPods("latchkey:team-a:ada", team), true},
		"by the right UID":                          {withUID("latchkey-ada"), true},
		"not by another's UID, as of a user before": {withUID("latchkey-eve"), false},
		"not who holds no Role":                     {getPods("latchkey:latchkey:eve", own), false},
		"not who is disabled":                       {getPods("latchkey:latchkey:dan", own), false},
		"not who doesn't exist":                     {getPods("latchkey:latchkey:nobody", own), false},
		"not of a realm that doesn't count":         {getPods("latchkey:team-b:ada", aside), false},
		"not of a realm that doesn't exist":         {getPods("latchkey:team-c:ada", own), false},
		"not for what a group claims": {func() spec {
			s := getPods("latchkey:latchkey:eve", own)
			s.Groups = []string{"latchkey:latchkey:ops", "system:masters"}
			return s
		}(), false},
		"not less for what no group claims": {func() spec {
			s := getPods("latchkey:latchkey:ada", own)
			s.Groups = []string{"system:authenticated"}
			return s
		}(), true},
		"not another's user of that name":      {getPods("ada", own), false},
		"not another's prefix":                 {getPods("oidc:latchkey:ada", own), false},
		"not a name with more to it":           {getPods("latchkey:latchkey:ada:", own), false},
		"not a name with a realm too many":     {getPods("latchkey:latchkey:team-a:ada", own), false},
		"not a name in capitals":               {getPods("latchkey:latchkey:Ada", own), false},
		"not a name of spaces":                 {getPods("latchkey:latchkey: ada", own), false},
		"not nobody":                           {getPods("", own), false},
		"not nobody of a realm":                {getPods("latchkey:latchkey:", own), false},
		"not the API server's own users":       {getPods("system:serviceaccount:latchkey:latchkey-serve", own), false},
		"not system:anonymous":                 {getPods("system:anonymous", own), false},
		"not who isn't named, but for a group": {spec{Groups: []string{"latchkey:latchkey:ops"}, ResourceAttributes: getPods("", own).ResourceAttributes}, false},
		"not for another verb": {func() spec {
			s := getPods("latchkey:latchkey:ada", own)
			s.ResourceAttributes.Verb = "delete"
			return s
		}(), false},
		"not for nothing":             {spec{User: "latchkey:latchkey:ada"}, false},
		"not for an empty wish":       {spec{User: "latchkey:latchkey:ada", ResourceAttributes: &authorizationv1.ResourceAttributes{}}, false},
		"not for both wishes at once": {spec{User: "latchkey:latchkey:ada", ResourceAttributes: getPods("", own).ResourceAttributes, NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: "/", Verb: "get"}}, false},
		"a wish with selectors, which RBAC overlooks": {func() spec {
			s := getPods("latchkey:latchkey:ada", own)
			s.ResourceAttributes.FieldSelector = &authorizationv1.FieldSelectorAttributes{Requirements: []metav1.FieldSelectorRequirement{{Key: "spec.nodeName", Operator: "In", Values: []string{"a"}}}}
			return s
		}(), true},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := ask(t, newHandler(t, world(readPods())), c.asked)
			if got.Allowed != c.want {
				t.Errorf("%+v", got)
			}
			if !strings.HasPrefix(got.Reason, "latchkey: ") || got.EvaluationError != "" {
				t.Errorf("the reason is %q, the error %q", got.Reason, got.EvaluationError)
			}
		})
	}
}

func TestTheReasonNamesTheRule(t *testing.T) {
	h := newHandler(t, world(readPods("elsewhere"), readPods()))
	if got := ask(t, h, getPods("latchkey:latchkey:lena", own)).Reason; got != "latchkey: allowed by kubernetesRules[1] of Role latchkey/ops" {
		t.Errorf("it says %q", got)
	}
	if got := ask(t, h, getPods("latchkey:latchkey:eve", own)).Reason; got != "latchkey: no Role of this user allows it" {
		t.Errorf("it says %q", got)
	}
}

// Who writes a realm's Roles is that realm's admin, and must not become the cluster's.
func TestHowFarARealmReaches(t *testing.T) {
	all := policy.KubernetesRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}, Namespaces: []string{"*"}, NonResourceURLs: []string{"*"}}
	within := func(namespaces ...string) policy.KubernetesRule { r := all; r.Namespaces = namespaces; return r }
	resource := func(group, resource, namespace string) spec {
		return spec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "get", Group: group, Resource: resource, Namespace: namespace, Name: "x"}}
	}
	path := spec{NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: "get", Path: "/metrics"}}
	for sentence, c := range map[string]struct {
		rule            policy.KubernetesRule
		asked           spec
		byDefault, team bool // whether the default realm's user may, and team-a's
	}{
		"in their own namespaces, by a rule that names none: team-a":      {within(), resource("", "pods", team), false, true},
		"in their own namespaces, by a rule that names none: the default": {within(), resource("", "pods", own), true, false},
		"in team-a, by a rule that names it":                              {within(team), resource("", "pods", team), true, true},
		"in team-a, by a rule that names it and others":                   {within("x", team), resource("", "pods", team), true, true},
		"in team-a, by a rule for all":                                    {all, resource("", "pods", team), true, false},
		"elsewhere, by a rule that names it":                              {within("kube-system"), resource("", "pods", "kube-system"), true, false},
		"elsewhere, by a rule for all":                                    {all, resource("", "secrets", "kube-system"), true, false},
		"all namespaces at once, by a rule for all":                       {all, resource("", "pods", ""), true, false},
		"all namespaces at once, by a rule that names team-a":             {within(team), resource("", "pods", ""), false, false},
		"what is in no namespace, by a rule for all":                      {all, resource("", "nodes", ""), true, false},
		"what is in no namespace, by a rule that names none":              {within(), resource("", "nodes", ""), false, false},
		"team-a's Namespace object, which isn't within it":                {within(team), resource("", "namespaces", team), true, false},
		"a resource of that name of somebody else":                        {within(team), resource("example.com", "namespaces", team), true, true},
		"paths, by a rule for all":                                        {all, path, true, false},
		"paths, by a rule that names a namespace, which has none":         {within(team), path, true, false},
		"what the empty name stands for, by a rule with it":               {within(""), resource("", "nodes", ""), false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHandler(t, world(c.rule))
			for realm, want := range map[string]bool{own: c.byDefault, team: c.team, aside: false} {
				asked := c.asked
				asked.User = "latchkey:" + realm + ":ada"
				if got := ask(t, h, asked); got.Allowed != want {
					t.Errorf("%s: %+v", asked.User, got)
				}
			}
		})
	}
}

func TestNobodyMayImpersonate(t *testing.T) {
	h := newHandler(t, world(policy.KubernetesRule{
		APIGroups: []string{"*"}, Resources: []string{"*"}, Namespaces: []string{"*"},
		Verbs: []string{"*", "impersonate", "impersonate:user-info", "impersonate-on:user-info:get"},
	}))
	for verb, want := range map[string]bool{"impersonate": false, "impersonate:user-info": false, "impersonate-on:user-info:get": false, "get": true} {
		got := ask(t, h, spec{User: "latchkey:latchkey:ada", ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: verb, Resource: "users", Name: "system:admin"}})
		if got.Allowed != want {
			t.Errorf("%s: %+v", verb, got)
		}
	}
}

func TestWithoutKnowledgeThereIsNoOpinion(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*authorize.Config)
		failed bool
	}{
		"stale":                  {func(c *authorize.Config) { c.Stale = yes }, true},
		"no realm counts":        {func(c *authorize.Config) { c.Realms = nil }, false},
		"the directory is empty": {func(c *authorize.Config) { c.Directory = directory.New() }, false},
		"the realm is unusable": {func(c *authorize.Config) {
			put(c.Directory.Settings(), own, "default", "again", directory.Settings{Issuer: "https://auth.example.com", Unusable: "it can't be read"})
		}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := ask(t, newHandler(t, world(readPods()), c.change), getPods("latchkey:latchkey:ada", own))
			if got.Allowed || got.Reason == "" || (got.EvaluationError != "") != c.failed {
				t.Errorf("%+v", got)
			}
		})
	}
}

// How questions are read is package review's; which are ours is said here.
func TestOnlySubjectAccessReviewsOfV1AreDecided(t *testing.T) {
	for sentence, c := range map[string]struct {
		body          string
		code          int
		version, says string
	}{
		"an older version is answered in it": {
			`{"apiVersion":"authorization.k8s.io/v1beta1","kind":"SubjectAccessReview","spec":{"user":"latchkey:latchkey:ada"}}`,
			http.StatusOK, "authorization.k8s.io/v1beta1", "set the version of this webhook to v1"},
		"another kind": {
			`{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview"}`,
			http.StatusBadRequest, "authorization.k8s.io/v1", "this isn't a SubjectAccessReview of authorization.k8s.io/v1"},
		"another group": {
			`{"apiVersion":"authentication.k8s.io/v1","kind":"SubjectAccessReview"}`,
			http.StatusBadRequest, "authorization.k8s.io/v1", "this isn't a SubjectAccessReview of authorization.k8s.io/v1"},
	} {
		t.Run(sentence, func(t *testing.T) {
			code, got := post(t, newHandler(t, world(readPods())), c.body)
			if code != c.code || got.APIVersion != c.version || got.Kind != "SubjectAccessReview" || got.Status.Allowed || !strings.Contains(got.Status.EvaluationError, c.says) {
				t.Errorf("%d: %+v", code, got)
			}
		})
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	if _, err := authorize.New(authorize.Config{}); err == nil {
		t.Error("an empty Config is taken")
	}
}
