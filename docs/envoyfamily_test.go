package docs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// fields are the paths of everything that a YAML text sets, an entry of a list being [].
func fields(t *testing.T, text string) []string {
	t.Helper()
	var value any
	data, err := yaml.YAMLToJSONStrict([]byte(text))
	if err == nil {
		err = yaml.Unmarshal(data, &value)
	}
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for name, below := range v {
				walk(path+"."+name, below)
			}
			if len(v) == 0 {
				found = append(found, path+"={}")
			}
		case []any:
			for _, below := range v {
				walk(path+"[]", below)
			}
		default:
			found = append(found, fmt.Sprintf("%s=%v", strings.TrimPrefix(path, "."), v))
		}
	}
	walk("", value)
	slices.Sort(found)
	return found
}

// names are the fields that may be set, as the API of each kind calls them.
func names(t *testing.T, kind string) []string {
	t.Helper()
	object := []string{"apiVersion", "kind", "metadata.name", "metadata.namespace"}
	switch kind {
	case "HTTPRoute": // gateway.networking.k8s.io/v1, HTTPExternalAuthFilter of the experimental channel
		return append(object, "spec.parentRefs[].name", "spec.parentRefs[].namespace", "spec.hostnames[]",
			"spec.rules[].filters[].type", "spec.rules[].filters[].requestHeaderModifier.remove[]",
			"spec.rules[].filters[].externalAuth.protocol",
			"spec.rules[].filters[].externalAuth.backendRef.name", "spec.rules[].filters[].externalAuth.backendRef.namespace", "spec.rules[].filters[].externalAuth.backendRef.port",
			"spec.rules[].filters[].externalAuth.grpc.allowedHeaders[]",
			"spec.rules[].filters[].externalAuth.http.path", "spec.rules[].filters[].externalAuth.http.allowedHeaders[]", "spec.rules[].filters[].externalAuth.http.allowedResponseHeaders[]",
			"spec.rules[].backendRefs[].name", "spec.rules[].backendRefs[].port")
	case "ReferenceGrant": // gateway.networking.k8s.io/v1beta1
		return append(object, "spec.from[].group", "spec.from[].kind", "spec.from[].namespace", "spec.to[].group", "spec.to[].kind", "spec.to[].name")
	case "SecurityPolicy": // gateway.envoyproxy.io/v1alpha1
		return append(object, "spec.targetRefs[].group", "spec.targetRefs[].kind", "spec.targetRefs[].name",
			"spec.extAuth.failOpen", "spec.extAuth.timeout", "spec.extAuth.headersToExtAuth[]",
			"spec.extAuth.grpc.backendRefs[].name", "spec.extAuth.grpc.backendRefs[].namespace", "spec.extAuth.grpc.backendRefs[].port",
			"spec.extAuth.http.backendRefs[].name", "spec.extAuth.http.backendRefs[].namespace", "spec.extAuth.http.backendRefs[].port",
			"spec.extAuth.http.path", "spec.extAuth.http.headersToBackend[]")
	case "AuthorizationPolicy": // security.istio.io/v1
		return append(object, "spec.targetRefs[].group", "spec.targetRefs[].kind", "spec.targetRefs[].name", "spec.action", "spec.provider.name", "spec.rules[]")
	case "": // Istio's MeshConfig
		const provider = "meshConfig.extensionProviders[]."
		return []string{
			provider + "name",
			provider + "envoyExtAuthzGrpc.service", provider + "envoyExtAuthzGrpc.port", provider + "envoyExtAuthzGrpc.timeout", provider + "envoyExtAuthzGrpc.failOpen", provider + "envoyExtAuthzGrpc.statusOnError",
			provider + "envoyExtAuthzHttp.service", provider + "envoyExtAuthzHttp.port", provider + "envoyExtAuthzHttp.timeout", provider + "envoyExtAuthzHttp.failOpen", provider + "envoyExtAuthzHttp.statusOnError",
			provider + "envoyExtAuthzHttp.pathPrefix", provider + "envoyExtAuthzHttp.includeRequestHeadersInCheck[]", provider + "envoyExtAuthzHttp.headersToUpstreamOnAllow[]",
		}
	default:
		t.Fatalf("nobody has said what a %s may hold", kind)
		return nil
	}
}

