package policy_test

import (
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// That a rule allows what RBAC's would is held by webhook/kubernetes/authorize, which may
// import RBAC. These are the words of its documentation.
func TestAKubernetesRuleAllows(t *testing.T) {
	pods := policy.KubernetesRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}}
	with := func(change func(*policy.KubernetesRule)) policy.KubernetesRule {
		r := pods
		change(&r)
		return r
	}
	get := policy.KubernetesRequest{Verb: "get", Resource: "pods", Namespace: "team", Name: "web"}
	for sentence, c := range map[string]struct {
		rule  policy.KubernetesRule
		asked policy.KubernetesRequest
		want  bool
	}{
		"what it names":                          {pods, get, true},
		"not for another verb":                   {pods, policy.KubernetesRequest{Verb: "delete", Resource: "pods"}, false},
		"not for a verb in capitals":             {pods, policy.KubernetesRequest{Verb: "GET", Resource: "pods"}, false},
		"not in another group":                   {pods, policy.KubernetesRequest{Verb: "get", APIGroup: "apps", Resource: "pods"}, false},
		"not a subresource of what it names":     {pods, policy.KubernetesRequest{Verb: "get", Resource: "pods", Subresource: "log"}, false},
		"a subresource that it names":            {with(func(r *policy.KubernetesRule) { r.Resources = []string{"pods/log"} }), policy.KubernetesRequest{Verb: "get", Resource: "pods", Subresource: "log"}, true},
		"a subresource of everything":            {with(func(r *policy.KubernetesRule) { r.Resources = []string{"*/log"} }), policy.KubernetesRequest{Verb: "get", Resource: "pods", Subresource: "log"}, true},
		"but not the thing itself then":          {with(func(r *policy.KubernetesRule) { r.Resources = []string{"*/log"} }), get, false},
		"all resources and subresources":         {with(func(r *policy.KubernetesRule) { r.Resources = []string{"*"} }), policy.KubernetesRequest{Verb: "get", Resource: "pods", Subresource: "log"}, true},
		"no asterisk for a subresource":          {with(func(r *policy.KubernetesRule) { r.Resources = []string{"pods/*"} }), policy.KubernetesRequest{Verb: "get", Resource: "pods", Subresource: "log"}, false},
		"all groups":                             {with(func(r *policy.KubernetesRule) { r.APIGroups = []string{"*"} }), policy.KubernetesRequest{Verb: "get", APIGroup: "metrics.k8s.io", Resource: "pods"}, true},
		"all verbs":                              {with(func(r *policy.KubernetesRule) { r.Verbs = []string{"*"} }), policy.KubernetesRequest{Verb: "delete", Resource: "pods"}, true},
		"an object that it names":                {with(func(r *policy.KubernetesRule) { r.ResourceNames = []string{"web"} }), get, true},
		"no other object then":                   {with(func(r *policy.KubernetesRule) { r.ResourceNames = []string{"db"} }), get, false},
		"no list of all then":                    {with(func(r *policy.KubernetesRule) { r.ResourceNames = []string{"web"} }), policy.KubernetesRequest{Verb: "list", Resource: "pods"}, false},
		"no asterisk for a name":                 {with(func(r *policy.KubernetesRule) { r.ResourceNames = []string{"*"} }), get, false},
		"no path for naming resources":           {with(func(r *policy.KubernetesRule) { r.Resources = []string{"*"} }), policy.KubernetesRequest{Verb: "get", NonResourceURL: "/metrics"}, false},
		"a path that it names":                   {policy.KubernetesRule{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}, policy.KubernetesRequest{Verb: "get", NonResourceURL: "/metrics"}, true},
		"not below a path that it names":         {policy.KubernetesRule{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}, policy.KubernetesRequest{Verb: "get", NonResourceURL: "/metrics/slis"}, false},
		"what begins like a path with asterisk":  {policy.KubernetesRule{NonResourceURLs: []string{"/health*"}, Verbs: []string{"get"}}, policy.KubernetesRequest{Verb: "get", NonResourceURL: "/healthz/etcd"}, true},
		"not what has it elsewhere":              {policy.KubernetesRule{NonResourceURLs: []string{"/*/healthz"}, Verbs: []string{"get"}}, policy.KubernetesRequest{Verb: "get", NonResourceURL: "/a/healthz"}, false},
		"no resource for naming paths":           {policy.KubernetesRule{NonResourceURLs: []string{"*"}, Verbs: []string{"*"}}, get, false},
		"nothing without a group":                {with(func(r *policy.KubernetesRule) { r.APIGroups = nil }), get, false},
		"nothing without a resource":             {with(func(r *policy.KubernetesRule) { r.Resources = nil }), get, false},
		"nothing without a verb":                 {with(func(r *policy.KubernetesRule) { r.Verbs = nil }), get, false},
		"nothing as the zero rule":               {policy.KubernetesRule{}, get, false},
		"not the zero request, by the zero rule": {policy.KubernetesRule{}, policy.KubernetesRequest{}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := c.rule.Allows(c.asked); got != c.want {
				t.Errorf("%+v allows %+v: %t", c.rule, c.asked, got)
			}
		})
	}
}

func TestWhereAKubernetesRuleHolds(t *testing.T) {
	for sentence, c := range map[string]struct {
		namespaces   []string
		namespace    string
		holds, names bool
	}{
		"one that says nothing holds in its own":        {nil, "own", true, true},
		"one that says nothing holds nowhere else":      {nil, "other", false, false},
		"one that says nothing holds not at large":      {nil, "", false, false},
		"one that names others holds there":             {[]string{"a", "b"}, "b", true, true},
		"one that names others holds not in its own":    {[]string{"a", "b"}, "own", false, false},
		"one that names its own and others holds in it": {[]string{"a", "own"}, "own", true, true},
		"one that names others holds not at large":      {[]string{"a"}, "", false, false},
		"one for all holds in each, but names none":     {[]string{"*"}, "own", true, false},
		"one for all holds at large":                    {[]string{"*"}, "", true, false},
		"one for all and its own names its own":         {[]string{"*", "own"}, "own", true, true},
		"no name is a pattern":                          {[]string{"o*"}, "own", false, false},
		"nothing is at large by an empty name":          {[]string{""}, "", false, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			rule := policy.KubernetesRule{Namespaces: c.namespaces}
			if holds, names := rule.HoldsIn(c.namespace, "own"), rule.Names(c.namespace, "own"); holds != c.holds || names != c.names {
				t.Errorf("holds: %t, names: %t", holds, names)
			}
		})
	}
	if rule := (policy.KubernetesRule{}); rule.HoldsIn("", "") || rule.Names("", "") {
		t.Error("a rule of no Role holds at large")
	}
}
