package v1alpha1_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// kinds are the CRDs of config/crd, by kind.
var kinds = definitions()

func definitions() map[string]*apiextensionsv1.CustomResourceDefinition {
	files, err := filepath.Glob(filepath.Join(testenv.Root(), "config", "crd", "bases", "*.yaml"))
	if err != nil || len(files) == 0 {
		panic("config/crd/bases holds no CRDs: run make generate")
	}
	byKind := map[string]*apiextensionsv1.CustomResourceDefinition{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		definition := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, definition); err != nil {
			panic(err)
		}
		byKind[definition.Spec.Names.Kind] = definition
	}
	return byKind
}

// schemaOf is the schema of a kind's only version.
func schemaOf(definition *apiextensionsv1.CustomResourceDefinition) *apiextensionsv1.JSONSchemaProps {
	return definition.Spec.Versions[0].Schema.OpenAPIV3Schema
}

// node is a place in a schema. Its path is dotted; "[]" stands for the items of a list.
type node struct {
	path   string
	name   string // of the property; empty for items
	schema *apiextensionsv1.JSONSchemaProps
}

// walk lists the node and all below it, in a fixed order; metadata is Kubernetes' own and left out.
func walk(at node) []node {
	nodes := []node{at}
	for _, name := range slices.Sorted(maps.Keys(at.schema.Properties)) {
		path := name
		if at.path == "" && name == "metadata" {
			continue
		}
		if at.path != "" {
			path = at.path + "." + name
		}
		child := at.schema.Properties[name]
		nodes = append(nodes, walk(node{path: path, name: name, schema: &child})...)
	}
	if at.schema.Items != nil {
		nodes = append(nodes, walk(node{path: at.path + "[]", schema: at.schema.Items.Schema})...)
	}
	return nodes
}

var _ = Describe("Every definition", func() {
	for kind, definition := range kinds {
		It("makes "+kind+" easy to find", func() {
			Expect(definition.Spec.Names.ShortNames).To(HaveLen(1))
			Expect(definition.Spec.Names.ShortNames[0]).To(HavePrefix("lk"))
			Expect(definition.Spec.Names.Categories).To(ConsistOf("latchkey"))
			Expect(definition.Spec.Scope).To(Equal(apiextensionsv1.NamespaceScoped))
			Expect(definition.Spec.Versions[0].AdditionalPrinterColumns).NotTo(BeEmpty())
		})

		It("explains each field of "+kind+" in a sentence that begins with its name", func() {
			Expect(schemaOf(definition).Description).NotTo(BeEmpty())
			for _, n := range walk(node{schema: schemaOf(definition)}) {
				if n.name != "" && n.path != "apiVersion" && n.path != "kind" {
					Expect(n.schema.Description).To(HavePrefix(n.name+" "), n.path)
					Expect(len(strings.Fields(n.schema.Description))).To(BeNumerically(">=", 5), n.path)
					Expect(n.schema.Description).To(HaveSuffix("."), n.path)
				}
			}
		})
	}
})
