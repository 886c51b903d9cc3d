package policy_test

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// How a path is read is package urlpath's; here is what a Request makes of it.
func TestNewRequestReadsPaths(t *testing.T) {
	const plain, ambiguous = false, true
	for sentence, test := range map[string]struct {
		target    string
		path      string // refused if empty
		ambiguous bool
	}{
		"the query is no part of the path":               {"/a?b=/../c%zz", "/a", plain},
		"the query begins at the first question mark":    {"/a?b?c", "/a", plain},
		"an empty query is no part of the path":          {"/a?", "/a", plain},
		"a lone query is refused":                        {"?/a", "", plain},
		"the query doesn't count for the 8 KiB":          {"/a?" + strings.Repeat("a", 8<<10), "/a", plain},
		"a fragment before a question mark is ambiguous": {"/a#b?c", "/a#b", ambiguous},
		"the root is plain":                              {"/", "/", plain},
		"an escape is decoded":                           {"/a%20b", "/a b", plain},
		"raw UTF-8 is plain":                             {"/ü", "/ü", plain},
		"K03: an escaped slash is ambiguous":             {"/public%2fx", "/public%2fx", ambiguous},
		"an escape that is not hexadecimal is refused":   {"/a%zz", "", plain},
		"nothing is refused":                             {"", "", plain},
		"K14: more than 8 KiB are refused":               {"/" + strings.Repeat("a", 8<<10), "", plain},
	} {
		t.Run(sentence, func(t *testing.T) {
			r, err := policy.NewRequest("GET", "app.example.test", test.target)
			if test.path == "" {
				wantRequestError(t, err, policy.ReasonPathInvalid)
				if r != (policy.Request{}) {
					t.Errorf("a refused description gives %+v; want the zero value", r)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.Path() != test.path || r.Ambiguous() != test.ambiguous {
				t.Errorf("path %q, ambiguous %t; want %q, %t", r.Path(), r.Ambiguous(), test.path, test.ambiguous)
			}
		})
	}
}

func TestNewRequestReadsMethods(t *testing.T) {
	for sentence, test := range map[string]struct {
		method string
		valid  bool
	}{
		"a method is kept":                   {"GET", true},
		"case is kept":                       {"get", true},
		"an unknown method is kept":          {"PROPFIND", true},
		"every other token character counts": {"!#$%&'*+-.^_`|~09az", true},
		"nothing is refused":                 {"", false},
		"a list is refused":                  {"GET,POST", false},
		"a space is refused":                 {"GET ", false},
		"a line break is refused":            {"GET\r\n", false},
		"a NUL is refused":                   {"GET\x00", false},
		"a full-width letter is refused":     {"ＧET", false},
		"a delimiter is refused":             {"GET/", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			r, err := policy.NewRequest(test.method, "app.example.test", "/")
			if !test.valid {
				wantRequestError(t, err, policy.ReasonMethodInvalid)
			} else if err != nil || r.Method() != test.method {
				t.Errorf("method %q, %v; want %q", r.Method(), err, test.method)
			}
		})
	}
}

func TestNewRequestRefusesHosts(t *testing.T) {
	r, err := policy.NewRequest("GET", "app_example.test", "/")
	wantRequestError(t, err, policy.ReasonHostInvalid)
	if r != (policy.Request{}) {
		t.Errorf("a refused description gives %+v; want the zero value", r)
	}
}

func TestRequestErrorsDoNotRepeatTheClient(t *testing.T) {
	const canary = "canary"
	for _, test := range []struct{ method, host, target string }{
		{canary + " ", "app.example.test", "/"},
		{"GET", canary + "_", "/"},
		{"GET", canary + ":" + canary, "/"},
		{"GET", "app.example.test", canary},
		{"GET", "app.example.test", "/" + canary + "%zz" + canary},
	} {
		if _, err := policy.NewRequest(test.method, test.host, test.target); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("NewRequest(%q, %q, %q): %v", test.method, test.host, test.target, err)
		}
	}
}

func TestRequestsOfOneMeaningAreEqual(t *testing.T) {
	want := request(t, "GET", "app.example.test", "/a b/c")
	for _, test := range []struct{ host, target string }{
		{"APP.example.TEST.:443", "/a%20b/c"},
		{"app.example.test", "/%61%20b/%63?query"},
		{"app.example.test:1", "/a b/c?"},
	} {
		if got := request(t, "GET", test.host, test.target); got != want {
			t.Errorf("%q, %q is %+v; want %+v", test.host, test.target, got, want)
		}
	}
}
