package webhook

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/proxy"
)

// Reasons of refused checks, beside those of packages policy and proxy.
const (
	reasonNoCredentials = "no_credentials"
	reasonMalformed     = "credentials_malformed"
	reasonInvalidToken  = "invalid_token"
	reasonTokenExpired  = "token_expired"
	reasonTokenRevoked  = "token_revoked"
	reasonUserGone      = "user_not_found_or_disabled"
	reasonRoleMissing   = "role_missing"
	reasonRoleUnknown   = "role_unknown"
	reasonRoleMalformed = "role_malformed"
	reasonCheckUnknown  = "check_unknown"
	reasonRealmUnknown  = "realm_unknown"
	reasonRealmUnusable = "realm_unusable"
	reasonNotSynced     = "not_synced"
	reasonTooStale      = "too_stale"
	reasonInternal      = "internal_error"
)

// noStore is set on every answer to a check: a proxy that cached an allowed GET would
// let it authorise a DELETE.
var noStore = []string{"no-store"}

// belowCheck returns what follows /check/ in a path.
func belowCheck(path string) (below string, found bool) {
	if path == "/check" {
		return "", true
	}
	return strings.CutPrefix(path, "/check/")
}

// asked is a check request as far as it was understood, for the audit line.
type asked struct {
	endpoint string // role, nginx, …; "" if unknown
	original proxy.Original
}

// check answers the one question a proxy asks: may this request pass?
//
// It changes nothing, touches memory only, and answers 200, 401 or 403, whatever
// happens: a 5xx would be let through by some proxies' failure modes. 200 exactly,
// because Envoy refuses every other 2xx.
func (s *Service) check(w http.ResponseWriter, r *http.Request, below string, c *call) {
	realm, refusal := s.checkable(c.realm)
	if refusal != nil {
		s.deny(w, r, c, asked{}, caller{}, refusal)
		return
	}
	endpoint, rest, _ := strings.Cut(below, "/")
	q := asked{endpoint: endpoint}
	var who caller
	if endpoint == "role" {
		who, refusal = s.checkRole(r, realm, rest, c.query)
	} else {
		who, refusal = s.checkPolicy(r, realm, below, c.query, &q)
	}
	if refusal != nil {
		s.deny(w, r, c, q, who, refusal)
		return
	}
	setIdentity(w.Header(), &realm.Settings().Headers, who)
	s.metrics.allowed.Inc()
	w.WriteHeader(http.StatusOK)
}

// checkable returns a realm by which a check can be decided.
func (s *Service) checkable(namespace string) (*directory.Realm, *failure) {
	if !s.Synced() {
		return nil, undecidable(reasonNotSynced, nil)
	}
	if s.Stale() {
		return nil, misconfigured(reasonTooStale, "this replica has been out of touch with the API server for longer than --max-staleness: see that it can reach it")
	}
	realm := s.Directory.Realm(namespace)
	if realm == nil {
		return nil, misconfigured(reasonRealmUnknown, "the URL of the check names a namespace without a Realm: create one there, or correct /realms/{namespace}/check/…")
	}
	if realm.Settings().Unusable != "" {
		return nil, misconfigured(reasonRealmUnusable, "this replica can't read the Realm object: "+realm.Settings().Unusable)
	}
	return realm, nil
}

// checkRole decides by roles alone: any one of the list is enough.
func (s *Service) checkRole(r *http.Request, realm *directory.Realm, list, query string) (caller, *failure) {
	if err := proxy.NoParameters(query); err != nil {
		return caller{}, unreadable(err)
	}
	known, wellFormed := false, list != ""
	for rest := list; wellFormed && rest != ""; {
		var role string
		var more bool
		role, rest, more = strings.Cut(rest, ",")
		wellFormed = isName(role) && role != policy.Anonymous && (!more || rest != "")
		known = known || role == policy.Authenticated || realm.Policy().HasRole(role)
	}
	switch {
	case !wellFormed:
		return caller{}, misconfigured(reasonRoleMalformed, "the URL of the check must end in Role names with commas between them, as in /check/role/editor,admin; anonymous is not one")
	case !known:
		return caller{}, misconfigured(reasonRoleUnknown, "the URL of the check names no Role that exists in this realm: correct it or create the Role")
	}
	who, problem := s.identify(r, realm)
	if problem != nil {
		return who, problem.failure()
	}
	for role := range strings.SplitSeq(list, ",") {
		if who.subject.Grant.Has(role) {
			return who, nil
		}
	}
	return who, forbidden(reasonRoleMissing, "User does not have "+strings.ReplaceAll(list, ",", " or ")+" role")
}

