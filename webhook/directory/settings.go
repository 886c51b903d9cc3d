package directory

import (
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

// Settings is what a Realm object says, defaults filled in. It is immutable.
type Settings struct {
	// Issuer is the iss of tokens; Audiences are the aud of access tokens, never empty.
	Issuer    string
	Audiences []string
	Algorithm token.Algorithm

	AccessTTL, RefreshTTL, CookieTTL, RefreshLeeway time.Duration
	PasswordGrant, BasicAuth                        bool
	MaxPerUser, MaxLoginsPerHour, MinPasswordLength int
	CookieDomain                                    string
	AllowedRedirects                                []string
	Headers                                         IdentityHeaders

	// AdminRole and IntrospectionRole are "" where nobody is meant.
	AdminRole, IntrospectionRole string

	LockoutFailures                int
	LockoutWindow, LockoutDuration time.Duration

	// Unusable says why the Realm object can't be used, for its administrator; ""
	// if it can. Such a realm denies everything.
	Unusable string
}

// IdentityHeaders are names of header fields in canonical MIME form.
type IdentityHeaders struct{ User, UID, Email, Groups string }

// Reasons of Settings.Unusable that are made here.
const (
	noRealm  = "there is no Realm object"
	noIssuer = "the realm has no issuer"
)

// Issuer returns the issuer of the realm of a namespace: what its spec says, else
// the service's external URL, followed by /realms/<namespace> unless it is the
// default realm.
func Issuer(specIssuer, externalURL, defaultRealm, namespace string) string {
	switch {
	case specIssuer != "":
		return specIssuer
	case externalURL == "":
		return ""
	case namespace == defaultRealm:
		return externalURL
	}
	return strings.TrimSuffix(externalURL, "/") + "/realms/" + namespace
}

// settingsRows hold the Realm object of a namespace.
type settingsRows struct {
	realm *Realm
	items[Settings]
}

func (s settingsRows) put(i Item[Settings]) {
	if i.Value.Issuer == "" && i.Value.Unusable == "" {
		i.Value.Unusable = noIssuer
	}
	s.items[i.Name] = i
	s.realm.settings.Store(&i.Value)
	s.realm.exists.Store(true)
}

func (s settingsRows) remove(name string) {
	delete(s.items, name)
	s.realm.exists.Store(false)
	s.realm.settings.Store(&Settings{Unusable: noRealm})
}

func (settingsRows) apply() {}
