package decision

import (
	"fmt"
	"iter"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// WhoCan is who may make a request.
type WhoCan struct {
	Realm   string   `json:"realm"`
	Method  string   `json:"method"`
	URL     string   `json:"url"`
	Request *Request `json:"request,omitempty"`

	// Problem says why nobody may, whoever it is: the request or the realm can't be judged.
	Problem string `json:"problem,omitempty"`
	// Anonymous is the rule by which everybody may, also without a login; Authenticated that by which every valid
	// user may.
	Anonymous     *Rule `json:"anonymous,omitempty"`
	Authenticated *Rule `json:"authenticated,omitempty"`
	// Users are those who may by their own Roles.
	Users []Permitted `json:"users"`
}

// Permitted is a user who may, and by which Role and rule of it.
type Permitted struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	Rule Rule   `json:"rule"`
}

// Anybody reports whether there is somebody who may.
func (w *WhoCan) Anybody() bool {
	return w.Anonymous != nil || w.Authenticated != nil || len(w.Users) > 0
}

// WhoCan says who may make a request, of the users of these names.
func (r *Realm) WhoCan(method, url string, users iter.Seq[string]) (*WhoCan, error) {
	w := &WhoCan{Realm: r.namespace, Method: method, URL: url, Users: []Permitted{}}
	host, target, err := SplitURL(url)
	if err != nil {
		return nil, err
	}
	if w.Problem = r.unusable(); w.Problem != "" {
		return w, nil
	}
	request, err := policy.NewRequest(method, host, target)
	if err != nil {
		w.Problem = err.Error()
		return w, nil
	}
	w.Request = &Request{Host: request.Host(), Path: request.Path(), Ambiguous: request.Ambiguous()}
	w.Anonymous = first(r.allowing([]string{policy.Anonymous}, request))
	w.Authenticated = first(r.allowing([]string{policy.Authenticated}, request))
	byRoles := map[string]*Rule{} // what is effective decides, and few sets of roles are held by many users
	for name := range users {
		who := r.user(name)
		if !who.valid {
			continue
		}
		key := strings.Join(who.grant.Roles(), ",")
		rule, known := byRoles[key]
		if !known {
			rule = first(r.allowing(who.grant.Roles(), request))
			byRoles[key] = rule
		}
		if rule != nil {
			w.Users = append(w.Users, Permitted{name, r.roles[rule.Role].describe(r.through(who.held, rule.Role)), *rule})
		}
	}
	return w, nil
}

func first(rules []Rule) *Rule {
	if len(rules) == 0 {
		return nil
	}
	return &rules[0]
}

// unusable says why nothing in the realm is decided by rules; "" if it is.
func (r *Realm) unusable() string {
	switch {
	case r.directory == nil:
		return fmt.Sprintf("there is no Realm in namespace %q: create it, or name the realm's namespace", r.namespace)
	default:
		return r.directory.Settings().Unusable
	}
}
