package page

import (
	"net/http"
	"net/url"
)

// Names of the fields of the login form.
const (
	FieldUsername = "username"
	FieldPassword = "password"
	FieldBack     = "rd"      // where to go on to
	FieldProbe    = "cookies" // the page set a cookie that must come along
)

// Login is the login page.
type Login struct {
	Root     string // relative URL of the realm's root, with a slash at its end
	Back     string // absolute URL to go on to, checked; "": the account page
	Username string // as it was typed
	Probe    bool   // a cookie was set that must come along with the form

	SignedIn string // the name of who is signed in already; "": nobody
	Notice   string // what happened before, a sentence
	Problem  string // why the form was refused, a sentence
	Wrong    bool   // the problem is with what was typed
	Hint     string // what to know before trying again, a sentence
}

// Login writes a login page.
func (s *Set) Login(w http.ResponseWriter, status int, l Login) error {
	policy := s.policies.login
	to, err := url.Parse(l.Back)
	if err == nil && to.Scheme == "http" { // on this very machine
		policy += " http://" + to.Host
	}
	content := loginPage{Login: l}
	if err == nil {
		content.Host = to.Host
	}
	return s.write(w, status, s.login, policy, content)
}

// loginPage is what the template fills in.
type loginPage struct {
	Login
	Host string // of Back
}

// Title is the page's name.
func (p loginPage) Title() string {
	if p.SignedIn != "" {
		return "Signed in"
	}
	return "Sign in"
}
