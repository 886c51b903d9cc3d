package decision

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// Explanation is what /check answers to a Question, and why.
type Explanation struct {
	Realm   string   `json:"realm"`
	User    string   `json:"user,omitempty"`
	Holding []string `json:"holding,omitempty"`
	Method  string   `json:"method,omitempty"`
	URL     string   `json:"url,omitempty"`
	ByRoles string   `json:"byRoles,omitempty"`
	Request *Request `json:"request,omitempty"`

	Allowed bool `json:"allowed"`
	// Status is what the proxy gets: 200, 401 or 403.
	Status int `json:"status"`
	// Reason is the code in X-Latchkey-Reason; empty if allowed.
	Reason string `json:"reason,omitempty"`
	// Verdict says it all in one sentence.
	Verdict string `json:"verdict"`
	// Rules are all that allow the request, that of the verdict first.
	Rules []Rule `json:"rules,omitempty"`
	// Roles are all that the user holds effectively.
	Roles []Role `json:"roles,omitempty"`
	// Closest are rules that all but allow the request.
	Closest []Rule `json:"closest,omitempty"`
	// Hints say what to look at, or to write instead.
	Hints []string `json:"hints,omitempty"`
}

// Request is a request as rules are matched with it.
type Request struct {
	Host      string `json:"host"`
	Path      string `json:"path"`
	Ambiguous bool   `json:"ambiguous,omitempty"` // programs could read the path in different ways
}

// Reasons of the service, beside those of package policy.
const (
	reasonRealmUnknown  = "realm_unknown"
	reasonRealmUnusable = "realm_unusable"
	reasonNoCredentials = "no_credentials"
	reasonUserGone      = "user_not_found_or_disabled"
	reasonRoleMalformed = "role_malformed"
	reasonRoleUnknown   = "role_unknown"
	reasonRoleMissing   = "role_missing"
)

// Explain answers like /check, step by step in its order. It fails only if the URL isn't absolute, which no proxy
// could ask about.
func (r *Realm) Explain(q Question) (*Explanation, error) {
	e := &Explanation{Realm: r.namespace, User: q.User, Holding: q.Holding, Method: q.Method, URL: q.URL}
	if q.ByRoles {
		e.ByRoles = q.Roles
	}
	host, target, err := SplitURL(q.URL)
	if err != nil && !(q.ByRoles && q.URL == "") {
		return nil, err
	}
	switch {
	case r.directory == nil:
		e.deny(http.StatusForbidden, reasonRealmUnknown, fmt.Sprintf("there is no Realm in namespace %q: create it, or name the realm's namespace", r.namespace))
	case r.directory.Settings().Unusable != "":
		e.deny(http.StatusForbidden, reasonRealmUnusable, r.directory.Settings().Unusable)
	case q.ByRoles:
		r.byRoles(e, r.caller(q), q.Roles)
	default:
		r.byRules(e, r.caller(q), q.Method, host, target)
	}
	return e, nil
}

func (e *Explanation) deny(status int, reason, why string) {
	e.Status, e.Reason = status, reason
	e.Verdict = fmt.Sprintf("not allowed (%d %s): %s", status, reason, why)
}

func (e *Explanation) allow(why string) {
	e.Allowed, e.Status = true, http.StatusOK
	e.Verdict = "allowed (200): " + why
}

// byRules follows the service's checkPolicy.
func (r *Realm) byRules(e *Explanation, who caller, method, host, target string) {
	request, err := policy.NewRequest(method, host, target)
	var invalid *policy.RequestError
	if errors.As(err, &invalid) {
		e.deny(http.StatusForbidden, string(invalid.Reason), invalid.Problem)
		return
	}
	e.Request = &Request{Host: request.Host(), Path: request.Path(), Ambiguous: request.Ambiguous()}
	r.tellRoles(e, who)
	decision := policy.Decide(who.grant, request)
	names := slices.DeleteFunc(who.effective(), func(name string) bool { return name == decision.Role })
	e.Rules = r.allowing(slices.Insert(names, 0, decision.Role), request)
	switch {
	case decision.Allowed:
		e.allow(r.because(e.Rules, who))
	case who.reason != "":
		e.deny(http.StatusUnauthorized, who.reason, who.why)
	default:
		e.deny(http.StatusForbidden, string(decision.Reason), notBecause(request, who, decision.Reason))
	}
	if !decision.Allowed && who.reason != reasonUserGone { // no rule would help them
		r.tellClosest(e, who, request)
	}
	r.tellHints(e, who)
}

// because says by which rule a request is allowed.
func (r *Realm) because(rules []Rule, who caller) string {
	if len(rules) == 0 {
		return "by no rule that could be found, which is a bug: please report it"
	}
	role := r.roles[rules[0].Role]
	held := role.describe(r.through(who.held, role.name)).HeldThrough()
	by := fmt.Sprintf("rules[%d] of %s, ", rules[0].Index, role.title())
	if policy.Reserved(role.name) {
		return by + "which " + held + " holds"
	}
	return by + "held through " + held
}

func notBecause(request policy.Request, who caller, reason policy.Reason) string {
	asked := fmt.Sprintf("%s %s%s", request.Method(), request.Host(), request.Path())
	if reason == policy.ReasonPathAmbiguous {
		return fmt.Sprintf("programs could read the path of %s in different ways, so only a rule whose path is exactly /** could allow it to %s", asked, who)
	}
	return fmt.Sprintf("no rule allows %s to %s", asked, who)
}

// byRoles follows the service's checkRole.
func (r *Realm) byRoles(e *Explanation, who caller, list string) {
	var known, held, malformed bool
	for name := range strings.SplitSeq(list, ",") {
		malformed = malformed || name == policy.Anonymous || len(validation.IsDNS1123Label(name)) > 0
		known = known || name == policy.Authenticated || r.directory.Policy().HasRole(name)
		held = held || who.grant.Has(name)
	}
	either := strings.ReplaceAll(list, ",", " or ")
	switch {
	case malformed:
		e.deny(http.StatusForbidden, reasonRoleMalformed, "write Role names with commas between them, as in editor,admin; anonymous is not one")
		return
	case !known:
		e.deny(http.StatusForbidden, reasonRoleUnknown, fmt.Sprintf("there is no Role %s in namespace %q: create it, or correct the URL of the check", either, r.namespace))
	case who.reason != "":
		e.deny(http.StatusUnauthorized, who.reason, who.why)
	case held:
		e.allow(r.whichOf(strings.Split(list, ","), who))
	default:
		e.deny(http.StatusForbidden, reasonRoleMissing, fmt.Sprintf("%s does not have %s role", who, either))
	}
	r.tellRoles(e, who)
	r.tellHints(e, who)
}

// whichOf says which of some roles, of which one is held, it is.
func (r *Realm) whichOf(names []string, who caller) string {
	for _, name := range names {
		switch {
		case name == policy.Authenticated:
			return "every valid user is authenticated"
		case who.grant.Has(name):
			return r.roles[name].title() + ", held through " + strings.Join(r.through(who.held, name), " → ")
		}
	}
	return ""
}

// tellRoles lists what the caller holds effectively, the reserved roles only where somebody wrote them.
func (r *Realm) tellRoles(e *Explanation, who caller) {
	for _, name := range who.effective() {
		if role := r.roles[name]; role != nil {
			e.Roles = append(e.Roles, role.describe(r.through(who.held, name)))
		}
	}
}
