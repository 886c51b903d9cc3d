package chromium

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// patience is how long one thing that a person does may take on a machine that is busy with others.
const patience = 60 * time.Second

// Tab is the window of one person, whose cookies nobody else has.
type Tab struct {
	record

	ctx     context.Context // chromedp keeps the tab here
	stop    context.CancelFunc
	scripts bool // the pages' own run
}

// Step is one thing that a person does, such as chromedp.Click.
type Step = chromedp.Action[chromedp.Void]

// Answer is what the page that a tab shows came with.
type Answer struct {
	// Status is its HTTP status.
	Status int
	// URL is its address, after all redirects.
	URL string
}

// NewPerson opens a window for somebody who hasn't been here yet.
func (b *Browser) NewPerson() (*Tab, error) {
	ctx, stop := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t := &Tab{ctx: ctx, stop: stop, scripts: true}
	err := chromedp.Listen(ctx, t.note)
	if err == nil {
		_, err = chromedp.Call(ctx, audits.Enable, cdp.Empty{})
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("open a window: %w", err)
	}
	return t, nil
}

// Close closes the window and forgets the person.
func (t *Tab) Close() { t.stop() }

// Open goes to an address, as if it was typed.
func (t *Tab) Open(address string) (Answer, error) { return t.Then(chromedp.Navigate(address)) }

// Then takes steps of which one leads to another page, and returns when that has loaded and is seen. A
// page that can't be reached is an error.
func (t *Tab) Then(steps ...Step) (Answer, error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err == nil {
		err = t.untilSeen(ctx)
	}
	if err != nil {
		return Answer{}, err
	}
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: int(response.Status), URL: at}, nil
}

// untilSeen returns when the page has been drawn: only then is the focus where the page wants it, and
// nobody types before.
func (t *Tab) untilSeen(ctx context.Context) error {
	if !t.scripts { // to take a picture of it, Chromium has to draw it
		_, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		return err
	}
	const drawn = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](drawn, chromedp.EvalAwaitPromise))
	return err
}

// TurnScriptsOff makes the tab run no JavaScript of pages any more.
func (t *Tab) TurnScriptsOff() error {
	_, err := chromedp.Call(t.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	t.scripts = err != nil
	return err
}

// Do takes steps on the page that is there.
func (t *Tab) Do(steps ...Step) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// Read returns what action finds on the page that is there.
func Read[T any](t *Tab, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// Cookies are all that the person has, of every site.
func (t *Tab) Cookies() ([]*network.Cookie, error) {
	context := chromedp.FromContext(t.ctx).BrowserContextID
	all, err := chromedp.CallBrowser(t.ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: context})
	return all.Cookies, err
}

// Location is the address of the page that is there.
func (t *Tab) Location() (string, error) { return Read(t, chromedp.Location()) }
