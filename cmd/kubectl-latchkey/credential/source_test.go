package credential_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/credential"
)

// service is one whose access tokens live for a minute.
type service struct {
	*httptest.Server
	asked   []string // what it was asked, without secrets
	dead    bool     // no access token is good
	refused bool     // no refresh token is good
	away    bool     // it answers 503
	granted int
}

func aService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	grant := r.PostFormValue("grant_type")
	s.asked = append(s.asked, strings.TrimSpace(r.URL.Path+" "+grant))
	refuse := func(status int, code, description string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error": %q, "error_description": %q}`, code, description)
	}
	path := strings.TrimPrefix(r.URL.Path, "/realms/team-a")
	switch {
	case s.away:
		refuse(http.StatusServiceUnavailable, "unavailable", "try again")
	case path == "/token" && grant == "password" && r.PostFormValue("password") != "right":
		refuse(http.StatusUnauthorized, "invalid_grant", "Invalid credentials")
	case path == "/token" && grant == "refresh_token" && s.refused:
		refuse(http.StatusBadRequest, "invalid_grant", "The refresh token is not valid")
	case path == "/token":
		s.granted++
		fmt.Fprintf(w, `{"access_token": "access-%d", "token_type": "bearer", "expires_in": 60, "refresh_token": "refresh-%d", "scope": ""}`, s.granted, s.granted)
	case s.dead && path != "/revoke":
		refuse(http.StatusUnauthorized, "invalid_token", "Token revoked")
	default:
		fmt.Fprint(w, `{}`)
	}
}

// here is a machine with one login on it.
type here struct {
	*credential.Source
	folder string
	now    time.Time
}

func (s *service) from(t *testing.T) *here {
	t.Helper()
	login := credential.Login{Server: s.URL, Realm: "team-a", User: "ann"}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	realm, err := credential.NewService(login, authority, "test")
	if err != nil {
		t.Fatal(err)
	}
	h := &here{folder: filepath.Join(t.TempDir(), "latchkey"), now: time.Unix(1_800_000_000, 0)}
	h.Source = &credential.Source{
		Login: login, Service: realm, Store: credential.NewStore(h.folder), Now: func() time.Time { return h.now },
		Ask: func(context.Context) (string, error) { return "", credential.ErrNobodyToAsk },
	}
	return h
}

func (h *here) typing(password string) *here {
	h.Ask = func(context.Context) (string, error) { return password, nil }
	return h
}

func (h *here) nobodyTypes() {
	h.Ask = func(context.Context) (string, error) { return "", credential.ErrNobodyToAsk }
}

// token gets one and says what the service was asked for it.
func (h *here) token(t *testing.T, s *service) (access string, asked []string) {
	t.Helper()
	s.asked = nil
	got, err := h.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(got.Token), s.asked
}

func (h *here) want(t *testing.T, s *service, access string, asked ...string) {
	t.Helper()
	got, was := h.token(t, s)
	if got != access || strings.Join(was, ", ") != strings.Join(asked, ", ") {
		t.Errorf("got %q by asking %q, want %q by %q", got, was, access, asked)
	}
}

func TestATokenComesFromWhatIsKeptAsLongAsItCan(t *testing.T) {
	s := aService(t)
	h := s.from(t).typing("right")
	h.want(t, s, "access-1", "/realms/team-a/token password")
	h.nobodyTypes()

	h.want(t, s, "access-1", "/realms/team-a/profile")
	h.now = h.now.Add(49 * time.Second)
	h.want(t, s, "access-1", "/realms/team-a/profile")
	h.now = h.now.Add(time.Second) // it would be over before it arrives
	h.want(t, s, "access-2", "/realms/team-a/token refresh_token")
	s.dead = true // though it isn't over
	h.want(t, s, "access-3", "/realms/team-a/profile", "/realms/team-a/token refresh_token")
}

func TestAServiceThatIsAwayEndsNoLogin(t *testing.T) {
	s := aService(t)
	h := s.from(t).typing("right")
	h.want(t, s, "access-1", "/realms/team-a/token password")
	s.away = true
	h.want(t, s, "access-1", "/realms/team-a/profile")
	h.now = h.now.Add(time.Hour)
	if _, err := h.Token(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "the service answers 503: try again") {
		t.Errorf("got %v", err)
	}
	if _, err := h.End(t.Context()); err == nil {
		t.Error("a login is said to have ended that goes on")
	}
	s.away = false
	h.nobodyTypes()
	h.want(t, s, "access-2", "/realms/team-a/token refresh_token")
}

func TestALoginThatHasEndedIsForgotten(t *testing.T) {
	s := aService(t)
	h := s.from(t).typing("right")
	h.want(t, s, "access-1", "/realms/team-a/token password")
	s.refused = true
	h.now = h.now.Add(time.Hour)
	h.nobodyTypes()
	if _, err := h.Token(t.Context()); !errors.Is(err, credential.ErrNobodyToAsk) {
		t.Errorf("got %v", err)
	}
	if kept, err := h.Store.Logins(); err != nil || len(kept) > 0 {
		t.Errorf("kept are %v, %v", kept, err)
	}
}

