package config_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// parents are the fields that have fields of their own, dotted, the kind's own among them.
func parents(at string, schema *apiextensionsv1.JSONSchemaProps) []string {
	for schema.Items != nil {
		schema = schema.Items.Schema
	}
	if len(schema.Properties) == 0 {
		return nil
	}
	found := []string{at}
	for name := range schema.Properties {
		if name != "metadata" && name != "conditions" { // Kubernetes' own
			child := schema.Properties[name]
			found = append(found, parents(at+"."+name, &child)...)
		}
	}
	return found
}

var _ = Describe("kubectl explain", func() {
	It("has a description of every field of every kind, under its short name", func(ctx SpecContext) {
		kubeconfig := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
		Expect(os.WriteFile(kubeconfig, environment.Kubeconfig(), 0o600)).To(Succeed())
		asked := 0
		for _, definition := range ofKind[apiextensionsv1.CustomResourceDefinition](render("crd"), "CustomResourceDefinition") {
			for _, path := range parents(definition.Spec.Names.ShortNames[0], definition.Spec.Versions[0].Schema.OpenAPIV3Schema) {
				out, err := exec.CommandContext(ctx, kubectl(), "--kubeconfig", kubeconfig, "explain", path).CombinedOutput()
				Expect(err).NotTo(HaveOccurred(), string(out))
				AddReportEntry(path, strings.TrimSpace(string(out)), ReportEntryVisibilityNever)
				Expect(string(out)).NotTo(ContainSubstring("<no description>"), path)
				asked++
			}
		}
		Expect(asked).To(BeNumerically(">", 20))
	})
})
