package policy_test

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

func TestNewRequestReadsPaths(t *testing.T) {
	const plain, ambiguous = false, true
	for sentence, test := range map[string]struct {
		target    string
		path      string // refused if empty
		ambiguous bool
	}{
		"the root is plain":                              {"/", "/", plain},
		"a path is plain":                                {"/a/b", "/a/b", plain},
		"a trailing slash is part of the path":           {"/a/", "/a/", plain},
		"the query is no part of the path":               {"/a?b=/../c%zz", "/a", plain},
		"the query begins at the first question mark":    {"/a?b?c", "/a", plain},
		"an empty query is no part of the path":          {"/a?", "/a", plain},
		"an escape is decoded":                           {"/a%20b", "/a b", plain},
		"an escaped letter is that letter":               {"/%61dmin", "/admin", plain},
		"escapes are decoded in either case":             {"/%C3%bc", "/ü", plain},
		"raw UTF-8 is plain":                             {"/ü", "/ü", plain},
		"a plus is a plus":                               {"/a+b", "/a+b", plain},
		"an escaped plus is a plus":                      {"/a%2Bb", "/a+b", plain},
		"other punctuation is plain":                     {"/!$&'()*+,-._~:@=\"<>[]^`{|}", "/!$&'()*+,-._~:@=\"<>[]^`{|}", plain},
		"a dot within a segment is plain":                {"/.well-known/a.b/...", "/.well-known/a.b/...", plain},
		"K10: case is kept":                              {"/ADMIN/x", "/ADMIN/x", plain},
		"a dot segment is ambiguous":                     {"/a/./b", "/a/./b", ambiguous},
		"a last dot segment is ambiguous":                {"/a/.", "/a/.", ambiguous},
		"a double dot segment is ambiguous":              {"/public/../admin", "/public/../admin", ambiguous},
		"a last double dot segment is ambiguous":         {"/a/..", "/a/..", ambiguous},
		"a first double dot segment is ambiguous":        {"/..", "/..", ambiguous},
		"K02: escaped dots are ambiguous":                {"/public/%2e%2e/admin/x", "/public/%2e%2e/admin/x", ambiguous},
		"K02: upper-case escaped dots are ambiguous":     {"/public/%2E%2E/admin/x", "/public/%2E%2E/admin/x", ambiguous},
		"K02: one escaped dot is ambiguous":              {"/a/%2E/b", "/a/%2E/b", ambiguous},
		"K02: half-escaped dots are ambiguous":           {"/public/.%2e/admin", "/public/.%2e/admin", ambiguous},
		"K02: twice escaped dots are ambiguous":          {"/public/%252e%252e/admin", "/public/%252e%252e/admin", ambiguous},
		"a double slash is ambiguous":                    {"/a//b", "/a//b", ambiguous},
		"a first double slash is ambiguous":              {"//admin", "//admin", ambiguous},
		"a last double slash is ambiguous":               {"/a//", "/a//", ambiguous},
		"K03: an escaped slash is ambiguous":             {"/public%2fx", "/public%2fx", ambiguous},
		"K03: an upper-case escaped slash is ambiguous":  {"/public%2Fx", "/public%2Fx", ambiguous},
		"K03: dots before an escaped slash":              {"/public/..%2fadmin/x", "/public/..%2fadmin/x", ambiguous},
		"K03: dots between escaped slashes":              {"/public%2f..%2fadmin", "/public%2f..%2fadmin", ambiguous},
		"K04: a backslash is ambiguous":                  {`/public\..\admin`, `/public\..\admin`, ambiguous},
		"K04: an escaped backslash is ambiguous":         {"/public/..%5cadmin", "/public/..%5cadmin", ambiguous},
		"K04: a leading escaped backslash is ambiguous":  {"/public/%5C../admin", "/public/%5C../admin", ambiguous},
		"path parameters are ambiguous":                  {"/public/..;/admin", "/public/..;/admin", ambiguous},
		"a path parameter with a value is ambiguous":     {"/a;b=c/d", "/a;b=c/d", ambiguous},
		"an escaped semicolon is ambiguous":              {"/a%3bb", "/a%3bb", ambiguous},
		"K11: an escaped question mark is ambiguous":     {"/admin/x%3f/public/", "/admin/x%3f/public/", ambiguous},
		"K11: a raw fragment is ambiguous":               {"/admin/x#/public/", "/admin/x#/public/", ambiguous},
		"K11: an escaped number sign is ambiguous":       {"/admin%23/public/", "/admin%23/public/", ambiguous},
		"K11: a fragment from proxies.md is ambiguous":   {"/public#/../admin", "/public#/../admin", ambiguous},
		"an escaped per cent is ambiguous":               {"/100%25", "/100%25", ambiguous},
		"an escaped NUL is ambiguous":                    {"/a%00b", "/a%00b", ambiguous},
		"an escaped line break is ambiguous":             {"/a%0d%0ab", "/a%0d%0ab", ambiguous},
		"a raw tab is ambiguous":                         {"/a\tb", "/a\tb", ambiguous},
		"DEL is ambiguous":                               {"/a%7f", "/a%7f", ambiguous},
		"a control above ASCII is ambiguous":             {"/a%c2%85", "/a%c2%85", ambiguous},
		"invalid UTF-8 is ambiguous":                     {"/a%ff", "/a%ff", ambiguous},
		"an overlong slash is ambiguous":                 {"/a%c0%afb", "/a%c0%afb", ambiguous},
		"an overlong dot is ambiguous":                   {"/%c0%ae%c0%ae/b", "/%c0%ae%c0%ae/b", ambiguous},
		"a surrogate is ambiguous":                       {"/%ed%a0%80", "/%ed%a0%80", ambiguous},
		"an escape of one digit is refused":              {"/a%2", "", plain},
		"an escape of none is refused":                   {"/a%", "", plain},
		"an escape that is not hexadecimal is refused":   {"/a%zz", "", plain},
		"an escape of Microsoft's is refused":            {"/%u002e", "", plain},
		"a malformed escape is refused where ambiguous":  {"/a//%zz", "", plain},
		"nothing is refused":                             {"", "", plain},
		"a lone query is refused":                        {"?/a", "", plain},
		"a relative path is refused":                     {"a/b", "", plain},
		"an absolute form is refused":                    {"http://app.example.test/a", "", plain},
		"an asterisk is refused":                         {"*", "", plain},
		"a backslash at the beginning is refused":        {`\a`, "", plain},
		"8 KiB are plain":                                {"/" + strings.Repeat("a", 8<<10-1), "/" + strings.Repeat("a", 8<<10-1), plain},
		"the query doesn't count for the 8 KiB":          {"/a?" + strings.Repeat("a", 8<<10), "/a", plain},
		"K14: more than 8 KiB are refused":               {"/" + strings.Repeat("a", 8<<10), "", plain},
		"K14: a path of 60,000 bytes is refused":         {"/" + strings.Repeat("a", 60_000), "", plain},
		"more than 8 KiB before decoding are refused":    {"/" + strings.Repeat("%61", 3<<10), "", plain},
		"200 KiB of dot segments are refused":            {strings.Repeat("/..", 68<<10), "", plain},
		"200 KiB of malformed escapes are refused":       {"/" + strings.Repeat("%", 200<<10), "", plain},
		"a fragment before a question mark is ambiguous": {"/a#b?c", "/a#b", ambiguous},
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
