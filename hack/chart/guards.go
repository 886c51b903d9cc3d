package main

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ofRealm tells the rights that a namespace gives Latchkey to be a realm: config/realm.
func ofRealm(o *unstructured.Unstructured) bool {
	return strings.HasPrefix(o.GetName(), "latchkey-realm-") && o.GetNamespace() != ""
}

// inEachRealm repeats what one realm gets. The default realm is one; the others are listed.
func inEachRealm(text string) string {
	const each = `{{- range $realm := prepend $.Values.realms (default $.Release.Namespace $.Values.defaultRealm) | uniq }}`
	return each + "\n" + text + "{{- end }}\n"
}

// guards are the conditions under which an object is installed; all of them must hold.
func guards(o *unstructured.Unstructured) []string {
	var all []string
	switch o.GetKind() {
	case "Namespace":
		all = append(all, "$.Values.namespace.create")
	case "CustomResourceDefinition":
		all = append(all, "$.Values.crds.install")
	case "NetworkPolicy":
		all = append(all, "$.Values.networkPolicies")
	case "PodDisruptionBudget": // of one replica it would never let a node be drained
		all = append(all, "gt (int $.Values."+component(o.GetName())+".replicas) 1")
	}
	if strings.HasPrefix(o.GetName(), "latchkey-kubernetes") {
		all = append(all, "$.Values.kubernetes.enabled")
	}
	if strings.Contains(o.GetName(), "user-management") {
		all = append(all, "$.Values.userManagement")
	}
	return all
}

// component is the process that an object is named after, and so the part of the values that is about it.
func component(name string) string { return strings.TrimPrefix(name, "latchkey-") }
