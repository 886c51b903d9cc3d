package admission_test

import (
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

func aRule(host, path, method string) v1alpha1.Rule {
	return v1alpha1.Rule{Hosts: []v1alpha1.HostPattern{v1alpha1.HostPattern(host)}, Paths: []v1alpha1.PathPattern{v1alpha1.PathPattern(path)}, Methods: []v1alpha1.MethodPattern{v1alpha1.MethodPattern(method)}}
}

func withRules(name string, rules ...v1alpha1.Rule) v1alpha1.Role {
	role := aRole(name)
	role.Spec.Rules = rules
	return role
}

// The schema knows all this as well. A webhook that is newer than the schema must not rely on it.
func TestARuleThatCannotBeMatchedIsRefusedWithItsField(t *testing.T) {
	h, _ := handlerOf(t, &cluster{may: everything})
	role := withRules("a", aRule("app.example.com", "/", "GET"), aRule("app.example.com:8080", "reports", "GE T"))
	answer := ask(t, h, "roles", aReview(t, "roles", role, nil))
	for _, field := range []string{"spec.rules[1].hosts[0]: ", "spec.rules[1].paths[0]: ", "spec.rules[1].methods[0]: "} {
		if answer.Allowed || !strings.Contains(said(answer), field) {
			t.Errorf("%v %q lacks %q", answer.Allowed, said(answer), field)
		}
	}
	if strings.Contains(said(answer), "rules[0]") {
		t.Errorf("a good rule is blamed: %q", said(answer))
	}
	if answer := ask(t, h, "roles", aReview(t, "roles", role, role)); !answer.Allowed {
		t.Errorf("a change of something else is refused for what is stored already: %q", said(answer))
	}
}

func TestWhatARoleNoLongerAllowsNeedsNothing(t *testing.T) {
	wide := v1alpha1.Rule{Hosts: []v1alpha1.HostPattern{"a", "b"}, Paths: []v1alpha1.PathPattern{"/x", "/y"}, Methods: []v1alpha1.MethodPattern{"GET", "POST"}}
	narrow := aRule("b", "/x", "POST")
	kubernetes := v1alpha1.KubernetesRule{APIGroups: []string{""}, Resources: []string{"pods", "services"}, Verbs: []string{"get", "list"}}
	named := kubernetes
	named.ResourceNames, named.Namespaces, named.Verbs = []string{"x"}, []string{realm}, []string{"list"}
	elsewhere := kubernetes
	elsewhere.Namespaces = []string{realm, "team-b"}
	with := func(rules []v1alpha1.Rule, includes []string, k ...v1alpha1.KubernetesRule) v1alpha1.Role {
		role := aRole("a", includes...)
		role.Spec.Rules, role.Spec.KubernetesRules = rules, k
		return role
	}
	both := []v1alpha1.Rule{wide, aRule("c", "/", "GET")}
	for name, c := range map[string]struct {
		old, now v1alpha1.Role
		free     bool
	}{
		"nothing changes":                           {with(both, []string{"b"}, kubernetes), with(both, []string{"b"}, kubernetes), true},
		"a rule goes":                               {with(both, nil), with(both[1:], nil), true},
		"rules change places":                       {with(both, nil), with([]v1alpha1.Rule{both[1], both[0]}, nil), true},
		"a host, a path and a method go":            {with(both, nil), with([]v1alpha1.Rule{narrow}, nil), true},
		"a host comes":                              {with([]v1alpha1.Rule{narrow}, nil), with([]v1alpha1.Rule{wide}, nil), false},
		"a method comes":                            {with([]v1alpha1.Rule{aRule("a", "/", "GET")}, nil), with([]v1alpha1.Rule{aRule("a", "/", "POST")}, nil), false},
		"an include goes":                           {with(nil, []string{"b", "c"}), with(nil, []string{"c"}), true},
		"an include comes":                          {with(nil, []string{"b"}), with(nil, []string{"b", "d"}), false},
		"an include comes that was there by others": {with(nil, []string{"b"}), with(nil, []string{"b", "c"}), true},
		"a kubernetesRule goes":                     {with(nil, nil, kubernetes), with(nil, nil), true},
		"a kubernetesRule is narrowed":              {with(nil, nil, kubernetes), with(nil, nil, named), true},
		"a kubernetesRule is widened":               {with(nil, nil, named), with(nil, nil, kubernetes), false},
		"a namespace comes":                         {with(nil, nil, kubernetes), with(nil, nil, elsewhere), false},
		"a kubernetesRule comes":                    {with(nil, nil), with(nil, nil, kubernetes), false},
		"the description changes":                   {with(both, nil), func() v1alpha1.Role { r := with(both, nil); r.Spec.Description = "x"; return r }(), true},
	} {
		t.Run(name, func(t *testing.T) {
			world := &cluster{} // in which nobody may do anything
			world.add("a")
			world.add("b", "c")
			world.add("c")
			world.add("d")
			h, _ := handlerOf(t, world)
			answer := ask(t, h, "roles", aReview(t, "roles", c.now, c.old))
			if answer.Allowed != c.free {
				t.Errorf("got %v %q", answer.Allowed, said(answer))
			}
			if c.free != (world.reviews.Load() == 0) {
				t.Errorf("%d questions were asked", world.reviews.Load())
			}
		})
	}
}

func TestKubernetesRulesAreAskedOneByOne(t *testing.T) {
	rule := v1alpha1.KubernetesRule{
		APIGroups: []string{"apps"}, Resources: []string{"deployments", "deployments/scale"}, ResourceNames: []string{"web"},
		Namespaces: []string{"team-a", "*"}, Verbs: []string{"get", "*"}, NonResourceURLs: []string{"/metrics", "/api/*"},
	}
	var asked []string
	world := &cluster{}
	world.may = func(r authorizationv1.SubjectAccessReviewSpec) bool {
		if a := r.ResourceAttributes; a != nil {
			asked = append(asked, strings.Join([]string{a.Verb, a.Group, a.Resource, a.Subresource, a.Namespace, a.Name}, "|"))
			return a.Verb != "escalate"
		}
		asked = append(asked, r.NonResourceAttributes.Verb+"|"+r.NonResourceAttributes.Path)
		return true
	}
	mutex := make(chan struct{}, 1) // the handler asks several at a time
	inner := world.may
	world.may = func(r authorizationv1.SubjectAccessReviewSpec) bool {
		mutex <- struct{}{}
		defer func() { <-mutex }()
		return inner(r)
	}
	role := aRole("a")
	role.Spec.KubernetesRules = []v1alpha1.KubernetesRule{rule}
	h, _ := handlerOf(t, world)
	if answer := ask(t, h, "roles", aReview(t, "roles", role, nil)); !answer.Allowed {
		t.Fatalf("%q", said(answer))
	}
	want := []string{
		"escalate|auth.latchkey.dev|roles||team-a|a",
		"get|/metrics", "get|/api/*", "*|/metrics", "*|/api/*",
		"get|apps|deployments||team-a|web", "get|apps|deployments|||web", "get|apps|deployments|scale|team-a|web", "get|apps|deployments|scale||web",
		"*|apps|deployments||team-a|web", "*|apps|deployments|||web", "*|apps|deployments|scale|team-a|web", "*|apps|deployments|scale||web",
	}
	if len(asked) != len(want) {
		t.Errorf("got %d questions, want %d: %q", len(asked), len(want), asked)
	}
	for _, question := range want {
		if !strings.Contains(strings.Join(asked, "\n")+"\n", question+"\n") {
			t.Errorf("nobody asked %s", question)
		}
	}
}

func TestKubernetesRulesWithoutBoundAreNotLookedInto(t *testing.T) {
	world := &cluster{may: func(r authorizationv1.SubjectAccessReviewSpec) bool { return r.ResourceAttributes.Verb != "escalate" }}
	h, _ := handlerOf(t, world)
	var many []string
	for i := range 32 {
		many = append(many, strings.Repeat("x", i+1))
	}
	role := aRole("a")
	role.Spec.KubernetesRules = []v1alpha1.KubernetesRule{{APIGroups: many, Resources: many, ResourceNames: many, Namespaces: many, Verbs: many}}
	answer := ask(t, h, "roles", aReview(t, "roles", role, nil))
	want := `spec.kubernetesRules[0]: more than 256 new permissions at once are not looked into: write fewer, or verb escalate on roles.auth.latchkey.dev "a" in namespace "team-a"`
	if answer.Allowed || said(answer) != want || world.reviews.Load() != 1 {
		t.Errorf("got %v %q after %d questions", answer.Allowed, said(answer), world.reviews.Load())
	}
}

func TestAKubernetesRuleWithoutResourcesIsAWarning(t *testing.T) {
	h, _ := handlerOf(t, &cluster{may: everything})
	role := aRole("a")
	role.Spec.KubernetesRules = []v1alpha1.KubernetesRule{{Resources: []string{"pods"}, Verbs: []string{"get"}}}
	answer := ask(t, h, "roles", aReview(t, "roles", role, nil))
	want := "spec.kubernetesRules[0] allows nothing: it needs apiGroups and resources, or nonResourceURLs"
	if !answer.Allowed || len(answer.Warnings) != 1 || answer.Warnings[0] != want {
		t.Errorf("got %v %q", answer.Allowed, answer.Warnings)
	}
}
