package main

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// objects are what a rendering consists of, by kind, namespace and name.
type objects map[string]map[string]any

func (o objects) add(t *testing.T, text []byte) {
	t.Helper()
	content := map[string]any{}
	if err := yaml.Unmarshal(text, &content); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(content) == 0 {
		return
	}
	u := unstructured.Unstructured{Object: content}
	key := u.GetKind() + " " + u.GetNamespace() + "/" + u.GetName()
	if o[key] != nil {
		t.Fatalf("%s is there twice", key)
	}
	o[key] = content
}

// helm runs Helm on the chart and returns what it printed.
func helm(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	// Opened in this process, since the test cache doesn't see what Helm reads.
	if err := fs.WalkDir(os.DirFS(filepath.Join("..", "..", "config", "chart")), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			_, err = os.ReadFile(filepath.Join("..", "..", "config", "chart", path))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	binary, err := stack.Helm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), binary, arguments...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir())
	var printed, problems bytes.Buffer
	command.Stdout, command.Stderr = &printed, &problems
	if err := command.Run(); err != nil {
		return printed.String(), errors.New(problems.String() + printed.String())
	}
	return printed.String(), nil
}

// templates are the chart's objects with values, each as --set takes it.
func templates(t *testing.T, in string, values ...string) (objects, error) {
	t.Helper()
	arguments := []string{"template", "latchkey", "../../config/chart", "--namespace", in}
	for _, value := range values {
		arguments = append(arguments, "--set", value)
	}
	printed, err := helm(t, arguments...)
	if err != nil {
		return nil, err
	}
	found := objects{}
	for text := range strings.SplitSeq("\n"+printed, "\n---\n") {
		found.add(t, []byte(text))
	}
	return found, nil
}

const externalURL = "externalURL=https://auth.example.com"

func TestTheChartSaysOfEachObjectWhatKustomizeDoes(t *testing.T) {
	chart, err := templates(t, "latchkey", externalURL, "namespace.create=true")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join("..", ".."))
	rendered, err := render()
	if err != nil {
		t.Fatal(err)
	}
	kustomize := objects{}
	for _, o := range rendered {
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		kustomize.add(t, text)
	}
	for key, content := range chart {
		if strings.HasPrefix(key, "CustomResourceDefinition ") {
			u := unstructured.Unstructured{Object: content}
			annotations := u.GetAnnotations()
			if annotations["helm.sh/resource-policy"] != "keep" {
				t.Errorf("helm uninstall would delete %s, with all of its objects", key)
			}
			delete(annotations, "helm.sh/resource-policy")
			u.SetAnnotations(annotations)
		}
	}
	if len(kustomize) < 25 {
		t.Errorf("config/default has %d objects only", len(kustomize))
	}
	if diff := cmp.Diff(kustomize, chart); diff != "" {
		t.Errorf("kustomize (-) and Helm (+); have you run make generate?\n%s", diff)
	}
}

