package authorize

import (
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// allowance is the rule that allows.
type allowance struct {
	role string
	rule int // its index among the kubernetesRules of the Role
}

// decide returns the rule by which a user may do what is asked, or says why none does. uid
// is the user's as the API server knows it, "" where it doesn't.
func (a *authorizer) decide(realm, name, uid string, asked policy.KubernetesRequest) (by allowance, why string) {
	known := a.Directory.Realm(realm)
	if known == nil || known.Settings().Unusable != "" {
		return by, "there is no such realm, or it can't be used"
	}
	user := known.User(name)
	if !user.Active() || uid != "" && uid != user.UID {
		return by, "there is no such user, or they are disabled"
	}
	for _, granted := range known.KubernetesRules(user) {
		for i := range granted.Rules {
			if rule := &granted.Rules[i]; a.counts(rule, realm, asked) && rule.Allows(asked) {
				return allowance{granted.Role, i}, ""
			}
		}
	}
	return by, "no Role of this user allows it"
}

// counts reports whether a rule of a realm can bear on what is asked. Rules of the default
// realm hold in the namespaces that they name, and for paths. Those of others are the word
// of whoever has the realm's namespace, and so hold within that namespace only, whatever
// they say: a `*` or another namespace in them counts for nothing.
func (a *authorizer) counts(rule *policy.KubernetesRule, realm string, asked policy.KubernetesRequest) bool {
	switch {
	case realm == a.DefaultRealm:
		return asked.Resource == "" || rule.HoldsIn(asked.Namespace, realm)
	case asked.Resource == "" || asked.Namespace != realm, asked.APIGroup == "" && asked.Resource == "namespaces":
		return false
	}
	return rule.Names(realm, realm)
}
