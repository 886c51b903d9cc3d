package docs_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// schemaFields are the names of all fields that a schema has at any depth, beside Kubernetes' own.
func schemaFields(schema *apiextensionsv1.JSONSchemaProps, root bool) map[string]*apiextensionsv1.JSONSchemaProps {
	found := map[string]*apiextensionsv1.JSONSchemaProps{}
	for name := range schema.Properties {
		if root && name == "metadata" {
			continue
		}
		field := schema.Properties[name]
		found[name] = &field
		for below, f := range schemaFields(&field, false) {
			found[name+"."+below] = f
		}
	}
	if schema.Items != nil {
		maps.Copy(found, schemaFields(schema.Items.Schema, false))
	}
	return found
}

// Every field has a row, in the table of its type, with what it means: the reference is what people search.
func TestEveryFieldIsInTheReference(t *testing.T) {
	page := read(t, "docs/reference/api.md")
	files, err := filepath.Glob("../config/crd/bases/*.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("config/crd/bases holds %d definitions: %v", len(files), err)
	}
	seen := 0
	for _, file := range files {
		definition := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict([]byte(read(t, strings.TrimPrefix(filepath.ToSlash(file), "../"))), definition); err != nil {
			t.Fatal(err)
		}
		kind := definition.Spec.Names.Kind
		if !strings.Contains(page, "\n#### "+kind+"\n") {
			t.Errorf("docs/reference/api.md has no section for %s", kind)
		}
		all := schemaFields(definition.Spec.Versions[0].Schema.OpenAPIV3Schema, true)
		for _, path := range slices.Sorted(maps.Keys(all)) {
			if strings.Contains(path, "conditions.") {
				continue // Kubernetes' own Condition, to which its row links
			}
			seen++
			name := path[strings.LastIndex(path, ".")+1:]
			meaning := strings.Fields(all[path].Description)
			if path != "apiVersion" && path != "kind" && !hasRow(page, name, meaning) {
				t.Errorf("docs/reference/api.md has no row for %s of %s with its description: run make generate", path, kind)
			}
		}
	}
	if seen < 90 {
		t.Errorf("the five kinds seem to have %d fields", seen)
	}
}

// hasRow says whether a table has a field with a description of these words.
func hasRow(page, name string, meaning []string) bool {
	rows := regexp.MustCompile("(?m)^\\| `"+regexp.QuoteMeta(name)+"` _[^|]*_ \\| (.*)$").FindAllStringSubmatch(page, -1)
	return slices.ContainsFunc(rows, func(row []string) bool {
		text := strings.Join(strings.Fields(strings.NewReplacer("<br />", " ", `\`, "").Replace(row[1])), " ")
		return len(meaning) > 1 && strings.HasPrefix(text, strings.Join(meaning, " "))
	})
}
