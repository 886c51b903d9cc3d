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
	reasonWrong         = "credentials_wrong"
	reasonUnverified    = "credentials_unverified"
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

// Question is what a check asks, whichever way it came: over HTTP it stands in the URL and
// headers (see question), over gRPC in a message (package extauthz).
type Question struct {
	// Realm is the namespace by whose rules the answer goes; "": the default realm.
	Realm string
	// Endpoint names the way for audit lines: role, nginx, traefik, caddy, envoy, grpc; "" if
	// there is no such way.
	Endpoint string
	// ByRoles decides by Roles alone, Role names with commas between them of which any is
	// enough; else the rules of the caller's roles decide about Original.
	ByRoles bool
	Roles   string
	// Original is the request that is asked about, as far as it is known.
	Original proxy.Original
	// Problem is why the question can't be answered, nil if it can. It comes before
	// everything but the realm.
	Problem error
	// Shows says that the proxy passes a refusal on to the client whole.
	Shows bool
}

// errUnknownCheck is the Problem of a check at a path that means none.
var errUnknownCheck = misconfigured(reasonCheckUnknown, "there is no such check: use /check/role/{role}, /check/nginx?host=$host, /check/traefik, /check/caddy, /check/haproxy or /check/envoy")

// question reads what a check request over HTTP asks.
func question(r *http.Request, below string, c *call) Question {
	q := Question{Realm: c.realm}
	if endpoint, roles, _ := strings.Cut(below, "/"); endpoint == "role" {
		q.Endpoint, q.ByRoles, q.Roles, q.Problem = endpoint, true, roles, proxy.NoParameters(c.query)
		return q
	}
	dialect, rest, known := proxy.Named(below)
	if !known {
		q.Problem = errUnknownCheck
		return q
	}
	q.Endpoint, q.Shows = dialect.Name, dialect.Shows
	q.Original, q.Problem = dialect.Read(proxy.Check{Header: r.Header, Method: r.Method, Host: r.Host, Rest: rest, Query: c.query})
	return q
}

// Ask answers a question that came by another way than this service's own HTTP listener.
// Of r it reads the context, Header (Authorization, Cookie, Accept, X-Request-Id,
// X-Forwarded-For) and RemoteAddr. It writes what HTTP would answer: 200, 401, 403, or 302
// where q.Shows and a browser asks. Every header of a 200 but Cache-Control tells the app who
// calls, and is empty where there is nothing to say.
func (s *Service) Ask(w http.ResponseWriter, r *http.Request, q Question) {
	c := call{realm: q.Realm, path: "/check/" + q.Endpoint}
	if q.Realm == "" {
		c.realm = s.DefaultRealm
	}
	defer s.survive(w, r, &c)
	s.check(w, r, &c, q)
}

// check answers the one question a proxy asks: may this request pass?
//
// It changes nothing, touches memory only – but for a password that it hasn't seen for a
// minute, see basic.go – and answers 200, 401 or 403, whatever
// happens: a 5xx would be let through by some proxies' failure modes. 200 exactly,
// because Envoy refuses every other 2xx. A browser that has to log in first is sent there
// by a 302 where its proxy passes that on.
func (s *Service) check(w http.ResponseWriter, r *http.Request, c *call, q Question) {
	realm, refusal := s.checkable(c.realm)
	var who caller
	switch {
	case refusal != nil:
	case q.Problem != nil:
		refusal = unreadable(q.Problem)
	case q.ByRoles:
		who, refusal = s.checkRole(r, realm, c, q.Roles)
	default:
		who, refusal = s.checkPolicy(r, realm, c, q.Original)
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
		return nil, misconfigured(reasonRealmUnknown, "the check names a namespace without a Realm: create one there, or correct /realms/{namespace}/check/… (over gRPC: realm in context_extensions)")
	}
	if realm.Settings().Unusable != "" {
		return nil, misconfigured(reasonRealmUnusable, "this replica can't read the Realm object: "+realm.Settings().Unusable)
	}
	return realm, nil
}

// checkRole decides by roles alone: any one of the list is enough.
func (s *Service) checkRole(r *http.Request, realm *directory.Realm, c *call, list string) (caller, *failure) {
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
		return caller{}, misconfigured(reasonRoleMalformed, "the URL of the check must end in Role names with commas between them, as in /check/role/editor,admin (over gRPC: role in context_extensions); anonymous is not one")
	case !known:
		return caller{}, misconfigured(reasonRoleUnknown, "the check names no Role that exists in this realm: correct its URL (over gRPC: role in context_extensions) or create the Role")
	}
	who, problem := s.identifyCheck(r, realm, c)
	if problem != nil {
		return who, problem.refusal(realm)
	}
	for role := range strings.SplitSeq(list, ",") {
		if who.subject.Grant.Has(role) {
			return who, nil
		}
	}
	return who, forbidden(reasonRoleMissing, "User does not have "+strings.ReplaceAll(list, ",", " or ")+" role")
}

// checkPolicy decides by what the realm's Roles say of the original request.
func (s *Service) checkPolicy(r *http.Request, realm *directory.Realm, c *call, original proxy.Original) (caller, *failure) {
	request, err := policy.NewRequest(original.Method, original.Host, original.Target)
	if err != nil {
		return caller{}, unreadable(err)
	}
	who, problem := s.identifyCheck(r, realm, c)
	grant := realm.Policy().Everyone()
	if problem == nil {
		grant = who.subject.Grant
	}
	decision := policy.Decide(grant, request)
	switch {
	case decision.Allowed: // also what anonymous may see, whatever the credentials
		return who, nil
	case problem != nil:
		return who, problem.refusal(realm)
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
func (s *Service) deny(w http.ResponseWriter, r *http.Request, c *call, q Question, who caller, f *failure) {
	if counter, found := s.metrics.denied[f.reason]; found {
		counter.Inc()
	}
	about := []slog.Attr{slog.String("reason", f.reason), slog.Int("status", f.status), slog.String("check", q.Endpoint)}
	if who.user != nil {
		about = append(about, userAttr(who.user.Name), slog.String("sid", who.sessionID()))
	}
	if q.Original != (proxy.Original{}) {
		path, _, _ := strings.Cut(q.Original.Target, "?") // a query may hold secrets
		about = append(about, slog.String("method", printable(q.Original.Method, 32)),
			slog.String("host", printable(q.Original.Host, 253)), slog.String("path", printable(path, 256)))
	}
	s.audit.record(r, c, eventCheckDenied, about...)
	if f.cause != nil {
		s.hints.tell(printable(c.realm, 63), q.Endpoint, f.reason, f.cause.Error())
	}
	w.Header()["Cache-Control"] = noStore
	page := wantsPage(q.Original.Method, r.Header)
	if page && q.Shows && s.refuseBrowser(w, c, q, who, f) {
		return
	}
	if page && !q.Shows {
		s.tellLogin(w.Header(), c, q, f)
	}
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
	return &failure{status: http.StatusForbidden, code: codeAccessDenied, description: "This request can't be checked (" + reason + ")", reason: reason, cause: cause}
}

// unreadable is the 403 of a check that doesn't describe a request.
func unreadable(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
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
