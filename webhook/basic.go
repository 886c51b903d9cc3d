package webhook

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// basicResult is what Basic credentials came to. These are all there are.
type basicResult string

const (
	basicRemembered basicResult = "remembered"
	basicVerified   basicResult = "verified"
	basicRefused    basicResult = "refused"
	basicLocked     basicResult = resultLocked
	basicUnverified basicResult = "unverified"
)

func basicResults() []basicResult {
	return []basicResult{basicRemembered, basicVerified, basicRefused, basicLocked, basicUnverified}
}

// Every way for Basic credentials not to be somebody's. None is an error of a Bearer token,
// so that no challenge says so.
var (
	basicMalformed = &unidentified{reasonMalformed, "Invalid credentials", false}
	basicWrong     = &unidentified{reasonWrong, "Invalid credentials", false}
	basicUnknown   = &unidentified{reasonUnverified, "Credentials can't be verified now: try again in a moment", false}
)

const (
	maxBasic = 4096 // bytes of the header's value
	// basicTimeout bounds reading a hash: a proxy waits for the answer.
	basicTimeout = time.Second
)

// identifyBasic returns whose user name and password an Authorization header holds (RFC 7617).
//
// They are verified once and then remembered for a minute, see basicMemory. What isn't
// remembered is verified as at a login, and charged to the same budgets, but at once or not
// at all: a check waits for no slot.
func (s *Service) identifyBasic(r *http.Request, realm *directory.Realm, c *call, value string) (caller, *unidentified) {
	credentials, ok := basicCredentials(value)
	if !ok {
		return caller{}, basicMalformed
	}
	t := basicTry{user: realm.User(credentials.username), device: s.device(r, realm), basicPair: credentials}
	t.name = s.basics.nameOf(realm, t.user, credentials)
	result := basicRemembered
	if !s.remembersBasic(r, realm, t) {
		result = s.verifyBasic(r, realm, c, t)
	}
	user := t.user
	if result == basicVerified { // which took time, in which a role may have been taken away
		if user = realm.User(t.username); !user.Active() || user.UID != t.user.UID {
			result = basicUnverified
		}
	}
	s.metrics.basics[result].Inc()
	switch result {
	case basicRemembered, basicVerified:
		return caller{user: user, subject: realm.Subject(user)}, nil
	case basicUnverified:
		return caller{}, basicUnknown
	default:
		return caller{}, basicWrong
	}
}

// basicTry is one try of Basic credentials.
type basicTry struct {
	basicPair
	user   *directory.User // nil: nobody
	device *token.Claims   // nil: none
	name   basicName
}

// remembersBasic reports whether a try is of credentials that are remembered. Where a budget
// is locked it refuses the right password, too, and after the same work as a wrong one: so
// there nothing is.
func (s *Service) remembersBasic(r *http.Request, realm *directory.Realm, t basicTry) bool {
	return s.basics.holds(t.name, realm, t.user, s.Now()) && s.charge(r, realm, t.user, t.device, true) == nil
}

// verifyBasic verifies what isn't remembered. A page is many requests at once, and all of a
// kind share one verification and its one charge.
func (s *Service) verifyBasic(r *http.Request, realm *directory.Realm, c *call, t basicTry) basicResult {
	kind := string(t.name[:]) + s.source(r)
	if t.device != nil {
		kind += " " + t.device.ID
	}
	result, _, _ := s.basics.verifying.Do(kind, func() (any, error) {
		if s.remembersBasic(r, realm, t) { // another one was just done
			return basicRemembered, nil
		}
		return s.verifyBasicOnce(r, realm, c, t), nil
	})
	return result.(basicResult) //nolint:forcetypeassert // it is what the function above returns
}

func (s *Service) verifyBasicOnce(r *http.Request, realm *directory.Realm, c *call, t basicTry) basicResult {
	began := s.Now() // before the read: what is revoked from now on is of the hash that is read
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), basicTimeout)
	defer cancel()
	var compared comparison
	err := password.ErrBusy
	s.Logins.Try(func() {
		compared, err = s.compare(ctx, realm, t.user, t.secret, func(work func()) error {
			if !s.Hashing.Try(work) {
				return password.ErrBusy
			}
			return nil
		})
	})
	if err != nil {
		return basicUnverified
	}
	refused := error(wrongCredentials)
	if compared.judged {
		refused = s.charge(r, realm, t.user, t.device, compared.matches)
	}
	if refused != nil {
		return s.refuseBasic(r, c, t, refused)
	}
	if !s.basics.remember(t.name, realm, t.user, began) {
		return basicUnverified
	}
	s.audit.record(r, c, eventBasicChecked, userAttr(t.user.Name))
	return basicVerified
}

// refuseBasic audits a wrong password as a login that failed.
func (s *Service) refuseBasic(r *http.Request, c *call, t basicTry, err error) basicResult {
	result, reason := basicRefused, wrongCredentials.code
	var try *wrongTry
	if errors.As(err, &try) && try.locked {
		result, reason = basicLocked, resultLocked
	}
	s.audit.record(r, c, eventLoginRefused, userAttr(t.username), slog.String("reason", reason), slog.Bool("basic", true))
	s.auditLocks(r, c, t.username, try)
	return result
}

// basicPair is a user name and a password.
type basicPair struct{ username, secret string }

const basicScheme = "Basic"

// isBasic tells whether an Authorization header's value is of the scheme Basic.
func isBasic(value string) bool { return hasScheme(value, basicScheme) }

// basicCredentials reads such a value (RFC 7617 section 2): one space, strict base64, and a
// user name and a password that aren't empty and have no control characters, with the first
// colon between them.
func basicCredentials(value string) (basicPair, bool) {
	encoded, found := strings.CutPrefix(value[len(basicScheme):], " ")
	if !found || len(value) > maxBasic {
		return basicPair{}, false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return basicPair{}, false
	}
	username, secret, found := strings.Cut(string(decoded), ":")
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	if !found || username == "" || secret == "" || strings.ContainsFunc(username, control) || strings.ContainsFunc(secret, control) {
		return basicPair{}, false
	}
	return basicPair{username, secret}, true
}
