package urlpath_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/latchkey-auth/latchkey/webhook/urlpath"
)

func TestCanonical(t *testing.T) {
	const plain, ambiguous = false, true
	for sentence, test := range map[string]struct {
		raw       string
		path      string // refused if empty
		ambiguous bool
	}{
		"the root is plain":                             {"/", "/", plain},
		"a path is plain":                               {"/a/b", "/a/b", plain},
		"a trailing slash is part of the path":          {"/a/", "/a/", plain},
		"an escape is decoded":                          {"/a%20b", "/a b", plain},
		"an escaped letter is that letter":              {"/%61dmin", "/admin", plain},
		"escapes are decoded in either case":            {"/%C3%bc", "/ü", plain},
		"raw UTF-8 is plain":                            {"/ü", "/ü", plain},
		"a plus is a plus":                              {"/a+b", "/a+b", plain},
		"an escaped plus is a plus":                     {"/a%2Bb", "/a+b", plain},
		"other punctuation is plain":                    {"/!$&'()*+,-._~:@=\"<>[]^`{|}", "/!$&'()*+,-._~:@=\"<>[]^`{|}", plain},
		"a dot within a segment is plain":               {"/.well-known/a.b/c...d/..e/f..", "/.well-known/a.b/c...d/..e/f..", plain},
		"K10: case is kept":                             {"/ADMIN/x", "/ADMIN/x", plain},
		"a dot segment is ambiguous":                    {"/a/./b", "/a/./b", ambiguous},
		"a last dot segment is ambiguous":               {"/a/.", "/a/.", ambiguous},
		"a double dot segment is ambiguous":             {"/public/../admin", "/public/../admin", ambiguous},
		"a last double dot segment is ambiguous":        {"/a/..", "/a/..", ambiguous},
		"a first double dot segment is ambiguous":       {"/..", "/..", ambiguous},
		"K02: escaped dots are ambiguous":               {"/public/%2e%2e/admin/x", "/public/%2e%2e/admin/x", ambiguous},
		"K02: upper-case escaped dots are ambiguous":    {"/public/%2E%2E/admin/x", "/public/%2E%2E/admin/x", ambiguous},
		"K02: one escaped dot is ambiguous":             {"/a/%2E/b", "/a/%2E/b", ambiguous},
		"K02: half-escaped dots are ambiguous":          {"/public/.%2e/admin", "/public/.%2e/admin", ambiguous},
		"K02: twice escaped dots are ambiguous":         {"/public/%252e%252e/admin", "/public/%252e%252e/admin", ambiguous},
		"a double slash is ambiguous":                   {"/a//b", "/a//b", ambiguous},
		"a first double slash is ambiguous":             {"//admin", "//admin", ambiguous},
		"a last double slash is ambiguous":              {"/a//", "/a//", ambiguous},
		"K03: an escaped slash is ambiguous":            {"/public%2fx", "/public%2fx", ambiguous},
		"K03: an upper-case escaped slash is ambiguous": {"/public%2Fx", "/public%2Fx", ambiguous},
		"K03: dots before an escaped slash":             {"/public/..%2fadmin/x", "/public/..%2fadmin/x", ambiguous},
		"K03: dots between escaped slashes":             {"/public%2f..%2fadmin", "/public%2f..%2fadmin", ambiguous},
		"K04: a backslash is ambiguous":                 {`/public\..\admin`, `/public\..\admin`, ambiguous},
		"K04: an escaped backslash is ambiguous":        {"/public/..%5cadmin", "/public/..%5cadmin", ambiguous},
		"K04: a leading escaped backslash is ambiguous": {"/public/%5C../admin", "/public/%5C../admin", ambiguous},
		"path parameters are ambiguous":                 {"/public/..;/admin", "/public/..;/admin", ambiguous},
		"a path parameter with a value is ambiguous":    {"/a;b=c/d", "/a;b=c/d", ambiguous},
		"an escaped semicolon is ambiguous":             {"/a%3bb", "/a%3bb", ambiguous},
		"K11: an escaped question mark is ambiguous":    {"/admin/x%3f/public/", "/admin/x%3f/public/", ambiguous},
		"K11: a raw fragment is ambiguous":              {"/admin/x#/public/", "/admin/x#/public/", ambiguous},
		"K11: an escaped number sign is ambiguous":      {"/admin%23/public/", "/admin%23/public/", ambiguous},
		"K11: a fragment from proxies.md is ambiguous":  {"/public#/../admin", "/public#/../admin", ambiguous},
		"an escaped per cent is ambiguous":              {"/100%25", "/100%25", ambiguous},
		"an escaped NUL is ambiguous":                   {"/a%00b", "/a%00b", ambiguous},
		"an escaped line break is ambiguous":            {"/a%0d%0ab", "/a%0d%0ab", ambiguous},
		"a raw tab is ambiguous":                        {"/a\tb", "/a\tb", ambiguous},
		"DEL is ambiguous":                              {"/a%7f", "/a%7f", ambiguous},
		"a control above ASCII is ambiguous":            {"/a%c2%85", "/a%c2%85", ambiguous},
		"invalid UTF-8 is ambiguous":                    {"/a%ff", "/a%ff", ambiguous},
		"an overlong slash is ambiguous":                {"/a%c0%afb", "/a%c0%afb", ambiguous},
		"an overlong dot is ambiguous":                  {"/%c0%ae%c0%ae/b", "/%c0%ae%c0%ae/b", ambiguous},
		"a surrogate is ambiguous":                      {"/%ed%a0%80", "/%ed%a0%80", ambiguous},
		"an escape of one digit is refused":             {"/a%2", "", plain},
		"an escape of none is refused":                  {"/a%", "", plain},
		"an escape that is not hexadecimal is refused":  {"/a%zz", "", plain},
		"an escape of Microsoft's is refused":           {"/%u002e", "", plain},
		"a malformed escape is refused where ambiguous": {"/a//%zz", "", plain},
		"nothing is refused":                            {"", "", plain},
		"a relative path is refused":                    {"a/b", "", plain},
		"an absolute form is refused":                   {"http://app.example.test/a", "", plain},
		"an asterisk is refused":                        {"*", "", plain},
		"a backslash at the beginning is refused":       {`\a`, "", plain},
		"8 KiB are plain":                               {"/" + strings.Repeat("a", 8<<10-1), "/" + strings.Repeat("a", 8<<10-1), plain},
		"K14: more than 8 KiB are refused":              {"/" + strings.Repeat("a", 8<<10), "", plain},
		"K14: a path of 60,000 bytes is refused":        {"/" + strings.Repeat("a", 60_000), "", plain},
		"more than 8 KiB before decoding are refused":   {"/" + strings.Repeat("%61", 3<<10), "", plain},
		"200 KiB of dot segments are refused":           {strings.Repeat("/..", 68<<10), "", plain},
		"200 KiB of malformed escapes are refused":      {"/" + strings.Repeat("%", 200<<10), "", plain},
		"dots and spaces within names are plain":        {"/a b/ c/d /e. .f/v1.2/~ann/", "/a b/ c/d /e. .f/v1.2/~ann/", plain},
		"a title in another script is plain":            {"/%E3%81%91%E3%81%84%E3%81%8A%E3%82%93%EF%BC%9F/%C2%ABna%C3%AFve%C2%BB%E2%80%A6/100%EF%BC%85", "/けいおん？/«naïve»…/100％", plain},
		"a lone plus is a name":                         {"/platform/+/refs/++", "/platform/+/refs/++", plain},
		"a colon is plain":                              {"/v1/jobs:cancel/::$DATA", "/v1/jobs:cancel/::$DATA", plain},
		"parentheses are plain":                         {"/Mercury_(planet)/(S)/f(x(y))", "/Mercury_(planet)/(S)/f(x(y))", plain},
		"a cookieless session is ambiguous":             {"/public/(S(x))-not", "/public/(S(x))-not", ambiguous},
		"an escaped cookieless session is ambiguous":    {"/%28a%28x%29f%28y%29%29/admin", "/%28a%28x%29f%28y%29%29/admin", ambiguous},
		"three dots are ambiguous":                      {"/a/.../b", "/a/.../b", ambiguous},
		"two dots and a space are ambiguous":            {"/public/..%20/admin", "/public/..%20/admin", ambiguous},
		"a space and two dots are ambiguous":            {"/public/%20../admin", "/public/%20../admin", ambiguous},
		"two dots and a plus are ambiguous":             {"/public/..+/admin", "/public/..+/admin", ambiguous},
		"a plus and two dots are ambiguous":             {"/public/+../admin", "/public/+../admin", ambiguous},
		"a segment of a space is ambiguous":             {"/a/%20", "/a/%20", ambiguous},
		"a segment of a no-break space is ambiguous":    {"/a/%C2%A0", "/a/%C2%A0", ambiguous},
		"a segment of a zero-width space is ambiguous":  {"/a/..%E2%80%8B", "/a/..%E2%80%8B", ambiguous},
		"full-width dots are ambiguous":                 {"/public/%EF%BC%8E%EF%BC%8E/admin", "/public/%EF%BC%8E%EF%BC%8E/admin", ambiguous},
		"a two-dot leader is ambiguous":                 {"/public/%E2%80%A5/admin", "/public/%E2%80%A5/admin", ambiguous},
		"a full-width slash is ambiguous":               {"/public%EF%BC%8Fx", "/public%EF%BC%8Fx", ambiguous},
		"a full-width backslash is ambiguous":           {"/public%EF%BC%BCx", "/public%EF%BC%BCx", ambiguous},
		"a raw division slash is ambiguous":             {"/public∕x", "/public∕x", ambiguous},
		"a yen sign is ambiguous":                       {"/public/..%C2%A5admin", "/public/..%C2%A5admin", ambiguous},
		"a won sign is ambiguous":                       {"/public/..%E2%82%A9admin", "/public/..%E2%82%A9admin", ambiguous},
		"care of is ambiguous":                          {"/%E2%84%85", "/%E2%84%85", ambiguous},
		"a Greek question mark is ambiguous":            {"/public/..%CD%BE/admin", "/public/..%CD%BE/admin", ambiguous},
	} {
		t.Run(sentence, func(t *testing.T) {
			path, isAmbiguous, err := urlpath.Canonical(test.raw)
			if path != test.path || isAmbiguous != test.ambiguous || (err != nil) != (test.path == "") {
				t.Errorf("Canonical(%.80q) = %.80q, %t, %v; want %.80q, %t", test.raw, path, isAmbiguous, err, test.path, test.ambiguous)
			}
		})
	}
}

