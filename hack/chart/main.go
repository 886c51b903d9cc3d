// Command chart writes the generated templates of config/chart: the objects of config/default, with
// expressions where values may change them. So the chart can't lack what kustomize installs.
//
//	main.go      renders, and writes a file for each kind
//	values.go    where a value stands in for what kustomize says
//	guards.go    which objects a value leaves out
//	template.go  objects as text with expressions in them
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const (
	source      = "config/default"
	destination = "config/chart/templates/generated"
	namespace   = "latchkey" // of config/default
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

// generate writes all of destination anew, from the repository's top folder.
func generate() error {
	objects, err := render()
	if err != nil {
		return err
	}
	files := map[string]string{}
	for _, o := range objects {
		text, err := template(o)
		if err != nil {
			return fmt.Errorf("write %s %q: %w", o.GetKind(), o.GetName(), err)
		}
		files[file(o)] += text
	}
	if err := os.RemoveAll(destination); err != nil {
		return err
	}
	if err := os.MkdirAll(destination, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if name == realms {
			text = inEachRealm(text)
		}
		text = "{{- /* Made by hack/chart of " + source + ": change that, and make generate. */ -}}\n" + text
		if err := os.WriteFile(filepath.Join(destination, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// render is what kubectl kustomize makes of source.
func render() ([]*unstructured.Unstructured, error) {
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), source)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", source, err)
	}
	var objects []*unstructured.Unstructured
	for _, resource := range rendered.Resources() {
		content, err := resource.Map()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", resource.CurId(), err)
		}
		objects = append(objects, &unstructured.Unstructured{Object: content})
	}
	return objects, nil
}

// realms is the file of what each realm's namespace gets.
const realms = "realms.yaml"

// file is where an object goes.
func file(o *unstructured.Unstructured) string {
	if ofRealm(o) {
		return realms
	}
	return strings.ToLower(o.GetKind()) + ".yaml"
}