func TestTheChartsCertificatesAreTheComponents(t *testing.T) {
	chart, err := templates(t, "latchkey", externalURL, "certManager.enabled=true")
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(chart, func(key string, _ map[string]any) bool {
		return !strings.HasPrefix(key, "Issuer ") && !strings.HasPrefix(key, "Certificate ")
	})
	text, err := os.ReadFile(filepath.Join("..", "..", "config", "cert-manager", "certificates.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	component := objects{}
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		component.add(t, document)
	}
	if diff := cmp.Diff(component, chart); diff != "" || len(component) != 4 {
		t.Errorf("config/cert-manager (-) and Helm (+):\n%s", diff)
	}
}

func TestValuesChange(t *testing.T) {
	deployment := func(o objects, name string) string {
		text, err := yaml.Marshal(o["Deployment latchkey/"+name])
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	tests := map[string]struct {
		values    []string
		component string
		says      []string // within the Deployment
		objects   []string
		lacks     []string // in any name
	}{
		"the realms that Latchkey has rights in": {
			values:  []string{"realms={team-a,team-b}"},
			objects: []string{"RoleBinding latchkey/latchkey-realm-serve", "RoleBinding team-a/latchkey-realm-serve", "Role team-b/latchkey-realm-controller"},
		},
		"the default realm": {
			values: []string{"defaultRealm=people"}, component: "serve", says: []string{"- --default-realm=people"},
			objects: []string{"RoleBinding people/latchkey-realm-serve"},
			lacks:   []string{"latchkey/latchkey-realm-serve"},
		},
		"whether users are managed over HTTP": {
			values: []string{"userManagement=false"}, component: "serve", says: []string{"- --user-management=false"},
			lacks: []string{"user-management"},
		},
		"whom the client's address is taken from, and when to stop": {
			values:    []string{"trustedProxies={10.0.0.0/8,fd00::/8}", "maxStaleness=30s"},
			component: "serve", says: []string{"- --trusted-proxies=10.0.0.0/8,fd00::/8", "- --max-staleness=30s"},
		},
		"the memory, and Go's limit with it": {
			values:    []string{"serve.resources.limits.memory=1Gi"},
			component: "serve", says: []string{"memory: 1Gi", "value: 921MiB"},
		},
		"the image, by its digest": {
			values:    []string{"image.repository=registry.example.com/latchkey", "image.digest=sha256:" + strings.Repeat("ab", 32)},
			component: "controller", says: []string{"image: registry.example.com/latchkey@sha256:" + strings.Repeat("ab", 32)},
		},
		"where Pods run": {
			values:    []string{"nodeSelector.disk=fast", "priorityClassName=high", "tolerations[0].key=dedicated", "imagePullSecrets[0].name=mine"},
			component: "controller", says: []string{"disk: fast", "priorityClassName: high", "- key: dedicated", "- name: mine"},
		},
		"the flags": {
			values:    []string{"controller.extraArgs={--log-level=debug}"},
			component: "controller", says: []string{"- --log-level=debug"},
		},
		"how many there are; one alone may be drained": {
			values:    []string{"serve.replicas=1", "controller.replicas=3"},
			component: "controller", says: []string{"replicas: 3"},
			objects: []string{"PodDisruptionBudget latchkey/latchkey-controller"},
			lacks:   []string{"PodDisruptionBudget latchkey/latchkey-serve"},
		},
		"whether the API server asks": {
			values: []string{"kubernetes.enabled=false"}, component: "controller", says: []string{"- --admission=false"},
			lacks: []string{"latchkey-kubernetes"},
		},
		"whether there are NetworkPolicies and CRDs": {
			values: []string{"networkPolicies=false", "crds.install=false"},
			lacks:  []string{"NetworkPolicy", "CustomResourceDefinition"},
		},
		"whether cert-manager makes the certificate": {
			values:  []string{"certManager.enabled=true"},
			objects: []string{"Certificate latchkey/latchkey-kubernetes", "Certificate latchkey/latchkey-kubernetes-root", "Issuer latchkey/latchkey-kubernetes", "Issuer latchkey/latchkey-kubernetes-root"},
		},
		"whether there is an Ingress and a PodMonitor": {
			values:  []string{"ingress.enabled=true", "ingress.tlsSecretName=tls", "podMonitor.enabled=true"},
			objects: []string{"Ingress latchkey/latchkey", "PodMonitor latchkey/latchkey"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := templates(t, "latchkey", append(test.values, externalURL)...)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range test.says {
				if text := deployment(found, "latchkey-"+test.component); !strings.Contains(text, line) {
					t.Errorf("the Deployment doesn't say %q:\n%s", line, text)
				}
			}
			names := slices.Sorted(maps.Keys(found))
			for _, key := range test.objects {
				if found[key] == nil {
					t.Errorf("there is no %s, but %q", key, names)
				}
			}
			for _, part := range test.lacks {
				if slices.ContainsFunc(names, func(key string) bool { return strings.Contains(key, part) }) {
					t.Errorf("something has %s in its name: %q", part, names)
				}
			}
		})
	}
}

func TestAReleaseIsWhollyInItsNamespace(t *testing.T) {
	found, err := templates(t, "auth", externalURL, "namespace.create=true")
	if err != nil {
		t.Fatal(err)
	}
	for key, content := range found {
		text, err := yaml.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		for _, elsewhere := range []string{"namespace: latchkey\n", "serviceaccount:latchkey:", "serviceaccounts:latchkey", "request.namespace == 'latchkey'"} {
			if strings.Contains(string(text), elsewhere) {
				t.Errorf("%s says %q", key, elsewhere)
			}
		}
	}
	if found["Namespace /auth"] == nil {
		t.Error("its namespace isn't among it")
	}
}

func TestWrongValuesAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ value, says string }{
		"no external URL":                    {"externalURL=", `externalURL is required: an http or https URL such as https://auth.example.com, not ""`},
		"an external URL without a scheme":   {"externalURL=auth.example.com", `externalURL is required: an http or https URL such as https://auth.example.com, not "auth.example.com"`},
		"an external URL with a query":       {"externalURL=https://auth.example.com?x", "externalURL is required"},
		"a key that nobody knows":            {"replicas=3", "additional properties 'replicas' not allowed"},
		"a misspelt key within":              {"serve.replica=3", "additional properties 'replica' not allowed"},
		"no replicas":                        {"serve.replicas=0", "minimum: got 0, want 1"},
		"a realm that can't be a namespace":  {"realms={Team_A}", "'Team_A' does not match pattern"},
		"a digest that isn't one":            {"image.digest=latest", "'latest' does not match pattern"},
		"memory without a unit":              {"serve.resources.limits.memory=500M", "'500M' does not match pattern"},
		"a proxy by its name":                {"trustedProxies={proxy.example.com}", "does not match pattern"},
		"a time without a unit":              {"maxStaleness=thirty", "does not match pattern"},
		"an argument that isn't a flag":      {"serve.extraArgs={serve}", "does not match pattern"},
		"a yes that is text":                 {"userManagement=maybe", "got string, want boolean"},
		"a pull policy that doesn't exist":   {"image.pullPolicy=Sometimes", "value must be one of 'Always', 'IfNotPresent', 'Never'"},
		"an Ingress of an unknown kind":      {"ingress.host=auth.example.com", "additional properties 'host' not allowed"},
		"what would break out of a manifest": {`image.repository=x\, y: z`, "does not match pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := templates(t, "latchkey", externalURL, test.value)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("it says %v, not %q", err, test.says)
			}
		})
	}
}

func TestHelmLintFindsNothing(t *testing.T) {
	for _, values := range []string{"externalURL=", externalURL} {
		printed, err := helm(t, "lint", "../../config/chart", "--strict", "--set", values)
		if err != nil || strings.Contains(printed, "WARNING") {
			t.Errorf("%s: %v\n%s", values, err, printed)
		}
	}
}
