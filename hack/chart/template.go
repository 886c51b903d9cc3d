package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// marks are expressions that stand in an object as names of no meaning until it is YAML, which would quote and fold them.
type marks struct{ expressions []string }

// inline returns what stands for an expression that is a whole value or a part of one.
func (m *marks) inline(expression string) string { return m.add("zzinline", expression) }

// block returns what stands for whole lines: as a key in a map, or as an element of a list. An @ in them is the
// column of what they hold.
func (m *marks) block(lines string) string { return m.add("zzblock", lines) }

func (m *marks) add(kind, expression string) string {
	m.expressions = append(m.expressions, expression)
	return kind + strconv.Itoa(len(m.expressions)-1) + "zz"
}

var (
	inlines = regexp.MustCompile(`zzinline(\d+)zz`)
	blocks  = regexp.MustCompile(`(?m)^( *)(- )?zzblock(\d+)zz(: null)?$`)
)

// resolve puts the expressions where their marks are.
func (m *marks) resolve(text string) string {
	text = blocks.ReplaceAllStringFunc(text, func(line string) string {
		found := blocks.FindStringSubmatch(line)
		indent, column := found[1], len(found[1])
		if found[2] == "" { // a key: what it holds stands two columns further
			column += 2
		}
		lines := strings.ReplaceAll(m.expression(found[3]), "@", strconv.Itoa(column))
		return indent + strings.ReplaceAll(lines, "\n", "\n"+indent)
	})
	return inlines.ReplaceAllStringFunc(text, func(mark string) string { return m.expression(inlines.FindStringSubmatch(mark)[1]) })
}

func (m *marks) expression(number string) string {
	n, err := strconv.Atoi(number)
	if err != nil || n >= len(m.expressions) {
		panic(fmt.Sprintf("an object holds the text of a mark: %s", number))
	}
	return m.expressions[n]
}

// template is an object as a part of a template.
func template(o *unstructured.Unstructured) (string, error) {
	conditions := guards(o)
	m := &marks{}
	if err := substitute(o, m); err != nil {
		return "", err
	}
	text, err := yaml.Marshal(o.Object)
	if err != nil {
		return "", err
	}
	// What looks like an expression in a manifest is text, such as in a description.
	escaped := strings.ReplaceAll(string(text), "{{", `{{ "{{" }}`)
	written := "---\n" + m.resolve(escaped)
	switch len(conditions) {
	case 0:
		return written, nil
	case 1:
		return "{{- if " + conditions[0] + " }}\n" + written + "{{- end }}\n", nil
	default:
		return "{{- if and (" + strings.Join(conditions, ") (") + ") }}\n" + written + "{{- end }}\n", nil
	}
}
