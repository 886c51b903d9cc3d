package chromium

import (
	"errors"
	"fmt"
	"os/exec"
)

// ErrMissing says that no Chromium is on this machine; the message says how to get it.
var ErrMissing = errors.New("no Chromium is on PATH: install your system's package chromium")

// Find returns the path of a Chromium or Chrome on PATH, or ErrMissing.
func Find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if binary, err := exec.LookPath(name); err == nil {
			return binary, nil
		}
	}
	return "", fmt.Errorf("%w", ErrMissing)
}