// checkPolicy decides by what the realm's Roles say of the original request.
func (s *Service) checkPolicy(r *http.Request, realm *directory.Realm, name, query string, q *asked) (caller, *failure) {
	read, known := proxy.Named(name)
	if !known {
		q.endpoint = ""
		return caller{}, misconfigured(reasonCheckUnknown, "there is no such check: use /check/role/{role}, /check/nginx?host=$host or /check/caddy")
	}
	original, err := read(r.Header, query)
	if err != nil {
		return caller{}, unreadable(err)
	}
	q.original = original
	request, err := policy.NewRequest(original.Method, original.Host, original.Target)
	if err != nil {
		return caller{}, unreadable(err)
	}
	who, problem := s.identify(r, realm)
	grant := realm.Policy().Everyone()
	if problem == nil {
		grant = who.subject.Grant
	}
	decision := policy.Decide(grant, request)
	switch {
	case decision.Allowed: // also what anonymous may see, whatever the credentials
		return who, nil
	case problem != nil:
		return who, problem.failure()
	default:
		return who, forbidden(string(decision.Reason), "No rule of the user's roles allows this request")
	}
}

// setIdentity sets every identity header, empty if there is nothing to say, so that a
// proxy that copies them overwrites what a client sent.
func setIdentity(h http.Header, names *directory.IdentityHeaders, who caller) {
	h["Cache-Control"] = noStore
	subject := who.subject
	if subject == nil {
		subject = &nobody
	}
	h[names.User] = subject.User
	h[names.UID] = subject.UID
	h[names.Email] = subject.Email
	h[names.Groups] = subject.Groups
}

var nobody = directory.Subject{User: []string{""}, UID: []string{""}, Email: []string{""}, Groups: []string{""}}

// deny answers a check that doesn't pass, counts it, audits it, and tells the operator
// what to mend where the check itself is wrong.
func (s *Service) deny(w http.ResponseWriter, r *http.Request, c *call, q asked, who caller, f *failure) {
	if counter, found := s.metrics.denied[f.reason]; found {
		counter.Inc()
	}
	about := []slog.Attr{slog.String("reason", f.reason), slog.Int("status", f.status), slog.String("check", q.endpoint)}
	if who.user != nil {
		about = append(about, userAttr(who.user.Name), slog.String("sid", who.claims.SessionID))
	}
	if q.original != (proxy.Original{}) {
		path, _, _ := strings.Cut(q.original.Target, "?") // a query may hold secrets
		about = append(about, slog.String("method", printable(q.original.Method, 32)),
			slog.String("host", printable(q.original.Host, 253)), slog.String("path", printable(path, 256)))
	}
	s.audit.record(r, c, eventCheckDenied, about...)
	if f.cause != nil {
		s.hints.tell(printable(c.realm, 63), q.endpoint, f.reason, f.cause.Error())
	}
	w.Header()["Cache-Control"] = noStore
	refuse(w, c.realm, f)
}

// forbidden is the 403 of somebody who is known and may not.
func forbidden(reason, sentence string) *failure {
	return &failure{status: http.StatusForbidden, code: codeInsufficientScope, description: sentence, reason: reason, challenge: codeInsufficientScope}
}

// hint is the cause of a check that can't be decided: what the operator should mend.
type hint string

func (h hint) Error() string { return string(h) }

// misconfigured is the 403 of a check that its proxy or manifest got wrong.
func misconfigured(reason, mend string) *failure {
	return undecidable(reason, hint(mend))
}

// undecidable is the 403 of a check that nobody can decide.
func undecidable(reason string, cause error) *failure {
	return &failure{status: http.StatusForbidden, code: "access_denied", description: "This request can't be checked (" + reason + ")", reason: reason, cause: cause}
}

// unreadable is the 403 of a check that doesn't describe a request.
func unreadable(err error) *failure {
	var p *proxy.Unreadable
	if errors.As(err, &p) {
		return misconfigured(p.Reason, p.Hint)
	}
	var q *policy.RequestError
	if errors.As(err, &q) {
		return undecidable(string(q.Reason), nil) // the client's doing, not the operator's
	}
	return undecidable(reasonInternal, err)
}

// isName reports whether s can be the name of an object: a DNS label (RFC 1123).
func isName(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
