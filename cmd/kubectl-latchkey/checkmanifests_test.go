package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/manifests"
)

// inFolder writes files into a folder of the spec's own.
func inFolder(files map[string]string) string {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	for name, text := range files {
		Expect(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)).To(Succeed())
	}
	return dir
}

// refused is what the API server says of a manifest, sorted.
func refused(ctx SpecContext, manifest string) []string {
	GinkgoHelper()
	o := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(manifest), &o.Object)).To(Succeed())
	if o.GetNamespace() == "" {
		o.SetNamespace("default")
	}
	err := api.Create(ctx, o, client.DryRunAll, client.FieldValidation("Strict"))
	var status apierrors.APIStatus
	Expect(errors.As(err, &status)).To(BeTrue(), "%v", err)
	if message := status.Status().Message; strings.Contains(message, "strict decoding error") {
		_, fields, _ := strings.Cut(message, "strict decoding error: ")
		return slices.Sorted(slices.Values(strings.Split(fields, ", ")))
	}
	var said []string
	for _, cause := range status.Status().Details.Causes {
		said = append(said, strings.TrimPrefix(cause.Field, "<nil>")+": "+cause.Message)
	}
	slices.Sort(said)
	return said
}

// found is what check-manifests says of a manifest, in the same form.
func found(ctx SpecContext, manifest string) []string {
	GinkgoHelper()
	got := run(ctx, "check-manifests", inFolder(map[string]string{"a.yaml": manifest}), "-o", "json")
	Expect(got.Code).To(Equal(exitNo), got.ErrOut)
	var report manifests.Report
	Expect(json.Unmarshal([]byte(got.Out), &report)).To(Succeed())
	var said []string
	for _, f := range report.Findings {
		if f.Message == "unknown field" {
			said = append(said, fmt.Sprintf("unknown field %q", f.Field))
			continue
		}
		said = append(said, f.Field+": "+f.Message)
	}
	slices.Sort(said)
	return said
}

var _ = Describe("check-manifests", func() {
	DescribeTable("says what the API server says of", func(ctx SpecContext, kind, name, spec string) {
		manifest := fmt.Sprintf("apiVersion: auth.latchkey.dev/v1alpha1\nkind: %s\nmetadata: {name: %s}\nspec: %s\n", kind, name, spec)

		want := refused(ctx, manifest)

		Expect(want).NotTo(BeEmpty())
		Expect(found(ctx, manifest)).To(Equal(want))
	},
		Entry("a pattern", "Role", "a", `{rules: [{hosts: ["App.example.com:80"], paths: ["/a//b"], methods: [get]}]}`),
		Entry("a missing field", "Role", "a", `{rules: [{hosts: ["*"], paths: [/]}]}`),
		Entry("an empty list", "Role", "a", `{rules: [{hosts: [], paths: [/], methods: [GET]}]}`),
		Entry("a wrong type", "Role", "a", `{rules: all}`),
		Entry("a name twice in a set", "User", "a", `{roles: [a, a]}`),
		Entry("something too long", "User", "a", `{displayName: "`+strings.Repeat("x", 129)+`"}`),
		Entry("a reserved role", "User", "a", `{roles: [anonymous]}`),
		Entry("includes of a reserved role", "Role", "anonymous", `{includes: [viewer]}`),
		Entry("an unknown value", "Realm", "default", `{tokens: {algorithm: none}}`),
		Entry("a duration", "Realm", "default", `{tokens: {accessTTL: 1d}}`),
		Entry("two fields that contradict each other", "Realm", "default", `{tokens: {accessTTL: 2h, refreshTTL: 1h}}`),
		Entry("a Realm of another name", "Realm", "staging", `{}`),
		Entry("a name that is none", "User", "Ada_L", `{}`),
		Entry("a name with a dot", "User", "ada.l", `{}`),
		Entry("a revocation of two things", "RevokedToken", "r", `{tokenID: a, sessionID: b}`),
		Entry("a revocation of nothing", "RevokedToken", "r", `{}`),
		Entry("a null", "Role", "a", `{rules: [{hosts: null, paths: [/], methods: [GET]}]}`),
		Entry("unknown fields", "Role", "a", `{rulez: [], rules: [{hosts: ["*"], paths: [/], methods: [GET], method: GET}]}`),
	)

	It("finds nothing in what the API server takes", func(ctx SpecContext) {
		samples := filepath.Join("..", "..", "config", "samples")
		got := run(ctx, "check-manifests", samples, "-n", "latchkey")
		Expect(got.Out).To(Equal("9 objects and 13 expected decisions judged, 0 findings\n"))
		Expect(got.Code).To(BeZero())
	})

	It("tells each finding on a line, for CI", func(ctx SpecContext) {
		dir := inFolder(map[string]string{
			"realm.yaml": "apiVersion: auth.latchkey.dev/v1alpha1\nkind: Realm\nmetadata: {name: default}\n",
			"roles.yaml": "apiVersion: auth.latchkey.dev/v1alpha1\nkind: Role\nmetadata: {name: viewer}\nspec: {rules: [{hosts: ['*'], paths: [/**], methods: [GET]}]}\n",
			"who.txt":    "- {holding: [viewer], method: GET, url: 'https://app.example.com/', allow: false}\n- {user: anonymous, method: GET, url: 'https://app.example.com/', allow: false}\n",
		})
		who := filepath.Join(dir, "who.txt")
		got := run(ctx, "check-manifests", dir, "--expect", who)
		Expect(got.Code).To(Equal(exitNo))
		Expect(got.ErrOut).To(BeEmpty())
		Expect(got.Out).To(Equal(who + ", expectation 1: holding viewer GET https://app.example.com/: expected allow: false, but allowed (200): rules[0] of Role viewer, held through viewer\n" +
			"2 objects and 2 expected decisions judged, 1 finding\n"))
	})

	It("needs no cluster and no kubeconfig, but files", func(ctx SpecContext) {
		got := run(ctx, "check-manifests", filepath.Join(GinkgoT().TempDir(), "missing"), "--server", "https://127.0.0.1:1")
		Expect(got.Code).To(Equal(exitFailed))
		Expect(got.ErrOut).To(HaveSuffix("no such file or directory\n"))
		Expect(run(ctx, "check-manifests").Code).To(Equal(exitFailed))
		samples := filepath.Join("..", "..", "config", "samples")
		Expect(run(ctx, "check-manifests", samples, "-n", "latchkey", "--server", "https://127.0.0.1:1").Code).To(BeZero())
	})
})
