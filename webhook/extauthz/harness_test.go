package extauthz_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/extauthz"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

const (
	issuer = "https://auth.example.com"
	home   = "home"   // the default realm
	team   = "team-a" // whose identity headers have other names
)

// world is the real service on a directory that holds two realms, each with vera, a viewer, and
// ada, an admin.
type world struct {
	service   *webhook.Service
	directory *directory.Directory
	now       time.Time
	header    map[string][]string // of realm home and of team, see identity
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{directory: directory.New(), now: time.Now()}
	w.header = map[string][]string{
		home: {"X-Auth-Request-User", "X-Auth-Request-Uid", "X-Auth-Request-Email", "X-Auth-Request-Groups"},
		team: {"Remote-User", "Remote-Uid", "Remote-Email", "Remote-Groups"},
	}
	for _, realm := range []string{home, team} {
		w.realm(t, realm)
	}
	store := cluster.New(nil, nil, time.Now) // nobody writes here
	service, err := webhook.New(webhook.Config{
		Directory: w.directory, Synced: func() bool { return true }, Stale: func() bool { return false }, Sessions: store, Passwords: store,
		Logins: password.NewSlots(password.SlotsConfig{}), Hashing: password.NewSlots(password.SlotsConfig{}), Tokens: token.NewCache(64),
		DefaultRealm: home, ExternalURL: issuer,
		Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: func() time.Time { return w.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.service = service
	return w
}

func (w *world) realm(t testing.TB, name string) {
	t.Helper()
	h := w.header[name]
	w.directory.Settings().Put(directory.Item[directory.Settings]{Namespace: name, Name: "default", UID: name, Version: 1, Value: directory.Settings{
		Issuer: issuer, Audiences: []string{issuer}, Algorithm: token.ES256, AccessTTL: time.Hour, RefreshTTL: time.Hour, CookieTTL: time.Hour,
		Headers: directory.IdentityHeaders{User: h[0], UID: h[1], Email: h[2], Groups: h[3]},
	}})
	generation, err := token.NewGeneration(token.ES256, token.Active, w.now, w.now, w.now.Add(24*time.Hour), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.directory.Keys().Put(directory.Item[token.Document]{Namespace: name, Name: "keys", UID: "keys", Version: 1, Value: token.Document{Generations: []token.Generation{generation}}})
	rule := func(host, path string, methods ...string) []policy.Rule {
		return []policy.Rule{{Hosts: []string{host}, Paths: []string{path}, Methods: methods}}
	}
	roles := []policy.Role{
		{Name: "admin", Rules: rule("*", "/**", "*")},
		{Name: "viewer", Rules: rule("*", "/reports/**", "GET")},
		{Name: "anonymous", Rules: rule("*", "/public/**", "GET")},
	}
	for _, r := range roles {
		w.directory.Roles().Put(directory.Item[directory.Role]{Namespace: name, Name: r.Name, UID: name + "-" + r.Name, Version: 1, Value: r})
	}
	for user, role := range map[string]string{"vera": "viewer", "ada": "admin"} {
		uid := name + "-" + user
		w.directory.Users().Put(directory.Item[directory.User]{
			Namespace: name, Name: user, UID: uid, Version: 1,
			Value: directory.User{Name: user, UID: uid, Roles: []string{role}, CreatedAt: w.now.Add(-time.Hour)}, // no email
		})
	}
}

// token signs a token for a user, as a login would.
func (w *world) token(t testing.TB, realm, user string, kind token.Type) string {
	t.Helper()
	r, now := w.directory.Realm(realm), w.now.Truncate(time.Second)
	claims := token.Claims{
		Issuer: issuer, Subject: realm + "-" + user, Username: user, ID: rand.Text(), SessionID: strings.ToLower(rand.Text()),
		IssuedAt: now, ExpiresAt: now.Add(30 * time.Minute), AuthTime: now,
	}
	if kind == token.Access {
		claims.Audience, claims.ClientID, claims.RolesOmitted = []string{issuer}, "latchkey", true
	}
	signed, err := r.Keys().Sign(kind, claims)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// serve starts a listener in front of answers and returns where it is.
func serve(t testing.TB, c extauthz.Config) string {
	t.Helper()
	addresses := make(chan string, 1)
	c.Address, c.Connections, c.Log = "127.0.0.1:0", 16, slog.New(addressOf{slog.DiscardHandler, addresses})
	if c.Ready == nil {
		c.Ready = func() error { return nil }
	}
	l, err := extauthz.Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, time.Minute) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return <-addresses
}

// addressOf is a log of which only the address of a listener matters.
type addressOf struct {
	slog.Handler
	addresses chan string
}

func (a addressOf) Enabled(context.Context, slog.Level) bool { return true }

func (a addressOf) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "listening" {
		r.Attrs(func(attr slog.Attr) bool {
			if attr.Key == "address" {
				a.addresses <- attr.Value.String()
			}
			return true
		})
	}
	return nil
}

// dial connects to a listener.
func dial(t testing.TB, address string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	if len(options) == 0 {
		options = []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	}
	conn, err := grpc.NewClient(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// client is an Envoy in front of the service.
func (w *world) client(t testing.TB) authv3.AuthorizationClient {
	t.Helper()
	return authv3.NewAuthorizationClient(dial(t, serve(t, extauthz.Config{Asker: w.service})))
}

// asks is a check as Envoy makes it, with the attributes among the headers, too; headers are
// pairs, of which those of one name are joined by commas.
func asks(method, host, path string, headers ...string) *authv3.CheckRequest {
	merged := map[string]string{":method": method, ":authority": host, ":path": path, ":scheme": "https", "user-agent": "curl"}
	for i := 0; i+1 < len(headers); i += 2 {
		if before, found := merged[headers[i]]; found {
			merged[headers[i]] = before + "," + headers[i+1]
			continue
		}
		merged[headers[i]] = headers[i+1]
	}
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
		Method: method, Host: host, Path: path, Scheme: "https", Headers: merged, Protocol: "HTTP/1.1", Size: -1,
	}}}}
}

// apart is the same check with encode_raw_headers: each line by itself, in bytes.
func apart(method, host, path string, headers ...string) *authv3.CheckRequest {
	in := asks(method, host, path)
	r := in.GetAttributes().GetRequest().GetHttp()
	r.HeaderMap = &corev3.HeaderMap{}
	for _, name := range slices.Sorted(maps.Keys(r.GetHeaders())) {
		headers = append(headers, name, r.GetHeaders()[name])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.HeaderMap.Headers = append(r.HeaderMap.Headers, &corev3.HeaderValue{Key: headers[i], RawValue: []byte(headers[i+1])})
	}
	r.Headers = nil
	return in
}

// with adds context extensions, as pairs, to a check.
func with(in *authv3.CheckRequest, extensions ...string) *authv3.CheckRequest {
	in.Attributes.ContextExtensions = map[string]string{}
	for i := 0; i+1 < len(extensions); i += 2 {
		in.Attributes.ContextExtensions[extensions[i]] = extensions[i+1]
	}
	return in
}

// answered is an answer as a test looks at it.
type answered struct {
	status  int
	header  http.Header // to the app if allowed, else to the client
	removed []string    // from the request to the app, ascending
	body    string
}

// check sends a check, which must be answered by a message that Envoy can take.
func check(t testing.TB, client authv3.AuthorizationClient, in *authv3.CheckRequest) answered {
	t.Helper()
	out, err := client.Check(context.Background(), in)
	if err != nil {
		t.Fatalf("a gRPC error, which failure_mode_allow lets through: %v", err)
	}
	return read(t, out)
}

func read(t testing.TB, out *authv3.CheckResponse) answered {
	t.Helper()
	if err := out.ValidateAll(); err != nil {
		t.Fatalf("Envoy can't take the answer: %v", err)
	}
	a := answered{header: http.Header{}}
	ok, denied := out.GetOkResponse(), out.GetDeniedResponse()
	set := denied.GetHeaders()
	if codes.Code(out.GetStatus().GetCode()) == codes.OK {
		a.status, set = http.StatusOK, ok.GetHeaders()
		if ok == nil || denied != nil || len(ok.GetResponseHeadersToAdd()) > 0 || len(ok.GetQueryParametersToSet()) > 0 {
			t.Fatalf("not a plain allow: %v", out)
		}
		a.removed = slices.Sorted(slices.Values(ok.GetHeadersToRemove()))
	} else {
		a.status, a.body = int(denied.GetStatus().GetCode()), denied.GetBody()
		if ok != nil || denied == nil || a.status == http.StatusOK {
			t.Fatalf("not a plain refusal: %v", out)
		}
	}
	for _, h := range set {
		name := http.CanonicalHeaderKey(h.GetHeader().GetKey())
		if h.GetAppendAction() != corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD && name != "Set-Cookie" {
			t.Errorf("%s doesn't replace what is there", name)
		}
		a.header.Add(name, h.GetHeader().GetValue())
	}
	return a
}