// within puts the part of an object that a page shows into the place where it belongs.
func within(text string) string {
	indented := "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
	switch {
	case strings.HasPrefix(text, "filters:"):
		return "kind: HTTPRoute\nspec:\n  rules:\n  - " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
	case strings.HasPrefix(text, "extAuth:"):
		return "kind: SecurityPolicy\nspec:\n" + indented
	default:
		return text
	}
}

// A field that an API doesn't know is pruned without a word, and then nobody is asked.
func TestTheFamilyOfEnvoyIsSetUpByFieldsThatExist(t *testing.T) {
	for name, test := range map[string]struct{ must, overHTTP []string }{
		"istio": {
			must: []string{
				"meshConfig.extensionProviders[].envoyExtAuthzGrpc.failOpen=false", "meshConfig.extensionProviders[].envoyExtAuthzGrpc.port=9191",
				"meshConfig.extensionProviders[].envoyExtAuthzGrpc.statusOnError=403", "spec.action=CUSTOM", ".spec.rules[]={}", "spec.provider.name=latchkey",
			},
			overHTTP: []string{
				"meshConfig.extensionProviders[].envoyExtAuthzHttp.failOpen=false", "meshConfig.extensionProviders[].envoyExtAuthzHttp.port=8080",
				"meshConfig.extensionProviders[].envoyExtAuthzHttp.pathPrefix=/check/envoy", "meshConfig.extensionProviders[].envoyExtAuthzHttp.includeRequestHeadersInCheck[]=cookie",
			},
		},
		"envoy-gateway": {
			must:     []string{"spec.extAuth.failOpen=false", "spec.extAuth.grpc.backendRefs[].port=9191", "spec.extAuth.headersToExtAuth[]=authorization", "spec.extAuth.headersToExtAuth[]=cookie"},
			overHTTP: []string{"spec.extAuth.http.backendRefs[].port=8080", "spec.extAuth.http.path=/check/envoy"},
		},
		"gateway-api": {
			must: []string{
				"spec.rules[].filters[].externalAuth.protocol=GRPC", "spec.rules[].filters[].externalAuth.backendRef.port=9191",
				"spec.rules[].filters[].externalAuth.grpc.allowedHeaders[]=authorization", "spec.rules[].filters[].externalAuth.grpc.allowedHeaders[]=cookie",
			},
			overHTTP: []string{
				"spec.rules[].filters[].externalAuth.protocol=HTTP", "spec.rules[].filters[].externalAuth.backendRef.port=8080",
				"spec.rules[].filters[].externalAuth.http.path=/check/envoy", "spec.rules[].filters[].externalAuth.http.allowedHeaders[]=cookie",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sample := read(t, "config/samples/proxies/"+name+".yaml")
			shown := blocks(read(t, "docs/proxies/"+name+".md"), "yaml")
			if len(shown) != 2 || shown[0] != sample {
				t.Fatalf("docs/proxies/%s.md has to show the sample, and then how to ask over HTTP", name)
			}
			overGRPC := known(t, sample)
			for _, want := range append(test.must, "spec.rules[].filters[].requestHeaderModifier.remove[]=Authorization") {
				if !slices.Contains(overGRPC, want) {
					t.Errorf("the sample lacks %s", want)
				}
			}
			overHTTP := known(t, within(shown[1]))
			for _, want := range test.overHTTP {
				if !slices.Contains(overHTTP, want) {
					t.Errorf("over HTTP %s is missing", want)
				}
			}
			var identity []string
			for _, field := range overHTTP {
				if _, header, found := strings.Cut(field, "=x-auth-request-"); found {
					identity = append(identity, header)
				}
			}
			if !slices.Equal(identity, []string{"email", "groups", "uid", "user"}) {
				t.Errorf("over HTTP the app gets %q", identity)
			}
		})
	}
}

// known returns the fields of a file of objects, each of which must be one that its kind has.
func known(t *testing.T, file string) []string {
	t.Helper()
	var all []string
	for document := range strings.SplitSeq(file, "\n---\n") {
		var object struct{ Kind string }
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		may := names(t, object.Kind)
		for _, field := range fields(t, document) {
			name, _, _ := strings.Cut(strings.TrimPrefix(field, "."), "=")
			if !slices.Contains(may, name) {
				t.Errorf("%s has no field %s", object.Kind, name)
			}
			all = append(all, field)
		}
	}
	return all
}
