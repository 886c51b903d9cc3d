package config_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// render is what kubectl kustomize makes of a folder of config.
func render(folder ...string) []*unstructured.Unstructured {
	GinkgoHelper()
	path := filepath.Join(folder...)
	if rendered[path] == nil {
		readAll()
		command := exec.Command(kubectl(), "kustomize", path)
		var problems bytes.Buffer
		command.Stderr = &problems
		manifests, err := command.Output()
		Expect(err).NotTo(HaveOccurred(), problems.String())
		rendered[path] = manifests
	}
	return decode(rendered[path])
}

// rendered is what render had from kubectl, by folder.
var rendered = map[string][]byte{}

// readAll opens every file of config in this process: the test cache doesn't see what kubectl reads.
func readAll() {
	GinkgoHelper()
	Expect(fs.WalkDir(os.DirFS("."), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			_, err = os.ReadFile(path)
		}
		return err
	})).To(Succeed())
}

// kubectl is the one on PATH, else the one beside the control plane.
func kubectl() string {
	GinkgoHelper()
	if path, err := exec.LookPath("kubectl"); err == nil {
		return path
	}
	assets, err := testenv.Assets()
	Expect(err).NotTo(HaveOccurred())
	return filepath.Join(assets, "kubectl")
}

func decode(manifests []byte) []*unstructured.Unstructured {
	GinkgoHelper()
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return objects
		}
		Expect(err).NotTo(HaveOccurred())
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

// apply applies objects server-side, as kubectl apply --server-side does, and returns what then stands there.
func apply(ctx context.Context, objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	GinkgoHelper()
	var applied []*unstructured.Unstructured
	for _, object := range objects {
		name := object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
		configuration := client.ApplyConfigurationFromUnstructured(object.DeepCopy())
		Expect(api.Apply(ctx, configuration, client.FieldOwner("kubectl"), client.ForceOwnership)).To(Succeed(), name)
		now := object.DeepCopy()
		Expect(api.Get(ctx, client.ObjectKeyFromObject(object), now)).To(Succeed(), name)
		applied = append(applied, now)
	}
	return applied
}

func namespaces(names ...string) []*unstructured.Unstructured {
	var objects []*unstructured.Unstructured
	for _, name := range names {
		objects = append(objects, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
		}})
	}
	return objects
}

// ofKind are the objects of a kind, as its Go type.
func ofKind[T any](objects []*unstructured.Unstructured, kind string) []*T {
	GinkgoHelper()
	var typed []*T
	for _, object := range objects {
		if object.GetKind() == kind {
			t := new(T)
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, t, true)).To(Succeed())
			typed = append(typed, t)
		}
	}
	return typed
}

var _ = Describe("A kustomization", func() {
	DescribeTable("has every manifest of its folder", func(folder string, but ...string) {
		text, err := os.ReadFile(filepath.Join(folder, "kustomization.yaml"))
		Expect(err).NotTo(HaveOccurred())
		files, err := fs.Glob(os.DirFS(folder), "*.yaml")
		Expect(err).NotTo(HaveOccurred())
		inBases, err := fs.Glob(os.DirFS(folder), "bases/*.yaml")
		Expect(err).NotTo(HaveOccurred())
		for _, file := range append(files, inBases...) {
			if file != "kustomization.yaml" && !slices.Contains(but, file) {
				Expect(strings.Split(string(text), "\n")).To(ContainElement("- " + file))
			}
		}
	},
		Entry("crd", "crd"),
		Entry("rbac", "rbac"),
		Entry("rbac/rights", "rbac/rights"),
		Entry("realm", "realm"),
		Entry("cert-manager", "cert-manager"),
		Entry("realm/rights", "realm/rights"),
		Entry("manager", "manager"),
		Entry("kubernetes", "kubernetes"),
		Entry("admission", "admission"),
		Entry("samples, but for the passwords and the expected decisions", "samples", "users-secrets.example.yaml", "who-may-what.latchkey-test.yaml"),
	)

	It("applied again by kubectl, from the client's side, changes nothing", func(ctx SpecContext) {
		kubeconfig := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
		Expect(os.WriteFile(kubeconfig, environment.Kubeconfig(), 0o600)).To(Succeed())
		again := func() string {
			out, err := exec.CommandContext(ctx, kubectl(), "--kubeconfig", kubeconfig, "apply", "-k", "samples").CombinedOutput()
			Expect(err).NotTo(HaveOccurred(), string(out))
			return strings.TrimSpace(string(out))
		}
		again()
		Expect(strings.Split(again(), "\n")).To(HaveEach(HaveSuffix(" unchanged")))
	})

	DescribeTable("applied again changes nothing", func(ctx SpecContext, folder ...string) {
		objects := render(folder...)
		first := apply(ctx, objects)

		second := apply(ctx, objects)

		Expect(first).NotTo(BeEmpty())
		for i, object := range second {
			Expect(object.GetResourceVersion()).To(Equal(first[i].GetResourceVersion()), object.GetKind()+" "+object.GetName())
		}
	},
		Entry("default", "default"),
		Entry("samples", "samples"),
		Entry("another realm", "testdata", "team-a"),
	)
})
