package browser_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"slices"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/chromium"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// contrast is an expression whose value are the texts with too little contrast (WCAG 2.2, 1.4.3).
//
//go:embed testdata/contrast.js
var contrast string

// view is a page of ours, and how to get there.
type view struct {
	name string
	show func(context.Context, *chromium.Tab, stack.Login)
}

// views are all of ours.
func views() []view {
	return []view{
		{"login", func(_ context.Context, tab *chromium.Tab, _ stack.Login) { goTo(tab, reader+"/reports/q3") }},
		{"login-refused", func(_ context.Context, tab *chromium.Tab, person stack.Login) {
			goTo(tab, reader+"/reports/q3")
			signIn(tab, stack.Login{User: person.User, Password: "wrong"})
		}},
		{"login-again", func(_ context.Context, tab *chromium.Tab, person stack.Login) {
			goTo(tab, loginFor(reader+"/reports/q3"))
			signIn(tab, person)
			goTo(tab, loginFor(reader+"/reports/q3"))
		}},
		{"account", func(_ context.Context, tab *chromium.Tab, person stack.Login) {
			goTo(tab, auth+"/account")
			signIn(tab, person)
		}},
		{"denied", func(_ context.Context, tab *chromium.Tab, person stack.Login) {
			goTo(tab, loginFor(reader+"/reports/q3"))
			signIn(tab, person)
			goTo(tab, reader+"/settings")
		}},
		{"redirect-refused", func(_ context.Context, tab *chromium.Tab, _ stack.Login) { goTo(tab, loginFor("https://evil.test/")) }},
	}
}

var _ = Describe("Every page", func() {
	for _, v := range views() {
		It("can be read and used by everybody: "+v.name, func(ctx SpecContext) {
			vera := aUser(ctx, "vera-reads", "viewer")
			tab := aPerson()
			v.show(ctx, tab, vera)

			By("naming every control for a screen reader")
			tree, err := chromium.Read(tab, accessibilityTree)
			Expect(err).NotTo(HaveOccurred())
			controls := []string{"button", "link", "textbox", "checkbox", "combobox", "radio", "RootWebArea", "main", "heading", "alert"}
			var found []string
			for _, node := range tree {
				role := jsonString(node.Role)
				if node.Ignored || !slices.Contains(controls, role) {
					continue
				}
				found = append(found, role)
				if role != "main" && role != "alert" {
					Expect(jsonString(node.Name)).NotTo(BeEmpty(), "%s has no name", role)
				}
			}
			Expect(found).To(ContainElements("RootWebArea", "main", "heading"))
			Expect(evaluate[string](tab, `document.documentElement.lang`)).To(Equal("en"))
			Expect(evaluate[int](tab, `document.querySelectorAll("h1").length`)).To(Equal(1))

			By("having contrast by day and by night, and no need to scroll sideways at 320 pixels")
			for _, look := range []chromium.Look{{Width: 320, Height: 640}, {Width: 320, Height: 640, Dark: true}, {Width: 1280, Height: 800}} {
				do(tab, look.Put())
				Expect(evaluate[[]string](tab, contrast)).To(BeEmpty(), "%+v", look)
				Expect(evaluate[int64](tab, `document.documentElement.scrollWidth`)).To(BeNumerically("<=", look.Width))
			}
		})
	}
})

// accessibilityTree is what Chromium tells a screen reader.
func accessibilityTree(ctx context.Context, t *chromedp.Target) ([]*accessibility.Node, error) {
	tree, err := cdp.Call(ctx, t, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	return tree.Nodes, err
}

// jsonString is the text of a value of the tree, "" where there is none.
func jsonString(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var text string
	Expect(json.Unmarshal(v.Value, &text)).To(Succeed())
	return text
}
