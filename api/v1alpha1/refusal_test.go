package v1alpha1_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// refusal is a manifest that the API server refuses, and all that it then says.
type refusal struct {
	when     string
	manifest string
	want     []string
}

// What the schema demands of texts in more than one kind.
const (
	namePattern     = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	timePattern     = `^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	durationPattern = `^([0-9]+(s|m|h))+$`
)

// roleNameSentence is what the name of a Role has to be that a User, a Role or a Realm names.
const roleNameSentence = "a role name has lower-case letters, digits and, between them, hyphens, such as report-reader"

// mismatch is what the API server says of a quoted value that doesn't match its pattern.
func mismatch(field, value, pattern string) string {
	return fmt.Sprintf("%s: Invalid value: %s: %s in body should match '%s'", field, value, field, pattern)
}

// misses is what the API server says of a quoted value that isn't what the sentence of its rule asks for.
func misses(field, value, sentence string) string {
	return fmt.Sprintf("%s: Invalid value: %s: %s", field, value, sentence)
}

// notATime is what the API server says where a time's rule could not be tried, and why.
func notATime(field, why string) string {
	name := field[strings.LastIndex(field, ".")+1:]
	return fmt.Sprintf(`%s: Invalid value: "string": %s evaluating rule: %s must be a time such as 2026-01-02T15:04:05Z`, field, why, name)
}

// Why a time's rule could not be tried. The API server takes a list wherever a schema gives a format, so
// the rule is all that keeps it out.
const (
	isAList     = "invalid data, expected string, got []interface {}"
	isLowerCase = `Invalid date-time formatted string 2026-01-02t15:04:05z: parsing time "2026-01-02t15:04:05z" as "2006-01-02T15:04:05": cannot parse "t15:04:05z" as "T"`
)

func refusalEntries(refusals []refusal) []TableEntry {
	var entries []TableEntry
	for _, r := range refusals {
		entries = append(entries, Entry(r.when, r.manifest, r.want))
	}
	return entries
}

// refuse expects the API server to refuse a new object with exactly these sentences.
func refuse(ctx SpecContext, manifest string, want []string) {
	err := api.Create(ctx, parsed(manifest, "default"), client.DryRunAll)
	Expect(causes(err)).To(ConsistOf(want))
}

// Every constraint of the schema that is ours must stand in a table of refusals: this
// walks the schema and looks for the sentence of each.
var _ = Describe("The tables of refusals", func() {
	said := map[string][]refusal{
		"Realm": realmRefusals, "User": userRefusals, "Role": roleRefusals,
		"RevokedToken": revokedTokenRefusals, "Session": sessionRefusals,
	}
	indexed := regexp.MustCompile(`\[\d+\]`)
	for kind, definition := range kinds {
		It("hold each constraint of "+kind, func() {
			var sentences []string
			for _, r := range said[kind] {
				for _, sentence := range r.want {
					sentences = append(sentences, indexed.ReplaceAllString(sentence, "[]"))
				}
			}
			var untested []constraint
			for _, n := range walk(node{schema: schemaOf(definition)}) {
				if n.path == "status" || strings.HasPrefix(n.path, "status.") {
					continue // written by Latchkey alone: status_test.go
				}
				for _, c := range constraints(n) {
					if !slices.ContainsFunc(sentences, c.breaks) {
						untested = append(untested, c)
					}
				}
			}
			Expect(untested).To(BeEmpty())
		})
	}
})

// constraint is one rule of a schema: the field that a refusal names, and a part of its sentence.
type constraint struct{ field, says string }

func (c constraint) breaks(sentence string) bool {
	return strings.HasPrefix(sentence, c.field+":") && strings.Contains(sentence, c.says)
}

// constraints lists what a node's schema demands, but for transition rules.
func constraints(n node) []constraint {
	var all []constraint
	add := func(path, format string, args ...any) {
		all = append(all, constraint{path, fmt.Sprintf(format, args...)})
	}
	s := n.schema
	if s.Pattern != "" {
		add(n.path, "should match '%s'", s.Pattern)
	}
	if s.Format == "date-time" {
		add(n.path, "must be of type date-time")
	}
	if s.Enum != nil {
		add(n.path, "Unsupported value")
	}
	if s.MaxLength != nil {
		add(n.path, "may not be more than %d", *s.MaxLength)
	}
	if s.MinLength != nil {
		add(n.path, "should be at least %d chars long", *s.MinLength)
	}
	if s.Minimum != nil {
		add(n.path, "should be greater than or equal to %v", *s.Minimum)
	}
	if s.Maximum != nil {
		add(n.path, "should be less than or equal to %v", *s.Maximum)
	}
	if s.MinItems != nil {
		add(n.path, "should have at least %d items", *s.MinItems)
	}
	if s.MaxItems != nil {
		add(n.path, "must have at most %d items", *s.MaxItems)
	}
	if s.XListType != nil && *s.XListType == "set" {
		add(n.path+"[]", "Duplicate value")
	}
	for _, name := range s.Required {
		path := name
		if n.path != "" {
			path = n.path + "." + name
		}
		add(path, "Required value")
	}
	for _, rule := range s.XValidations {
		if !transition(rule) {
			add(n.path+strings.TrimPrefix(rule.FieldPath, optionalDot(n.path)), "%s", rule.Message)
		}
	}
	return all
}

// transition tells the rules that compare with the object before, which immutable_test.go has.
func transition(rule apiextensionsv1.ValidationRule) bool {
	return strings.Contains(rule.Rule, "oldSelf")
}

// optionalDot is what a rule's fieldPath begins with that a path at the root doesn't.
func optionalDot(path string) string {
	if path == "" {
		return "."
	}
	return ""
}

// accept expects the API server to take a new object.
func accept(ctx SpecContext, manifest string) {
	Expect(api.Create(ctx, parsed(manifest, "default"), client.DryRunAll)).To(Succeed())
}
