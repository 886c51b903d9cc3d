package page_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// elements are all elements of a page, or those of some names.
func elements(t *testing.T, body string, names ...string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && (len(names) == 0 || slices.Contains(names, n.Data)) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestEveryPageCanBeReadAloud(t *testing.T) {
	for name, w := range pages(t) {
		body := w.Body.String()
		if all := elements(t, body, "html"); attribute(all[0], "lang") != "en" {
			t.Errorf("%s doesn't say its language", name)
		}
		for element, count := range map[string]int{"h1": 1, "main": 1, "title": 1} {
			if found := elements(t, body, element); len(found) != count || text(found[0]) == "" && element != "main" {
				t.Errorf("%s has %d %s, or an empty one", name, len(found), element)
			}
		}
		level := 1
		for _, h := range elements(t, body, "h1", "h2", "h3") {
			if now := int(h.Data[1] - '0'); now > level+1 {
				t.Errorf("%s jumps from h%d to %s", name, level, h.Data)
			} else {
				level = now
			}
		}
		metas := map[string]string{}
		for _, m := range elements(t, body, "meta") {
			metas[attribute(m, "name")] = attribute(m, "content")
		}
		if metas["viewport"] != "width=device-width, initial-scale=1" || metas["color-scheme"] != "light dark" {
			t.Errorf("%s doesn't fit phones, or knows light alone: %v", name, metas)
		}
	}
}

func TestEveryFieldHasALabelAndEveryReferenceIsThere(t *testing.T) {
	for name, w := range pages(t) {
		body := w.Body.String()
		ids, labelled := map[string]int{}, map[string]bool{}
		for _, e := range elements(t, body) {
			if id := attribute(e, "id"); id != "" {
				ids[id]++
			}
			if e.Data == "label" && text(e) != "" {
				labelled[attribute(e, "for")] = true
			}
		}
		for id, count := range ids {
			if count > 1 {
				t.Errorf("%s has %d elements %q", name, count, id)
			}
		}
		focused := 0
		for _, e := range elements(t, body) {
			for _, reference := range []string{"aria-describedby", "aria-labelledby", "for"} {
				for id := range strings.FieldsSeq(attribute(e, reference)) {
					if ids[id] == 0 {
						t.Errorf("%s: %s refers to %q, which isn't there", name, e.Data, id)
					}
				}
			}
			if has(e, "autofocus") {
				focused++
			}
			switch {
			case e.Data == "input" && attribute(e, "type") != "hidden" && !labelled[attribute(e, "id")] && attribute(e, "aria-label") == "":
				t.Errorf("%s: the field %q has no label", name, attribute(e, "name"))
			case e.Data == "input" && attribute(e, "type") != "hidden" && attribute(e, "autocomplete") == "":
				t.Errorf("%s: the field %q doesn't tell password managers what it is", name, attribute(e, "name"))
			case (e.Data == "button" || e.Data == "a") && text(e) == "":
				t.Errorf("%s: a %s says nothing", name, e.Data)
			case e.Data == "form" && attribute(e, "method") != "post":
				t.Errorf("%s: a form would put what it has into a URL", name)
			case e.Data == "input" && has(e, "aria-invalid") && attribute(e, "aria-describedby") == "":
				t.Errorf("%s: nothing says what is wrong with %q", name, attribute(e, "name"))
			case e.Data == "svg" && attribute(e, "aria-hidden") != "true":
				t.Errorf("%s: a picture is read aloud", name)
			}
		}
		if strings.HasPrefix(name, "login") && focused > 1 {
			t.Errorf("%s wants the cursor at %d places", name, focused)
		}
	}
}

func TestProblemsAreAnnounced(t *testing.T) {
	made := pages(t)
	for name, role := range map[string]string{
		"login with wrong credentials": "alert", "login when there are too many": "alert", "login after signing out": "status",
		"account": "status", "account with problems": "alert",
	} {
		if !slices.ContainsFunc(elements(t, made[name].Body.String()), func(n *html.Node) bool { return attribute(n, "role") == role && text(n) != "" }) {
			t.Errorf("%s announces nothing", name)
		}
	}
}
