package page_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/page"
)

// evil is what somebody may call themselves, ask for or send as a browser's name.
const evil = `"'><script>alert(1)</script><img src=x onerror=alert(2)>`

// pages are every page in every state.
func pages(t *testing.T) map[string]*httptest.ResponseRecorder {
	t.Helper()
	s, err := page.New()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 10, 30, 0, 0, time.UTC)
	made := map[string]*httptest.ResponseRecorder{}
	login := func(name string, status int, l page.Login) {
		l.Root = "./"
		made[name] = httptest.NewRecorder()
		if err := s.Login(made[name], status, l); err != nil {
			t.Fatal(err)
		}
	}
	login("login", 200, page.Login{})
	login("login to go on", 200, page.Login{Back: "https://app.example.com/a?b=c&d=e", Probe: true})
	login("login on this machine", 200, page.Login{Back: "http://app.localhost:8080/"})
	login("login with wrong credentials", 401, page.Login{Username: "ada", Problem: "The user name or the password is wrong.", Wrong: true, Hint: "After 10 wrong passwords within 1 hour, even the right one is refused for 15 minutes."})
	login("login when there are too many", 429, page.Login{Username: "ada", Problem: "Too many logins at once: try again in a moment."})
	login("login after signing out", 200, page.Login{Notice: "You have signed out."})
	login("login of somebody who is in", 200, page.Login{SignedIn: "Ada (ada)", Back: "https://app.example.com/"})
	login("login of somebody who is in, to stay", 200, page.Login{SignedIn: evil})
	login("login that was attacked", 401, page.Login{Username: evil, Problem: evil, Hint: evil, Notice: evil, Back: "https://app.example.com/" + evil})

	account := func(name string, a page.Account) {
		a.Root = "../"
		made[name] = httptest.NewRecorder()
		if err := s.Account(made[name], 200, a); err != nil {
			t.Fatal(err)
		}
	}
	account("account", page.Account{
		Username: "ada", DisplayName: "Ada", Email: "ada@example.com", Roles: []string{"admin", "viewer"}, CanChangePassword: true, MinPasswordLength: 12,
		Notice: "That session has ended.", Problem: "Try again.",
		Sessions: []page.Session{
			{ID: "a1", Program: "Firefox on Linux", Address: "192.0.2.7", StartedAt: at, Current: true},
			{ID: "b2", Program: "curl/8", StartedAt: at, UsedAt: at.Add(90 * time.Minute)},
		},
	})
	account("account with problems", page.Account{Username: "ada", CanChangePassword: true, OldProblem: "It is wrong.", NewProblem: "It is too short."})
	account("account without passwords", page.Account{Username: "ada"})
	account("account that was attacked", page.Account{
		Username: evil, DisplayName: evil, Email: evil, Roles: []string{evil}, Notice: evil, Problem: evil, OldProblem: evil, NewProblem: evil, CanChangePassword: true,
		Sessions: []page.Session{{ID: "c3", Program: evil, Address: evil, StartedAt: at}},
	})

	denied := func(name string, d page.Denied) {
		made[name] = httptest.NewRecorder()
		if err := s.Denied(made[name], d); err != nil {
			t.Fatal(err)
		}
	}
	denied("denied", page.Denied{
		Name: "Ada (ada)", Host: "app.example.com", Path: "/admin", Text: "No rule allows it", Code: "no_rule",
		LoginURL: "https://auth.example.com/login?rd=https%3A%2F%2Fapp.example.com%2F", AccountURL: "https://auth.example.com/account",
	})
	denied("denied to somebody who attacks", page.Denied{Name: evil, Host: evil, Path: evil, Text: evil, Code: evil, LoginURL: "javascript:alert(3)", AccountURL: "/" + evil})

	message := func(name string, m page.Message) {
		made[name] = httptest.NewRecorder()
		if err := s.Message(made[name], 400, m); err != nil {
			t.Fatal(err)
		}
	}
	message("message", page.Message{Title: "That didn't work", Text: "The form is malformed"})
	message("message of a failure", page.Message{Title: "Not available right now", Text: "Try again in a moment", Request: "ABCDEFGH"})
	message("message that says all", page.Message{Request: evil, Title: evil, Text: evil, Details: []string{evil, evil}, Code: evil, Link: page.Href{Text: evil, URL: "../login"}})
	return made
}

func TestEveryPageIsNothingButItselfAndItsStyle(t *testing.T) {
	style, err := os.ReadFile("style.css")
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range pages(t) {
		body := w.Body.String()
		_, after, _ := strings.Cut(body, "<style>")
		inline, _, _ := strings.Cut(after, "</style>")
		if inline != string(style) {
			t.Errorf("%s has another style sheet than its file", name)
		}
		sum := sha256.Sum256([]byte(inline))
		policy := w.Header().Get("Content-Security-Policy")
		if hash := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, hash) {
			t.Errorf("the policy of %s, %q, doesn't have %q", name, policy, hash)
		}
		for _, never := range []string{"<script", "<link", "<img", "<iframe", "style=", " onerror=alert(2)>", "javascript:", "http://www", "@import", "url("} {
			if strings.Contains(body, never) {
				t.Errorf("%s has %s", name, never)
			}
		}
	}
}

func TestEveryPageHasItsHeaders(t *testing.T) {
	for name, w := range pages(t) {
		for header, value := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
		} {
			if w.Header().Get(header) != value {
				t.Errorf("%s has %s: %q", name, header, w.Header().Get(header))
			}
		}
		policy := w.Header().Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("the policy of %s lacks %q: %q", name, part, policy)
			}
		}
	}
}

func TestTheLoginFormMayLeadWhereTheRedirectBehindItLeads(t *testing.T) {
	made := pages(t)
	for name, want := range map[string]string{
		"login to go on":        "form-action 'self' https:",
		"login on this machine": "form-action 'self' https: http://app.localhost:8080",
		"account":               "form-action 'self'",
		"denied":                "form-action 'self'",
	} {
		if policy := made[name].Header().Get("Content-Security-Policy"); !strings.HasSuffix(policy, "; "+want) {
			t.Errorf("the policy of %s ends in no %q: %q", name, want, policy)
		}
	}
}

func TestStatuses(t *testing.T) {
	made := pages(t)
	for name, want := range map[string]int{"login": 200, "login with wrong credentials": 401, "login when there are too many": 429, "denied": 403, "message": 400} {
		if made[name].Code != want {
			t.Errorf("%s has status %d", name, made[name].Code)
		}
	}
}

func TestAnAddressToGoOnToIsKeptToTheByte(t *testing.T) {
	const back = "https://app.example.com/a//b;x=%2F?q=1&r=|&%zz#top"
	s, err := page.New()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := s.Login(w, 200, page.Login{Root: "./", Back: back}); err != nil {
		t.Fatal(err)
	}
	for _, in := range elements(t, w.Body.String(), "input") {
		if attribute(in, "name") == page.FieldBack {
			if got := attribute(in, "value"); got != back {
				t.Errorf("the form would send %q", got)
			}
			return
		}
	}
	t.Error("the form has no such field")
}
