package webhook

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// handler answers one endpoint for a realm that exists and can be used. What it returns
// is answered by respond.go.
type handler func(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error

// routes maps a path, in which {} stands for any one segment, to methods to handlers.
type routes map[string]map[string]handler

// table is everything the public listener serves, beside /check (see belowCheck). Each
// path answers at the root for the default realm, and below /realms/{namespace}.
func (s *Service) table() routes {
	t := routes{
		"/token":    {http.MethodPost: s.token},
		"/revoke":   {http.MethodPost: s.revoke},
		"/logout":   {http.MethodPost: s.logout},
		"/profile":  {http.MethodGet: s.profile},
		"/userinfo": {http.MethodGet: s.userinfo, http.MethodPost: s.userinfo},
		"/jwks":     {http.MethodGet: s.jwks},

		"/introspect":  {http.MethodPost: s.introspect},
		"/sessions":    {http.MethodGet: s.listSessions, http.MethodDelete: s.endSessions},
		"/sessions/{}": {http.MethodDelete: s.endSession},

		"/login":                   {http.MethodGet: s.showLogin, http.MethodPost: s.logIn},
		"/account":                 {http.MethodGet: s.account},
		"/account/logout":          {http.MethodPost: s.signOut},
		"/account/sessions/{}/end": {http.MethodPost: s.endOnPage},

		"/.well-known/openid-configuration":       {http.MethodGet: s.discovery},
		"/.well-known/oauth-authorization-server": {http.MethodGet: s.discovery},
	}
	if s.Accounts != nil {
		t["/users"] = map[string]handler{http.MethodGet: s.listUsers, http.MethodPost: s.createUser}
		t["/users/{}"] = map[string]handler{http.MethodGet: s.getUser, http.MethodPatch: s.changeUser, http.MethodDelete: s.deleteUser}
		t["/users/{}/password"] = map[string]handler{http.MethodPost: s.setPassword}
		t["/password"] = map[string]handler{http.MethodPost: s.changePassword}
		t["/account/password"] = map[string]handler{http.MethodPost: s.changePasswordOnPage}
	}
	return t
}

// find returns the handlers of a path, by method, and what {} stands for. /jwks/ is not /jwks.
func (t routes) find(path string) (handlers map[string]handler, param string) {
	if handlers, found := t[path]; found {
		return handlers, ""
	}
	segments := strings.SplitN(path, "/", maxSegments+1)
	for i, segment := range segments {
		if segment == "" || len(segments) > maxSegments {
			continue
		}
		segments[i] = "{}"
		if handlers, found := t[strings.Join(segments, "/")]; found {
			return handlers, segment
		}
		segments[i] = segment
	}
	return nil, ""
}

// maxSegments is how many slashes no path of the table has.
const maxSegments = 6

// oauthMetadata is where RFC 8414 section 3.1 puts the metadata of an issuer with a path:
// before that path, unlike OpenID Connect.
const oauthMetadata = "/.well-known/oauth-authorization-server"

// answer serves every endpoint but /check.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, c *call) {
	if rest, found := strings.CutPrefix(c.path, oauthMetadata+"/realms/"); found && !strings.Contains(rest, "/") {
		c.realm, c.path = rest, oauthMetadata
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Request-Id", c.requestID(r))
	if err := s.dispatch(w, r, c); err != nil {
		s.refuse(w, r, c, err)
		return
	}
	s.metrics.requests.WithLabelValues("ok").Inc()
}

func (s *Service) dispatch(w http.ResponseWriter, r *http.Request, c *call) error {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet // net/http drops the body
	}
	handlers, param := s.routes.find(c.path)
	serve, found := handlers[method]
	switch {
	case handlers != nil && !found:
		return methodNotAllowed(slices.Collect(maps.Keys(handlers)))
	case !slices.Contains(methods, method):
		return methodNotAllowed(slices.Clone(methods))
	case !found:
		return notFound("There is nothing at this path")
	}
	if err := s.crossOrigin.Check(r); err != nil {
		return &failure{status: http.StatusForbidden, code: codeAccessDenied, description: "A page of another site may not do this"}
	}
	c.param = param
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	realm, err := s.usable(c.realm)
	if err != nil {
		return err
	}
	return serve(w, r, realm, c)
}

// usable returns a realm that can be served, or the failure that says why not.
func (s *Service) usable(namespace string) (*directory.Realm, error) {
	if !s.Synced() || s.Stale() {
		return nil, unavailable(nil)
	}
	realm := s.Directory.Realm(namespace)
	if realm == nil {
		return nil, notFound("There is no such realm")
	}
	if why := realm.Settings().Unusable; why != "" {
		return nil, unavailable(errUnusable(why))
	}
	return realm, nil
}

// errUnusable is the cause of a refusal by a Realm object that can't be used.
type errUnusable string

func (e errUnusable) Error() string { return "realm can't be used: " + string(e) }

// methods are all that any endpoint takes.
var methods = []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost}

func methodNotAllowed(allowed []string) error {
	slices.Sort(allowed)
	list := strings.Join(allowed, ", ")
	return &failure{status: http.StatusMethodNotAllowed, code: codeMethodNotAllowed, description: "This endpoint takes " + list, allow: list}
}

// refuse answers with err, and logs the cause of what isn't the client's doing.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, c *call, err error) {
	f := asFailure(err)
	if f.cause != nil {
		s.Log.Info("request failed", "request", c.requestID(r), "realm", c.realm, "method", r.Method, "status", f.status, "error", f.cause)
	}
	s.metrics.requests.WithLabelValues(f.code).Inc()
	if isPage(c.path) && takesHTML(r.Header) && s.refuseOnPage(w, c, err, f) {
		return
	}
	refuse(w, c.realm, f)
}
