package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/proxy"
)

// constants are the string constants of a file whose names begin with prefix, by name.
func constants(t *testing.T, path, prefix string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", path), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if !strings.HasPrefix(name.Name, prefix) || i >= len(spec.Values) {
				continue
			}
			if literal, ok := spec.Values[i].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				found[name.Name] = text
			}
		}
		return true
	})
	if len(found) == 0 {
		t.Fatalf("%s has no constant %s…", path, prefix)
	}
	return found
}

// inBackticks says whether a page has text as code of its own.
func inBackticks(page, text string) bool { return strings.Contains(page, "`"+text+"`") }

func TestEveryConditionReasonIsDocumented(t *testing.T) {
	page := read(t, "docs/troubleshooting.md")
	for name, reason := range constants(t, "api/v1alpha1/conditions.go", "Reason") {
		if !inBackticks(page, reason) {
			t.Errorf("docs/troubleshooting.md doesn't say what %s (%s) means", reason, name)
		}
	}
	for _, kind := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionKeysReady, v1alpha1.ConditionEnforced} {
		if !strings.Contains(page, kind) {
			t.Errorf("docs/troubleshooting.md doesn't know the condition %s", kind)
		}
	}
}

func TestEveryCheckReasonIsDocumented(t *testing.T) {
	page := read(t, "docs/check.md")
	reasons := proxy.Reasons()
	for _, reason := range []policy.Reason{
		policy.ReasonNoRule, policy.ReasonPathAmbiguous, policy.ReasonHostInvalid, policy.ReasonPathInvalid, policy.ReasonMethodInvalid,
	} {
		reasons = append(reasons, string(reason))
	}
	for _, reason := range constants(t, "webhook/policy/request.go", "Reason") {
		reasons = append(reasons, reason)
	}
	for _, reason := range constants(t, "webhook/check.go", "reason") {
		reasons = append(reasons, reason)
	}
	for _, reason := range reasons {
		if !strings.Contains(page, "\n| `"+reason+"` |") {
			t.Errorf("docs/check.md doesn't say what to do about %s", reason)
		}
	}
}

func TestEveryErrorCodeIsDocumented(t *testing.T) {
	page := read(t, "docs/http-api.md")
	for _, code := range constants(t, "webhook/respond.go", "code") {
		if !inBackticks(page, code) {
			t.Errorf("docs/http-api.md doesn't say what to do about %s", code)
		}
	}
}

func TestEveryRouteIsDocumented(t *testing.T) {
	page := regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(read(t, "docs/http-api.md"), "{}")
	routes := regexp.MustCompile(`"(/[a-z./{}-]+)"(?:\]|: +\{| +=)`).FindAllStringSubmatch(read(t, "webhook/routes.go"), -1)
	if len(routes) < 10 {
		t.Fatalf("webhook/routes.go seems to have %d routes only", len(routes))
	}
	for _, match := range routes {
		if !strings.Contains(page, match[1]+"`") {
			t.Errorf("docs/http-api.md doesn't have %s", match[1])
		}
	}
}

func TestEveryAuditEventIsDocumented(t *testing.T) {
	page := read(t, "docs/operations.md")
	for _, event := range constants(t, "webhook/audit.go", "event") {
		if !inBackticks(page, event) {
			t.Errorf("docs/operations.md doesn't list the audit event %s", event)
		}
	}
}

func TestEveryMetricIsDocumented(t *testing.T) {
	page := read(t, "docs/operations.md")
	for _, path := range []string{"webhook/metrics.go", "controllers/feed/metrics.go", "controllers/servertime/clock.go", "webhook/kubernetes/metrics.go", "webhook/kubernetes/admission/metrics.go", "webhook/kubernetes/tokenreview/metrics.go", "webhook/kubernetes/authorize/metrics.go"} {
		metrics := regexp.MustCompile(`"(latchkey_[a-z_]+)"`).FindAllStringSubmatch(read(t, path), -1)
		if len(metrics) == 0 {
			t.Errorf("%s seems to have no metrics", path)
		}
		for _, match := range metrics {
			if !inBackticks(page, match[1]) {
				t.Errorf("docs/operations.md doesn't say what %s means", match[1])
			}
		}
	}
}

func TestEveryLogMessageIsDocumented(t *testing.T) {
	page := read(t, "docs/operations.md")
	seen := 0
	for _, folder := range []string{"cmd/latchkey", "controllers/feed", "controllers/replica", "controllers/servertime", "webhook", "webhook/kubernetes", "webhook/kubernetes/admission"} {
		files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, match := range regexp.MustCompile(`\.Info\("([^"]+)"`).FindAllStringSubmatch(read(t, strings.TrimPrefix(filepath.ToSlash(file), "../")), -1) {
				seen++
				message, _, _ := strings.Cut(match[1], ":")
				message, _, _ = strings.Cut(message, ";")
				if !strings.Contains(page, "`"+message) {
					t.Errorf("docs/operations.md doesn't say when %q is logged", message)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("there seem to be %d log messages", seen)
	}
}

func TestEveryFlagIsDocumented(t *testing.T) {
	page := read(t, "docs/install.md")
	for _, path := range []string{"cmd/latchkey/flags.go", "cmd/latchkey/kubernetesflags.go", "cmd/latchkey/hashpassword.go", "cmd/latchkey/import.go"} {
		flags := regexp.MustCompile(`Var\(&[a-zA-Z.]+, "([a-z-]+)"`).FindAllStringSubmatch(read(t, path), -1)
		if len(flags) == 0 {
			t.Errorf("%s seems to have no flags", path)
		}
		for _, match := range flags {
			if !inBackticks(page, "--"+match[1]) {
				t.Errorf("docs/install.md doesn't say what --%s is for", match[1])
			}
		}
	}
}