func TestCanonicalSaysWhatItRefuses(t *testing.T) {
	for sentence, test := range map[string]struct {
		raw  string
		want error
	}{
		"a relative path":                {"a/b", urlpath.ErrNotAbsolute},
		"nothing":                        {"", urlpath.ErrNotAbsolute},
		"K14: a long path":               {"/" + strings.Repeat("a", urlpath.MaxLength), urlpath.ErrTooLong},
		"K14: a long malformed path":     {"/" + strings.Repeat("%", urlpath.MaxLength), urlpath.ErrTooLong},
		"a malformed escape":             {"/%zz", urlpath.ErrMalformedEscape},
		"a malformed escape and no root": {"%zz", urlpath.ErrNotAbsolute},
	} {
		t.Run(sentence, func(t *testing.T) {
			if _, _, err := urlpath.Canonical(test.raw); !errors.Is(err, test.want) {
				t.Errorf("Canonical(%.80q): %v; want %v", test.raw, err, test.want)
			}
		})
	}
}

// Whoever normalises names by any of Unicode's forms finds no slash, backslash,
// semicolon of a normal form, or segment of dots and spaces that wasn't seen before.
func TestEveryCharacterThatNormalisesToATrickIsAmbiguous(t *testing.T) {
	found := 0
	for r := rune(0x80); r <= 0x10ffff; r++ {
		compatible := norm.NFKC.String(string(r))
		tricky := strings.ContainsAny(compatible, `/\`) || strings.Contains(norm.NFC.String(string(r)), ";") || strings.Trim(compatible, ". ") == ""
		if tricky {
			found++
			if urlpath.IsPlain("/" + string(r)) {
				t.Errorf("%q (%U) becomes %q, and is plain", r, r, compatible)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d such characters found; that can't be all", found)
	}
}
