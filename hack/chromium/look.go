package chromium

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Look is what a window looks like from outside.
type Look struct {
	// Width and Height are those of the page, in CSS pixels.
	Width, Height int64
	// Dark says that the person prefers dark pages.
	Dark bool
}

// Put gives the window a look.
func (l Look) Put() Step {
	scheme := "light"
	if l.Dark {
		scheme = "dark"
	}
	return chromedp.Steps(
		chromedp.EmulateViewport(l.Width, l.Height),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			return err
		}),
	)
}
