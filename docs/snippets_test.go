package docs_test

import (
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// blocks are the fenced blocks of a page in one language, also those within a list.
func blocks(page, language string) []string {
	var found []string
	for _, match := range regexp.MustCompile("(?ms)^( *)```"+language+"\n(.*?)^ *```$").FindAllStringSubmatch(page, -1) {
		found = append(found, strings.ReplaceAll("\n"+match[2], "\n"+match[1], "\n")[1:])
	}
	return found
}

// A bad manifest, or a misspelt field, is refused by the API server and would be copied by readers.
func TestEveryManifestIsTakenByTheAPIServer(t *testing.T) {
	environment, err := testenv.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"latchkey", "team-a"} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := environment.Client.Create(t.Context(), namespace); err != nil {
			t.Fatal(err)
		}
	}
	taken := map[string]int{}
	for _, page := range pages(t) {
		for _, block := range blocks(read(t, page), "yaml") {
			for _, document := range strings.Split(block, "\n---\n") {
				object := &unstructured.Unstructured{}
				if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
					t.Errorf("%s: not YAML: %v\n%s", page, err, document)
					continue
				}
				if object.GetKind() == "" || object.GetKind() == "Kustomization" {
					continue // a part of something, or not for the API server
				}
				group := object.GroupVersionKind().Group
				if strings.HasSuffix(group, ".io") && !strings.HasSuffix(group, ".k8s.io") || group == "gateway.networking.k8s.io" {
					continue // a proxy's own kind, which this API server doesn't know
				}
				taken[object.GetKind()]++
				err := environment.Client.Create(t.Context(), object, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
				if err != nil {
					t.Errorf("%s: %v\n%s", page, err, document)
				}
			}
		}
	}
	for _, kind := range []string{"Realm", "Role", "User", "RevokedToken", "Ingress"} {
		if taken[kind] == 0 {
			t.Errorf("no page shows a %s", kind)
		}
	}
}
