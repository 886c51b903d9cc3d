package page

import "net/http"

// Message is a page that says one thing.
type Message struct {
	Title   string
	Text    string   // a sentence
	Details []string // more of them, a paragraph each
	Code    string   // the short code of a refused check, by which an operator finds out more; ""
	Request string   // the id of the request, which the log has; ""
	Link    Href     // what to do now
}

// Message writes a message page.
func (s *Set) Message(w http.ResponseWriter, status int, m Message) error {
	return s.write(w, status, s.message, s.policies.own, m)
}

// Denied is the page of somebody who is known and may not. It is seen under an app's host,
// so that its URLs are absolute.
type Denied struct {
	Name       string // who they are
	Host, Path string // what they asked for; "" where it isn't known
	Text       string // why not, a sentence
	Code       string // the reason's short code
	LoginURL   string
	AccountURL string
}

// Denied writes the page, with 403.
func (s *Set) Denied(w http.ResponseWriter, d Denied) error {
	return s.write(w, http.StatusForbidden, s.denied, s.policies.own, deniedPage{d})
}

// deniedPage is what the template fills in.
type deniedPage struct{ Denied }

// Title is the page's name.
func (deniedPage) Title() string { return "No access" }
