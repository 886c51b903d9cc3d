package webhook

import (
	"net/http"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/page"
)

// showDenied answers a check that doesn't pass with a page, and reports whether it could.
// The page is seen under the app's address, so that its links are whole.
func (s *Service) showDenied(w http.ResponseWriter, c *call, q Question, who caller, f *failure) bool {
	f.setHeaders(w.Header(), c.realm)
	if who.user == nil {
		return s.pages.Message(w, f.status, page.Message{Title: title(f.status), Text: f.description, Code: f.reason}) == nil
	}
	path, _, _ := strings.Cut(q.Original.Target, "?") // a query may hold secrets
	return s.pages.Denied(w, page.Denied{
		Name: who.called(), Host: printable(q.Original.Host, 253), Path: printable(path, 256),
		Text: f.description, Code: f.reason,
		LoginURL: s.loginURL(c.realm, address(q)), AccountURL: s.base(c.realm) + "/account",
	}) == nil
}
