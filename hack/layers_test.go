// Package hack_test holds the rules that the tree as a whole keeps.
package hack_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/latchkey-auth/latchkey/"

// client is what talking to the API server takes.
var client = []string{"k8s.io/", "sigs.k8s.io/controller-runtime", "sigs.k8s.io/controller-runtime/"}

// controller is what every controller may import: never another one, never webhook itself.
var controller = slices.Concat(client, []string{
	module + "api/v1alpha1", module + "controllers/replica", module + "controllers/secretwatch",
	module + "webhook/directory", module + "webhook/password", module + "webhook/policy", module + "webhook/token",
	"github.com/go-logr/logr",
})

// layers lists all that each directory may import beyond the standard library, net/http
// included. An entry that ends in / is a prefix. A directory that isn't listed takes the
// entry of the nearest parent.
var layers = map[string][]string{
	"api": {"k8s.io/apimachinery/"},

	"webhook/urlpath":   {},
	"webhook/policy":    {module + "webhook/urlpath"},
	"webhook/redirect":  {module + "webhook/policy", module + "webhook/urlpath"},
	"webhook/password":  {"golang.org/x/crypto/"},
	"webhook/token":     {"github.com/golang-jwt/jwt/v5", "github.com/go-jose/go-jose/v4", "github.com/maypok86/otter/v2", "github.com/go-json-experiment/json/", "github.com/go-json-experiment/json"},
	"webhook/lockout":   {"golang.org/x/time/rate", "github.com/maypok86/otter/v2"},
	"webhook/directory": {module + "webhook/policy", module + "webhook/token"},
	"webhook/refresh":   {},

	"webhook/page":  {"net/http"},
	"webhook/proxy": {"net/http", module + "webhook/policy"},
	"webhook": {
		"net/http", "net/http/pprof",
		module + "webhook/directory", module + "webhook/lockout", module + "webhook/page", module + "webhook/password", module + "webhook/policy", module + "webhook/proxy", module + "webhook/redirect", module + "webhook/refresh", module + "webhook/token", "golang.org/x/sync/singleflight",
		"github.com/go-json-experiment/json", "github.com/go-json-experiment/json/jsontext", "github.com/maypok86/otter/v2",
		"github.com/prometheus/client_golang/", "golang.org/x/net/netutil", "golang.org/x/time/rate",
	},
	"webhook/extauthz": {
		"net/http", module + "webhook", module + "webhook/proxy", "golang.org/x/net/netutil",
		"google.golang.org/grpc", "google.golang.org/grpc/", "google.golang.org/genproto/googleapis/rpc/", "github.com/envoyproxy/go-control-plane/envoy/",
	},
	"webhook/kubernetes": {"net/http", "github.com/prometheus/client_golang/"}, // its rooms say what they need beyond that
	"webhook/cluster":    slices.Concat(client, []string{module + "api/v1alpha1", module + "webhook", module + "webhook/directory", module + "webhook/refresh"}),
	"webhook/kubernetes/admission": slices.Concat(client, []string{
		"net/http", module + "api/v1alpha1", module + "webhook/directory", module + "webhook/policy",
		"github.com/prometheus/client_golang/", "golang.org/x/sync/errgroup",
	}),

	"webhook/kubernetes/review":      {"net/http", "github.com/go-json-experiment/json"},
	"webhook/kubernetes/tokenreview": {"net/http", module + "webhook/directory", module + "webhook/kubernetes/review", "k8s.io/api/authentication/v1", "github.com/go-json-experiment/json", "github.com/go-json-experiment/json/jsontext", "github.com/prometheus/client_golang/"},
	"webhook/kubernetes/authorize":   {"net/http", module + "webhook/directory", module + "webhook/policy", module + "webhook/kubernetes/review", "k8s.io/api/authorization/v1", "github.com/prometheus/client_golang/"},

	"controllers/feed": slices.Concat(controller, []string{"net/http", "github.com/prometheus/client_golang/"}),
	"controllers":      slices.Concat(controller, []string{module + "controllers/"}),

	"controllers/servertime":     {"net/http", "github.com/prometheus/client_golang/"},
	"controllers/controllertest": {"*"}, // only tests import it

	"controllers/webhookcert": slices.Concat(controller, []string{module + "config/webhook", "sigs.k8s.io/yaml"}),

	"config/crd":     {}, // the generated definitions, embedded
	"config/webhook": {}, // what the API server is to ask, embedded

	"cmd": {"*"}, "hack": {"*"},
}

// shared is what every command may import of cmd.
var shared = []string{module + "cmd/prompt", module + "cmd/version"}

// Controllers are rooms of their own below controllers, whose catalog alone knows them all.
func allowed(dir string) []string {
	if strings.HasPrefix(dir, "controllers/") && layers[dir] == nil {
		return controller
	}
	for at := dir; at != "."; at = filepath.Dir(at) {
		if list, found := layers[at]; found {
			return list
		}
	}
	return nil
}

func TestEveryPackageImportsOnlyWhatItsLayerMay(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && entry.Name() != "..":
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel("..", path)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(rel))
		seen[dir] = true
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if !may(dir, imported) {
				t.Errorf("%s may not import %s", rel, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range layers {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), func(s string) bool { return s == dir || strings.HasPrefix(s, dir+"/") }) {
			t.Errorf("%s holds no Go files: take it out of the table", dir)
		}
	}
}

func may(dir, imported string) bool {
	if strings.HasPrefix(imported, module+"cmd/") && !strings.HasPrefix(imported, module+command(dir)+"/") {
		// Nobody imports cmd; a command has rooms of its own, which may know each other, and some that all commands share.
		return strings.HasPrefix(dir, "cmd/") && slices.Contains(shared, imported)
	}
	if !strings.Contains(imported, ".") && !strings.HasPrefix(imported, "net/http") {
		return true // the standard library
	}
	return slices.ContainsFunc(allowed(dir), func(rule string) bool {
		return rule == "*" || rule == imported || strings.HasSuffix(rule, "/") && strings.HasPrefix(imported, rule)
	})
}

// command is the folder of the command that a directory belongs to, or the directory itself.
func command(dir string) string {
	if parts := strings.Split(dir, "/"); parts[0] == "cmd" && len(parts) > 2 {
		return strings.Join(parts[:2], "/")
	}
	return dir
}

func TestTheLayersBite(t *testing.T) {
	for name, breach := range map[string][2]string{
		"a pure package that imports Kubernetes":         {"webhook/policy", "k8s.io/api/core/v1"},
		"a pure package that imports net/http":           {"webhook/token", "net/http"},
		"the service that imports the kinds":             {"webhook", module + "api/v1alpha1"},
		"a controller that imports another":              {"controllers/user", module + "controllers/role"},
		"a controller that imports the service":          {"controllers/user", module + "webhook"},
		"anybody who imports cmd":                        {"hack/demo", module + "cmd/latchkey"},
		"anybody who imports a room of a command":        {"hack/demo", module + "cmd/latchkey/importing"},
		"a command that imports a room of another":       {"cmd/kubectl-latchkey/decision", module + "cmd/latchkey/importing"},
		"anybody else who imports what commands share":   {"hack/demo", module + "cmd/prompt"},
		"a folder that no rule knows, with a dependency": {"pkg/util", "k8s.io/api/core/v1"},
	} {
		if may(breach[0], breach[1]) {
			t.Errorf("%s is not refused", name)
		}
	}
}
