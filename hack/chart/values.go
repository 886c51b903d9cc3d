package main

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// substitute puts expressions into an object where values may change it.
func substitute(o *unstructured.Unstructured, m *marks) error {
	place(o, m)
	switch o.GetKind() {
	case "CustomResourceDefinition":
		annotations := o.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations["helm.sh/resource-policy"] = "keep" // with a CRD goes every object of its kind
		o.SetAnnotations(annotations)
	case "Deployment":
		return deployment(o.Object, component(o.GetName()), m)
	}
	return nil
}

// place moves an object to where the release or the realm is.
func place(o *unstructured.Unstructured, m *marks) {
	here := m.inline("{{ $.Release.Namespace }}")
	switch {
	case o.GetKind() == "Namespace":
		o.SetName(here)
	case ofRealm(o):
		o.SetNamespace(m.inline("{{ $realm }}"))
	case o.GetNamespace() != "":
		o.SetNamespace(here)
	}
	o.Object = walk(o.Object, func(key, text string) string {
		if key == "namespace" && text == namespace {
			return here
		}
		return named.ReplaceAllString(text, "${1}"+here+"${2}")
	}).(map[string]any)
}

// named is Latchkey's own namespace within an expression of an admission policy.
var named = regexp.MustCompile(`(system:serviceaccounts?:|request\.namespace == ')` + namespace + `([:'])`)

// walk returns a value with each text in it changed, by the key that it stands under.
func walk(value any, change func(key, text string) string) any { return walkUnder("", value, change) }

func walkUnder(key string, value any, change func(key, text string) string) any {
	switch v := value.(type) {
	case string:
		return change(key, v)
	case []any:
		for i := range v {
			v[i] = walkUnder(key, v[i], change)
		}
	case map[string]any:
		for k := range v {
			v[k] = walkUnder(k, v[k], change)
		}
	}
	return value
}

// deployment has the values of a component say how many, where and how its Pods run.
func deployment(content map[string]any, component string, m *marks) error {
	values := "$.Values." + component
	spec := content["spec"].(map[string]any)
	spec["replicas"] = m.inline("{{ " + values + ".replicas }}")
	pod := spec["template"].(map[string]any)["spec"].(map[string]any)
	for _, field := range []string{"nodeSelector", "tolerations", "affinity", "priorityClassName", "imagePullSecrets"} {
		if _, taken := pod[field]; taken {
			return fmt.Errorf("config sets %s, which would be there twice", field)
		}
		pod[m.block("{{- with $.Values."+field+" }}\n"+field+":\n  {{- toYaml . | nindent @ }}\n{{- end }}")] = nil
	}
	containers := pod["containers"].([]any)
	if len(containers) != 1 {
		return fmt.Errorf("%d containers, of which the values know one", len(containers))
	}
	container := containers[0].(map[string]any)
	container["image"] = m.inline(`{{ include "latchkey.image" $ | quote }}`)
	container["imagePullPolicy"] = m.inline("{{ $.Values.image.pullPolicy }}")
	delete(container, "resources")
	container[m.block("resources:\n  {{- toYaml "+values+".resources | nindent @ }}")] = nil
	for _, variable := range container["env"].([]any) {
		if v := variable.(map[string]any); v["name"] == "GOMEMLIMIT" {
			v["value"] = m.inline(`{{ include "latchkey.goMemoryLimit" ` + values + " | quote }}")
		}
	}
	arguments := container["args"].([]any)
	for i, argument := range arguments {
		if strings.HasPrefix(argument.(string), "--external-url=") {
			arguments[i] = m.inline(`{{ printf "--external-url=%s" (include "latchkey.externalURL" $) | quote }}`)
		}
	}
	container["args"] = append(arguments, m.block(`{{- include "latchkey.arguments.`+component+`" $ | nindent @ }}`))
	return nil
}
