package urlpath_test

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// What backends do with paths, in pieces.

var (
	wellFormed   = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	doubledSlash = regexp.MustCompile(`//+`)
	parameters   = regexp.MustCompile(`;[^/]*`)
	escapedDot   = regexp.MustCompile(`(?i)%2e`)
	escapedSlash = regexp.MustCompile(`(?i)%(2f|5c)`)
	cookieless   = regexp.MustCompile(`/\(([A-Za-z]\([^/()]*\))+\)`)
	overlong     = strings.NewReplacer("\xc0\xae", ".", "\xc0\xaf", "/")
	invisible    = strings.NewReplacer("\u200b", "", "\u200c", "", "\u200d", "", "\u200e", "", "\u200f", "", "\u00ad", "", "\u2060", "", "\ufeff", "")
	// bestFit is of the code pages 1252 (Western), 932 (Japanese) and 949 (Korean) what becomes a
	// character with a meaning to the file system.
	bestFit = strings.NewReplacer("¥", `\`, "₩", `\`, "⁄", "/", "∕", "/", "∖", `\`, "／", "/", "＼", `\`, "．", ".", "․", ".", "\u3000", " ", "\u00a0", " ")
)

func cutQuery(s string) string         { s, _, _ = strings.Cut(s, "?"); return s }
func cutFragment(s string) string      { s, _, _ = strings.Cut(s, "#"); return s }
func cutAtNUL(s string) string         { s, _, _ = strings.Cut(s, "\x00"); return s }
func slashes(s string) string          { return strings.ReplaceAll(s, `\`, "/") }
func pluses(s string) string           { return strings.ReplaceAll(s, "+", " ") }
func stripTabs(s string) string        { return strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(s) }
func mergeSlashes(s string) string     { return doubledSlash.ReplaceAllString(s, "/") }
func dropParameters(s string) string   { return parameters.ReplaceAllString(s, "") }
func dotsDecoded(s string) string      { return escapedDot.ReplaceAllString(s, ".") }
func slashesDecoded(s string) string   { return escapedSlash.ReplaceAllString(s, "/") }
func nginxDecode(s string) string      { return decode(cutQuery(cutFragment(s))) }
func withoutExtension(s string) string { return strings.TrimSuffix(s, path.Ext(s)) }
func beforeColon(s string) string      { s, _, _ = strings.Cut(s, ":"); return s }
func folded(s string) string           { return strings.ToLower(strings.ToUpper(s)) }
func compatible(s string) string       { return norm.NFKC.String(s) }

// decode decodes the escapes that are well-formed and leaves the others.
func decode(s string) string {
	return wellFormed.ReplaceAllStringFunc(s, func(e string) string {
		b, _ := url.PathUnescape(e)
		return b
	})
}

// eachSegment gives each segment another name. What would be left without one keeps its own: an
// empty name is no file's and no route's.
func eachSegment(s string, rename func(string) string) string {
	segments := strings.Split(s, "/")
	for i, segment := range segments {
		if renamed := rename(segment); renamed != "" {
			segments[i] = renamed
		}
	}
	return strings.Join(segments, "/")
}

func trimmed(s string) string { return strings.TrimFunc(s, unicode.IsSpace) }

// withoutEnd takes off the dots and spaces that Windows drops at the end of a name; of dots and
// spaces alone it leaves the dots that may mean something.
func withoutEnd(s string) string {
	if name := strings.TrimRight(s, ". "); name != "" {
		return name
	}
	return strings.TrimRight(s, " ")
}

func windows(s string) string {
	return resolveDots(mergeSlashes(eachSegment(slashes(s), withoutEnd)))
}

// resolveDots is RFC 3986 section 5.2.4: empty segments stay.
func resolveDots(s string) string {
	if !strings.HasPrefix(s, "/") {
		return ""
	}
	var out []string
	segments := strings.Split(s[1:], "/")
	for i, segment := range segments {
		switch last := i == len(segments)-1; {
		case segment == ".." && len(out) > 0:
			out = out[:len(out)-1]
			fallthrough
		case segment == "." || segment == "..":
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, segment)
		}
	}
	return "/" + strings.Join(out, "/")
}

// clean resolves and merges, and keeps a last slash.
func clean(s string) string {
	cleaned := path.Clean("/" + s)
	if cleaned != "/" && strings.HasSuffix(s, "/") {
		cleaned += "/"
	}
	return cleaned
}
