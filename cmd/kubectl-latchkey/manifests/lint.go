package manifests

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/decision"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// lint finds what the API server admits, one object at a time, and what is a mistake all the same.
func lint(objects []*object, realms map[string]*decision.Realm) []Finding {
	var findings []Finding
	first := map[string]*object{}
	for _, o := range objects {
		id := o.kind + "/" + o.namespace + "/" + o.name
		if before := first[id]; before != nil && o.name != "" {
			findings = append(findings, o.finding("", "it is written twice, so the later one counts: remove this one or that of %s, document %d", before.file, before.index))
			continue
		}
		first[id] = o
	}
	for _, o := range objects {
		if o.stored == nil {
			continue // enough is said of it
		}
		findings = append(findings, o.missing(func(role string) bool { return first["Role/"+o.namespace+"/"+role] != nil })...)
	}
	for namespace, realm := range realms {
		role := func(name string) *object { return first["Role/"+namespace+"/"+name] }
		findings = append(findings, cycles(realm, objects, role, namespace)...)
		findings = append(findings, uncompiled(realm, role)...)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return strings.Compare(a.File, b.File) })
	return findings
}

// missing finds names of Roles that no manifest holds.
func (o *object) missing(exists func(role string) bool) (findings []Finding) {
	report := func(field, role, effect string) {
		if role != "" && !exists(role) && !policy.Reserved(role) { // reserved ones are the schema's to refuse
			findings = append(findings, o.finding(field, "there is no Role %q in these manifests, so %s: write it, or correct the name", role, effect))
		}
	}
	reportAll := func(effect string, path ...string) {
		names, _, _ := unstructured.NestedStringSlice(o.written, path...)
		for i, name := range names {
			report(fmt.Sprintf("%s[%d]", strings.Join(path, "."), i), name, effect)
		}
	}
	switch o.kind {
	case "User":
		reportAll("it grants nothing", "spec", "roles")
	case "Role":
		reportAll("including it grants nothing", "spec", "includes")
	case "Realm":
		for _, field := range []string{"adminRole", "introspectionRole"} {
			name, _, _ := unstructured.NestedString(o.written, "spec", field)
			report("spec."+field, name, "nobody holds it")
		}
	}
	return findings
}

// cycles finds includes that lead back to where they began, each once.
func cycles(realm *decision.Realm, objects []*object, role func(string) *object, namespace string) (findings []Finding) {
	told := map[string]bool{}
	for _, o := range objects {
		if o.kind != "Role" || o.namespace != namespace || told[o.name] {
			continue
		}
		way := realm.Cycle(o.name)
		for _, name := range way {
			told[name] = true
		}
		if way != nil {
			findings = append(findings, role(o.name).finding("spec.includes", "the includes %s lead back to where they began, so these roles are all one: remove one of the includes", strings.Join(way, " → ")))
		}
	}
	return findings
}

// uncompiled finds rules that the schema admits and that can't be read. There should be none; but package policy
// relies on no schema, and has the last word.
func uncompiled(realm *decision.Realm, role func(string) *object) (findings []Finding) {
	for _, problem := range realm.Problems() {
		var of *policy.RoleError
		if errors.As(problem, &of) && role(of.Role) != nil {
			findings = append(findings, role(of.Role).finding("spec."+of.Field, "it grants nothing: %v", of.Problem))
		}
	}
	return findings
}