func TestOnesOwnLoginEndsWhateverItsAccessTokenIsWorth(t *testing.T) {
	for name, c := range map[string]struct {
		dead  bool
		asked string
	}{
		"as its user while that is good": {false, "/realms/team-a/logout"},
		"by the refresh token when not":  {true, "/realms/team-a/logout, /realms/team-a/revoke"},
	} {
		t.Run(name, func(t *testing.T) {
			s := aService(t)
			h := s.from(t).typing("right")
			h.token(t, s)
			s.asked, s.dead = nil, c.dead
			if kept, err := h.End(t.Context()); err != nil || !kept {
				t.Fatal(kept, err)
			}
			if strings.Join(s.asked, ", ") != c.asked {
				t.Errorf("asked %q", s.asked)
			}
			if kept, err := h.End(t.Context()); err != nil || kept {
				t.Errorf("it is kept: %v, %v", kept, err)
			}
		})
	}
}

func TestWhatIsKeptIsPrivateAndWhole(t *testing.T) {
	s := aService(t)
	h := s.from(t).typing("right")
	if err := os.Mkdir(h.folder, 0o755); err != nil { // somebody made it, for everybody
		t.Fatal(err)
	}
	h.token(t, s)
	files := map[string]bool{}
	entries, err := os.ReadDir(h.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		files[filepath.Ext(entry.Name())] = true
		if info, err := entry.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s is %s, %v", entry.Name(), info.Mode(), err)
		}
	}
	if len(entries) != 2 || !files[".json"] || !files[".lock"] {
		t.Errorf("the folder holds %v", entries)
	}
	if info, err := os.Stat(h.folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %s, %v", info.Mode(), err)
	}

	// What can't be read is no login, and the next one repairs it.
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".json" {
			if err := os.WriteFile(filepath.Join(h.folder, entry.Name()), []byte(`{"refreshToken`), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.want(t, s, "access-2", "/realms/team-a/token password")
	h.want(t, s, "access-2", "/realms/team-a/profile")
}

func TestAPasswordIsNotSentOnToWhereverAnAnswerPoints(t *testing.T) {
	s := aService(t)
	elsewhere := httptest.NewTLSServer(http.RedirectHandler(s.URL+"/realms/team-a/token", http.StatusTemporaryRedirect))
	t.Cleanup(elsewhere.Close)
	h := s.from(t).typing("right")
	h.Login.Server = elsewhere.URL
	var err error
	h.Service, err = credential.NewService(h.Login, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: elsewhere.Certificate().Raw}), "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "the service answers 307") {
		t.Errorf("got %v", err)
	}
	if len(s.asked) > 0 {
		t.Errorf("it was sent on: %q", s.asked)
	}
}

func TestAServiceIsTrustedByItsCertificateAlone(t *testing.T) {
	s := aService(t)
	h := s.from(t).typing("right")
	var err error
	if h.Service, err = credential.NewService(h.Login, nil, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
	if _, err := credential.NewService(h.Login, []byte("no PEM"), "test"); err == nil {
		t.Error("an authority without certificate is taken")
	}
}

func TestNothingSecretIsPrinted(t *testing.T) {
	kept := credential.Kept{Access: "at-secret", Refresh: "rt-secret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, kept) + fmt.Sprintf(verb, kept.Access); strings.Contains(text, "secret") || strings.Contains(text, "736563726574") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
	if text, err := json.Marshal(kept); err != nil || !strings.Contains(string(text), "rt-secret") {
		t.Errorf("it can't be kept: %s, %v", text, err)
	}
}

func TestAServerIsOneThatAPasswordMaySafelyTravelTo(t *testing.T) {
	for raw, want := range map[string]string{
		"https://auth.example.com":        "https://auth.example.com",
		"https://Auth.Example.com/":       "https://auth.example.com",
		"https://example.com/auth/":       "https://example.com/auth",
		"http://127.0.0.1:8080":           "http://127.0.0.1:8080",
		"http://[::1]:8080":               "http://[::1]:8080",
		"http://localhost:8080":           "http://localhost:8080",
		"":                                "",
		"auth.example.com":                "",
		"http://auth.example.com":         "",
		"http://127.0.0.1.example.com":    "",
		"http://localhost.example.com":    "",
		"ftp://auth.example.com":          "",
		"https://ann:secret@example.com":  "",
		"https://auth.example.com?a=b":    "",
		"https://auth.example.com#a":      "",
		"https:auth.example.com":          "",
		"https://ann:secret@%zz":          "",
		"https://ann:sec ret@example.com": "",
	} {
		got, err := credential.ParseServer(raw)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", raw, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "sec") {
			t.Errorf("%q: the error quotes the password: %v", raw, err)
		}
	}
}

func TestALoginIsNamedByWhatMayStandInAURL(t *testing.T) {
	for name, c := range map[string]struct {
		login credential.Login
		taken bool
	}{
		"a user of the root realm":     {credential.Login{Server: "https://a.example", User: "ann"}, true},
		"a user of a realm":            {credential.Login{Server: "https://a.example", Realm: "team-a", User: "ann"}, true},
		"no user":                      {credential.Login{Server: "https://a.example"}, false},
		"a user that climbs a folder":  {credential.Login{Server: "https://a.example", User: "../ann"}, false},
		"a realm that leads elsewhere": {credential.Login{Server: "https://a.example", Realm: "a/../b", User: "ann"}, false},
		"no server":                    {credential.Login{User: "ann"}, false},
	} {
		if err := c.login.Check(); (err == nil) != c.taken {
			t.Errorf("%s: %v", name, err)
		}
	}
}
