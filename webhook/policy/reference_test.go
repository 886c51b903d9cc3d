package policy_test

import (
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// The reference is a second matcher, written from http.md and api.md alone: slow
// regular expressions, rule after rule, and nothing shared with the package.

// referenceRoles returns every role, reserved ones included, that has a rule
// for the request and is effective for a user (nil: for everyone) who holds
// these names.
func referenceRoles(roles []policy.Role, held *[]string, method, host, target string) map[string]bool {
	allowing := map[string]bool{}
	canonical, ok := referenceHost(host)
	path, plain, valid := referencePath(target)
	if !ok || !valid || !methodForm.MatchString(method) {
		return allowing
	}
	for _, name := range referenceEffective(roles, held) {
		for _, role := range roles {
			if role.Name != name {
				continue
			}
			for _, rule := range role.Rules {
				if referenceValid(rule) && referenceRule(rule, method, canonical, path, plain) {
					allowing[name] = true
				}
			}
		}
	}
	return allowing
}

func referenceEffective(roles []policy.Role, held *[]string) []string {
	if held == nil {
		return only(roles, "anonymous")
	}
	effective := append(only(roles, "anonymous"), only(roles, "authenticated")...)
	for _, name := range *held {
		if name != "anonymous" && name != "authenticated" {
			effective = append(effective, only(roles, name)...)
		}
	}
	for again := true; again; {
		again = false
		for _, role := range roles {
			if role.Name == "anonymous" || role.Name == "authenticated" || !slices.Contains(effective, role.Name) {
				continue
			}
			for _, include := range role.Includes {
				if include == "anonymous" || include == "authenticated" || slices.Contains(effective, include) {
					continue
				}
				if added := only(roles, include); len(added) > 0 {
					effective = append(effective, added...)
					again = true
				}
			}
		}
	}
	return effective
}

// only returns name if exactly one role has it.
func only(roles []policy.Role, name string) []string {
	times := 0
	for _, role := range roles {
		if role.Name == name && name != "" {
			times++
		}
	}
	if times != 1 {
		return nil
	}
	return []string{name}
}

const (
	hostLabel = `[A-Za-z0-9-]{1,63}`
	blank     = `.\x{2024}-\x{2026}\x{fe19}\x{fe30}\x{fe52}\x{ff0e}\p{Z}\p{Cf}` // within brackets
)

var (
	methodForm      = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")
	hostForm        = regexp.MustCompile(`^(` + hostLabel + `(?:\.` + hostLabel + `)*)\.?(?::([1-9][0-9]{0,4}))?$`)
	literalForm     = regexp.MustCompile(`^\[([0-9A-Fa-f:.]+)\](?::([1-9][0-9]{0,4}))?$`)
	anyPort         = regexp.MustCompile(`^[^\[]*:|\]:`)
	pathForm        = regexp.MustCompile(`^(?:/(?:[^*/]+|\*))*(?:/(?:\*\*)?)?$`)
	beforeQuery     = regexp.MustCompile(`^[^?]*`)
	malformedEscape = regexp.MustCompile(`%(?:$|[^0-9A-Fa-f]|[0-9A-Fa-f](?:$|[^0-9A-Fa-f]))`)
	escape          = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	treacherous     = regexp.MustCompile(`//|(?:^|/)\+*[` + blank + `][+` + blank + `]*(?:/|$)|[\\;?#%\x{37e}]|[\x{a5}\x{20a9}\x{2044}\x{2215}\x{2216}\x{ff0f}\x{ff3c}\x{fe68}\x{2100}\x{2101}\x{2105}\x{2106}]|(?:^|/)\([A-Za-z]\(|\p{Cc}`)
)

func referenceHost(host string) (string, bool) {
	form, literal := hostForm.FindStringSubmatch(host), literalForm.FindStringSubmatch(host)
	var name, port string
	switch {
	case form != nil && len(form[1]) <= 253:
		name, port = strings.ToLower(form[1]), form[2]
	case literal != nil && strings.Contains(literal[1], ":") && net.ParseIP(literal[1]) != nil:
		ip := net.ParseIP(literal[1])
		name, port = ip.String(), literal[2]
		if ip.To4() != nil { // net prints a mapped address as IPv4
			name = "::ffff:" + ip.To4().String()
		}
		name = "[" + name + "]"
	default:
		return "", false
	}
	number, _ := strconv.Atoi(port)
	return name, number <= 65535
}

func referencePath(target string) (path string, plain, valid bool) {
	path = beforeQuery.FindString(target)
	if path == "" || path[0] != '/' || len(path) > 8192 || malformedEscape.MatchString(path) {
		return "", false, false
	}
	decoded := escape.ReplaceAllStringFunc(path, func(e string) string {
		b, _ := strconv.ParseUint(e[1:], 16, 8)
		return string([]byte{byte(b)})
	})
	escapedSlash := strings.Contains(strings.ToLower(strings.Join(escape.FindAllString(path, -1), " ")), "%2f")
	return decoded, !escapedSlash && referencePlain(decoded), true
}

func referencePlain(decoded string) bool {
	return utf8.ValidString(decoded) && !treacherous.MatchString(decoded)
}

func referenceValid(rule policy.Rule) bool {
	for _, host := range rule.Hosts {
		name := strings.TrimPrefix(host, "*.")
		canonical, ok := referenceHost(name)
		hasPort := anyPort.MatchString(name)
		if host != "*" && (!ok || hasPort || name != host && canonical[0] == '[') {
			return false
		}
	}
	for _, path := range rule.Paths {
		if path == "" || utf8.RuneCountInString(path) > 512 || !pathForm.MatchString(path) || !referencePlain(path) {
			return false
		}
	}
	for _, method := range rule.Methods {
		if !methodForm.MatchString(method) {
			return false
		}
	}
	return len(rule.Hosts) > 0 && len(rule.Paths) > 0 && len(rule.Methods) > 0
}

func referenceRule(rule policy.Rule, method, host, path string, plain bool) bool {
	return slices.ContainsFunc(rule.Hosts, func(pattern string) bool { return referenceHostMatch(pattern, host) }) &&
		slices.ContainsFunc(rule.Paths, func(pattern string) bool {
			return pattern == "/**" || plain && referencePathMatch(pattern, path)
		}) &&
		slices.ContainsFunc(rule.Methods, func(pattern string) bool {
			return pattern == "*" || pattern == method || pattern == "GET" && method == "HEAD"
		})
}

func referenceHostMatch(pattern, host string) bool {
	if pattern == "*" {
		return true
	}
	name, _ := referenceHost(strings.TrimPrefix(pattern, "*."))
	expression := regexp.QuoteMeta(name)
	if strings.HasPrefix(pattern, "*.") {
		expression = `[a-z0-9-]+\.` + expression
	}
	return regexp.MustCompile(`^` + expression + `$`).MatchString(host)
}

func referencePathMatch(pattern, path string) bool {
	above, below := strings.CutSuffix(pattern, "/**")
	expression := strings.ReplaceAll(regexp.QuoteMeta(above), `\*`, `[^/]+`)
	if below {
		expression += `(?:/.*)?`
	}
	return regexp.MustCompile(`(?s)^` + expression + `$`).MatchString(path)
}
