package docs_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/hack/proxy"
)

// documented is what a page's configuration stands in front of.
func documented(dir string) proxy.Site {
	return proxy.Site{
		App: "app.default.svc.cluster.local:80", Latchkey: []string{"latchkey.latchkey.svc.cluster.local:8080"},
		GRPC: []string{"latchkey.latchkey.svc.cluster.local:9191"}, Dir: dir,
	}
}

// What people copy, from a page or a sample, is what the end-to-end tests run.
func TestProxyConfigurationsAreTheTestedOnes(t *testing.T) {
	for _, test := range []struct {
		kind                         proxy.Kind
		file, dir                    string
		page, language, sample, name string
	}{
		{proxy.Nginx, "site.conf", "", "nginx.md", "nginx", "nginx.conf", "what nginx includes in http"},
		{proxy.Caddy, "Caddyfile", "", "caddy.md", "caddyfile", "Caddyfile", "Caddy's configuration"},
		{proxy.HAProxy, "haproxy.cfg", "/etc/haproxy", "haproxy.md", "haproxy", "haproxy.cfg", "HAProxy's configuration"},
		{proxy.HAProxy, "latchkey.lua", "/etc/haproxy", "haproxy.md", "lua", "latchkey.lua", "HAProxy's script"},
		{proxy.Traefik, "traefik.yaml", "/etc/traefik", "traefik.md", "yaml", "traefik-static.yaml", "Traefik's own configuration"},
		{proxy.Traefik, "site.yaml", "/etc/traefik", "traefik.md", "yaml", "traefik-file.yaml", "the file of Traefik's file provider"},
		{proxy.EnvoyGRPC, "envoy.yaml", "", "envoy.md", "yaml", "envoy.yaml", "Envoy's configuration over gRPC"},
		{proxy.EnvoyHTTP, "envoy.yaml", "", "envoy.md", "yaml", "envoy-http.yaml", "Envoy's configuration over HTTP"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want, err := documented(test.dir).Text(test.kind, test.file, "0.0.0.0:80")
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(blocks(read(t, "docs/proxies/"+test.page), test.language), want) {
				t.Errorf("no block %q of docs/proxies/%s is what %s makes; it should be:\n%s", test.language, test.page, test.file, want)
			}
			if read(t, "config/samples/proxies/"+test.sample) != want {
				t.Errorf("config/samples/proxies/%s isn't what %s makes; it should be:\n%s", test.sample, test.file, want)
			}
		})
	}
}

// The Middlewares of Kubernetes say what the tested file says.
func TestTheMiddlewaresOfTraefikAreTheTestedOnes(t *testing.T) {
	sample := read(t, "config/samples/proxies/traefik.yaml")
	text, err := documented("").Text(proxy.Traefik, "site.yaml", "0.0.0.0:80")
	if err != nil {
		t.Fatal(err)
	}
	var tested struct {
		HTTP struct {
			Routers     map[string]struct{ Middlewares []string }
			Middlewares map[string]map[string]any
		}
	}
	if err := yaml.Unmarshal([]byte(text), &tested); err != nil {
		t.Fatal(err)
	}
	var order []string
	middlewares := map[string]map[string]any{}
	for document := range strings.SplitSeq(sample, "\n---\n") {
		var object struct {
			Kind     string
			Metadata struct{ Name string }
			Spec     map[string]any
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		switch object.Kind {
		case "Middleware":
			middlewares[object.Metadata.Name] = object.Spec
		case "IngressRoute":
			route := object.Spec["routes"].([]any)[0].(map[string]any)
			for _, m := range route["middlewares"].([]any) {
				order = append(order, m.(map[string]any)["name"].(string))
			}
		}
	}

	if !reflect.DeepEqual(middlewares, tested.HTTP.Middlewares) {
		t.Errorf("Middlewares: got %v, want %v", middlewares, tested.HTTP.Middlewares)
	}
	if want := tested.HTTP.Routers["app"].Middlewares; !slices.Equal(order, want) {
		t.Errorf("order: got %q, want %q", order, want)
	}
	if got := blocks(read(t, "docs/proxies/traefik.md"), "yaml"); !slices.ContainsFunc(got, func(block string) bool { return strings.HasSuffix(sample, block) }) {
		t.Error("no block of docs/proxies/traefik.md is the sample's manifests")
	}
}

func TestTheAnnotationsOfIngressNginxAreTheSamples(t *testing.T) {
	sample := read(t, "config/samples/proxies/ingress-nginx.yaml")
	for _, block := range blocks(read(t, "docs/proxies/ingress-nginx.md"), "yaml") {
		for line := range strings.Lines(block) {
			if strings.HasPrefix(line, "nginx.ingress.kubernetes.io/") && !strings.Contains(sample, "    "+line) {
				t.Errorf("the sample has no annotation %s", line)
			}
		}
	}
	if n := strings.Count(sample, "nginx.ingress.kubernetes.io/"); n != 3 {
		t.Errorf("the sample has %d annotations, want the three of the page", n)
	}
}

// What a route of Envoy says of realm and roles is what the end-to-end tests run.
func TestTheRouteOfEnvoyIsTheTestedOne(t *testing.T) {
	site := documented("")
	site.Check = "/realms/team-a/check/role/editor,lead"
	text, err := site.Text(proxy.EnvoyGRPC, "envoy.yaml", "0.0.0.0:80")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks(read(t, "docs/proxies/envoy.md"), "yaml") {
		if route, found := strings.CutPrefix(block, "routes:\n"); found {
			if !strings.Contains(text, strings.ReplaceAll("\n"+strings.TrimSuffix(route, "\n"), "\n", "\n"+strings.Repeat(" ", 14))+"\n") {
				t.Errorf("the page's route isn't the tested one:\n%s", text)
			}
			return
		}
	}
	t.Error("docs/proxies/envoy.md shows no route")
}
