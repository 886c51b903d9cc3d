package chromium

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// Request is one that a tab sent.
type Request struct {
	// Method is the HTTP method.
	Method string
	// URL is where it went; each hop of a redirect is a request of its own.
	URL string
	// Document tells whether its answer is the page itself, and not a part of it.
	Document bool
}

// Host is the host name of the URL, or "" where it has none, as data: has.
func (r Request) Host() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return "unreadable: " + r.URL
	}
	return u.Hostname()
}

// record is what a tab did behind the person's back. It is safe for concurrent use.
type record struct {
	mu         sync.Mutex
	requests   []Request
	complaints []string
}

// Requests are all that the tab sent so far.
func (r *record) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Complaints are what stands on the console of the tab, and what Chromium reports beside as an issue,
// such as a breach of a Content-Security-Policy. That a page itself came with an error status isn't one.
func (r *record) Complaints() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.complaints)
}

// Forgive forgets the complaints that contain one of the texts, because the story is about them, and
// returns how many there were.
func (r *record) Forgive(texts ...string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.complaints)
	r.complaints = slices.DeleteFunc(r.complaints, func(c string) bool {
		return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(c, t) })
	})
	return before - len(r.complaints)
}

// note takes an event of the tab.
func (r *record) note(event any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		r.requests = append(r.requests, Request{e.Request.Method, e.Request.URL, e.Type == network.ResourceTypeDocument})
	case *runtime.EventConsoleAPICalled:
		r.complain("console.%s", e.Type)
	case *runtime.EventExceptionThrown:
		r.complain("exception: %s", e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if !(e.Entry.Source == log.EntrySourceNetwork && r.isDocument(e.Entry.URL)) {
			r.complain("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		details, _ := json.Marshal(e.Issue.Details) // without them it is still one
		r.complain("issue %s: %s", e.Issue.Code, details)
	}
}

func (r *record) complain(format string, args ...any) {
	r.complaints = append(r.complaints, fmt.Sprintf(format, args...))
}

func (r *record) isDocument(address string) bool {
	return slices.ContainsFunc(r.requests, func(q Request) bool { return q.Document && q.URL == address })
}
