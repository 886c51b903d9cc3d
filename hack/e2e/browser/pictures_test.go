package browser_test

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/chromium"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// maxPicture is how large a picture may be, in bytes: they stand in a repository that people clone.
const maxPicture = 60 << 10

// pictured are the views that the documentation shows, beside their names there.
var pictured = map[string]string{"login": "login", "login-refused": "wrong-password", "account": "account", "denied": "no-access"}

var _ = Describe("Pictures of the pages", func() {
	It("are small, and go to docs/images where UPDATE_SCREENSHOTS=1 asks for that", func(ctx SpecContext) {
		noor := aUser(ctx, "noor", "viewer", "editor")
		dir, taken := GinkgoT().TempDir(), map[string]chromium.Look{"phone-dark": looks()["phone-dark"]} // one shows that it works
		if os.Getenv("UPDATE_SCREENSHOTS") == "1" {
			dir, taken = filepath.Join(testenv.Root(), "docs", "images"), looks()
		}
		for _, v := range views() {
			name, wanted := pictured[v.name]
			if !wanted {
				continue
			}
			tab := aPerson()
			do(tab, fromAnOffice())
			v.show(ctx, tab, noor)
			do(tab, stillness())
			for shape, look := range taken {
				picture := photograph(tab, look)
				Expect(len(picture)).To(And(BeNumerically(">", 2<<10), BeNumerically("<", maxPicture)), name+shape)
				Expect(os.WriteFile(filepath.Join(dir, name+"-"+shape+".png"), picture, 0o644)).To(Succeed())
			}
		}
	})
})

// looks are the windows of the pictures.
func looks() map[string]chromium.Look {
	phone, desktop := chromium.Look{Width: 390, Height: 844}, chromium.Look{Width: 1280, Height: 800}
	all := map[string]chromium.Look{"phone-light": phone, "desktop-light": desktop}
	phone.Dark, desktop.Dark = true, true
	all["phone-dark"], all["desktop-dark"] = phone, desktop
	return all
}

// fromAnOffice gives the person an address of the documentation's (RFC 5737), which their sessions show.
func fromAnOffice() chromium.Step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
			Headers: network.Headers{"X-Forwarded-For": "192.0.2.10"},
		})
		return err
	})
}

// stillness takes from a page what differs between two pictures of it: the times, and the caret that blinks.
func stillness() chromium.Step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](`(() => {
			document.documentElement.style.caretColor = "transparent"
			for (const time of document.querySelectorAll("time")) time.textContent = time.textContent.replace(/^.*?,/, "24 November 2026,").replace(/\d\d:\d\d/, "09:30")
			return true
		})()`)(ctx, t)
		return err
	})
}

// photograph is a picture of the whole page in a window of that look.
func photograph(tab *chromium.Tab, look chromium.Look) []byte {
	GinkgoHelper()
	do(tab, look.Put())
	raw, err := chromium.Read(tab, chromedp.FullScreenshot(100))
	Expect(err).NotTo(HaveOccurred())
	picture, err := png.Decode(bytes.NewReader(raw))
	Expect(err).NotTo(HaveOccurred())
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	Expect(encoder.Encode(&out, chromium.Reduce(picture))).To(Succeed())
	return out.Bytes()
}
