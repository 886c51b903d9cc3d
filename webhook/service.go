package webhook

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/lockout"
	"github.com/latchkey-auth/latchkey/webhook/page"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// Config is what a Service is made of. Every field is required unless it says otherwise.
type Config struct {
	Directory *directory.Directory // what checks read
	Synced    func() bool          // whether the directory holds everything yet
	Stale     func() bool          // whether it may have missed changes for too long to decide by it
	Sessions  sessions
	Passwords passwords
	Accounts  accounts // nil turns user management over HTTP off

	Logins  *password.Slots // bounds how many logins read and hash at once; here they queue
	Hashing *password.Slots // bounds how many passwords are hashed at once: fewer, so that no core waits for a read
	Tokens  *token.Cache    // remembers verified tokens

	PasswordCost   password.Params // what new passwords are hashed with, and so what a try for an unknown user costs; zero: password.Default
	TrustedProxies []netip.Prefix  // whose X-Forwarded-For is believed; nil: nobody's

	DefaultRealm string // the namespace that answers at the root
	ExternalURL  string // the base of URLs in discovery documents, without a trailing slash

	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// maxBudgets bounds what is remembered of wrong passwords: to about 26 MiB.
const maxBudgets = 1 << 16

// Service answers Latchkey's HTTP endpoints. It is an http.Handler for the public
// listener.
type Service struct {
	Config
	routes   routes
	audit    auditor
	metrics  *metrics
	hints    *hinter
	quota    *loginQuota
	dummy    password.Hash
	renewals singleflight.Group // by realm and jti
	budgets  *lockout.Budgets
	basics   *basicMemory
	proxies  trustedProxies
	pages    *page.Set

	crossOrigin *http.CrossOriginProtection // keeps other sites' pages from acting with a person's cookie
}

// New returns a Service that is ready to serve.
func New(c Config) (*Service, error) {
	switch {
	case c.Directory == nil, c.Synced == nil, c.Stale == nil, c.Sessions == nil, c.Passwords == nil,
		c.Logins == nil, c.Hashing == nil, c.Tokens == nil, c.Log == nil, c.Registerer == nil, c.Now == nil:
		return nil, errors.New("webhook: a required field of Config is missing")
	case c.DefaultRealm == "":
		return nil, errors.New("webhook: the default realm has no name")
	}
	if u, err := url.Parse(c.ExternalURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.HasSuffix(c.ExternalURL, "/") || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("webhook: the external URL %q is not an http or https URL without a trailing slash", c.ExternalURL)
	}
	if c.PasswordCost == (password.Params{}) {
		c.PasswordCost = password.Default()
	}
	dummy := c.PasswordCost.Dummy()
	if dummy.Memory() == 0 {
		return nil, errors.New("webhook: the password cost is out of bounds")
	}
	budgets, basics := lockout.New(maxBudgets), newBasicMemory()
	m, err := newMetrics(c.Registerer)
	if err == nil {
		err = countBudgets(c.Registerer, budgets)
	}
	if err == nil {
		err = countBasics(c.Registerer, basics)
	}
	if err != nil {
		return nil, fmt.Errorf("webhook: register metrics: %w", err)
	}
	pages, err := page.New()
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	s := &Service{
		Config:  c,
		audit:   auditor{c.Log, c.TrustedProxies},
		metrics: m,
		hints:   newHinter(c.Log),
		quota:   newLoginQuota(),
		dummy:   dummy,
		budgets: budgets,
		basics:  basics,
		proxies: c.TrustedProxies,
		pages:   pages,

		crossOrigin: http.NewCrossOriginProtection(),
	}
	s.routes = s.table()
	return s, nil
}

// ServeHTTP answers one request of the public listener.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The raw target: no router may clean a path before it is judged.
	path, query, _ := strings.Cut(r.RequestURI, "?")
	c := call{realm: s.DefaultRealm, path: path, query: query}
	if rest, found := strings.CutPrefix(path, "/realms/"); found {
		c.named = true
		c.realm, c.path = splitRealm(rest)
	}
	if below, found := belowCheck(c.path); found {
		defer s.survive(w, r, &c)
		s.check(w, r, &c, question(r, below, &c))
		return
	}
	s.serve(w, r, c)
}

// serve answers what isn't a check. Handlers keep the call, so it has one of its own: that of a check stays on the stack.
func (s *Service) serve(w http.ResponseWriter, r *http.Request, c call) {
	defer s.survive(w, r, &c)
	s.answer(w, r, &c)
}

// call is a request on its way: where it goes, parsed once.
type call struct {
	realm string // namespace
	path  string // raw, below the realm
	query string // raw
	named bool   // the realm stands in the path
	param string // what the route's {} stands for
	id    string // set when the first log line needs it
}

// splitRealm splits what follows /realms/ into the namespace and the path below it.
func splitRealm(rest string) (realm, path string) {
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return rest, "/"
	}
	return rest[:slash], rest[slash:]
}

// survive turns a panic into an answer, so that no connection ends without one.
func (s *Service) survive(w http.ResponseWriter, r *http.Request, c *call) {
	panicked := recover()
	if panicked == nil {
		return
	}
	if panicked == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
		panic(panicked)
	}
	s.metrics.panics.Inc()
	cause := fmt.Errorf("panic: %v", panicked)
	if _, found := belowCheck(c.path); found {
		s.deny(w, r, c, Question{}, caller{}, undecidable(reasonInternal, cause))
		return
	}
	s.refuse(w, r, c, cause)
}
