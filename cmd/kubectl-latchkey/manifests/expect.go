package manifests

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/decision"
)

// Expectation is a decision that somebody expects, an item of the list that a file of expectations is.
type Expectation struct {
	// Realm is the namespace; unset: that of all manifests, if there is one, else the command's.
	Realm string `json:"realm,omitempty"`
	// User is the name of a User among the manifests, or anonymous: somebody without a login.
	User string `json:"user,omitempty"`
	// Holding, in place of User, is any valid user who holds these Roles, for users who don't stand in manifests.
	Holding []string `json:"holding,omitempty"`
	Method  string   `json:"method,omitempty"`
	URL     string   `json:"url,omitempty"`
	// Role, in place of Method and URL, asks what /check/role/… does.
	Role string `json:"role,omitempty"`
	// Allow is the decision: whether the request passes.
	Allow *bool `json:"allow"`
}

// judge judges the expectations in the file, and returns how many there are.
func (f File) judge(realms map[string]*decision.Realm, namespace string) (judged int, findings []Finding) {
	var all []Expectation
	if err := yaml.UnmarshalStrict(f.Text, &all); err != nil {
		return 0, []Finding{{File: f.Name, Message: "a file of expectations is a list of {user, method, url, allow}: " + strings.Join(strings.Fields(err.Error()), " ")}}
	}
	if len(all) == 0 {
		return 0, []Finding{{File: f.Name, Message: "it expects nothing: write a list of {user, method, url, allow}"}}
	}
	if name, found := only(realms); found {
		namespace = name
	}
	for i, e := range all {
		if err := e.judge(realms, namespace); err != nil {
			findings = append(findings, Finding{File: f.Name, Expectation: i + 1, Message: err.Error()})
		}
	}
	return len(all), findings
}

// vacuous are the reasons of refusals that an expectation can't mean: they say that it names what isn't there.
var vacuous = []string{"realm_unknown", "realm_unusable", "role_malformed", "role_unknown"}

// judge returns why the decision isn't the expected one.
func (e Expectation) judge(realms map[string]*decision.Realm, namespace string) error {
	if err := e.valid(); err != nil {
		return err
	}
	if e.Realm != "" {
		namespace = e.Realm
	}
	realm := realms[namespace]
	if realm == nil {
		return fmt.Errorf("no manifest is in namespace %q: correct realm", namespace)
	}
	for _, name := range e.Holding {
		if !realm.HasRole(name) {
			return fmt.Errorf("there is no Role %q in these manifests: correct holding", name)
		}
	}
	if e.User != "" && e.User != decision.Anonymous && !realm.HasUser(e.User) {
		return fmt.Errorf("there is no User %q in these manifests: correct user, or write holding: [Role, …] in its place", e.User)
	}
	got, err := realm.Explain(decision.Question{User: e.User, Holding: e.Holding, Method: e.Method, URL: e.URL, ByRoles: e.Role != "", Roles: e.Role})
	switch {
	case err != nil:
		return err
	case slices.Contains(vacuous, got.Reason):
		return errors.New(got.Verdict)
	case got.Allowed != *e.Allow:
		return fmt.Errorf("%s: expected allow: %v, but %s", e, *e.Allow, got.Verdict)
	}
	return nil
}

func (e Expectation) valid() error {
	switch {
	case e.Allow == nil:
		return errors.New("write allow: true or allow: false")
	case (e.User == "") == (e.Holding == nil):
		return errors.New("write either user: NAME or holding: [ROLE, …]")
	case e.Role != "" && (e.Method != "" || e.URL != ""):
		return errors.New("role asks no rules: write it without method and url")
	case e.Role == "" && (e.Method == "" || e.URL == ""):
		return errors.New("write method and url, or role")
	}
	return nil
}

// String says who asks for what.
func (e Expectation) String() string {
	who := e.User
	if who == "" {
		who = "holding " + strings.Join(e.Holding, ", ")
	}
	if e.Role != "" {
		return who + ", role " + e.Role
	}
	return fmt.Sprintf("%s %s %s", who, e.Method, e.URL)
}
