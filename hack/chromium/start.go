package chromium

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/latchkey-auth/latchkey/hack/child"
)

// Launch is what it takes to start a browser.
type Launch struct {
	// Binary is Chromium.
	Binary string
	// Names are the only ones that resolve, beside localhost and names below it: from
	// "*.example.com:443" to "127.0.0.1:8443". The address bar shows the name.
	Names map[string]string
	// TrustedKey is the base64 of the SHA-256 of the public key (SubjectPublicKeyInfo) whose
	// certificates are taken without an authority; "" if there is none.
	TrustedKey string
	// BlocksCookies starts it with the setting that blocks all cookies.
	BlocksCookies bool
}

// Browser is a running Chromium.
type Browser struct {
	ctx    context.Context // chromedp keeps the process here
	cancel context.CancelFunc
	cmd    *exec.Cmd
	dir    string // all that it writes
}

// Start starts a browser, which ends with Stop, and on Linux with this process at the latest.
func (l Launch) Start() (*Browser, error) {
	dir, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	b := &Browser{dir: dir}
	if err := l.configure(b.profile()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(l.Binary),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) { child.Tie(cmd); b.cmd = cmd }),
		chromedp.UserDataDir(b.profile()),
		chromedp.Env("HOME="+dir),
		chromedp.NoSandbox, // the pages are ours, and root may not have one
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", l.rules()),
		chromedp.Flag("ignore-certificate-errors-spki-list", l.TrustedKey),
		chromedp.Flag("font-render-hinting", "none"), // so that pictures don't depend on the machine's settings
		chromedp.Flag("lang", "en-GB"),
	)...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	b.ctx, b.cancel = ctx, func() { stopBrowser(); stopAllocator() }
	if err := chromedp.Do(ctx); err != nil {
		b.Stop()
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	return b, nil
}

func (b *Browser) profile() string { return filepath.Join(b.dir, "profile") }

// configure writes the settings of a fresh profile.
func (l Launch) configure(profile string) error {
	folder := filepath.Join(profile, "Default")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make profile: %w", err)
	}
	if !l.BlocksCookies {
		return nil
	}
	const settings = `{"profile":{"default_content_setting_values":{"cookies":2}}}` // 2: block
	if err := os.WriteFile(filepath.Join(folder, "Preferences"), []byte(settings), 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}

// rules are the value of --host-resolver-rules: the first that matches counts.
func (l Launch) rules() string {
	var rules []string
	for _, name := range slices.Sorted(maps.Keys(l.Names)) {
		rules = append(rules, "MAP "+name+" "+l.Names[name])
	}
	rules = append(rules, "MAP * ~NOTFOUND", "EXCLUDE localhost", "EXCLUDE *.localhost", "EXCLUDE 127.0.0.1")
	return strings.Join(rules, ", ")
}

// Stop ends the browser and removes what it wrote.
func (b *Browser) Stop() {
	b.cancel()
	if b.cmd != nil && b.cmd.Process != nil {
		_ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL) // its helpers outlive it a little; an error means that none did
	}
	for range 100 { // and what has just been killed may still be writing
		if os.RemoveAll(b.dir) == nil {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
}
