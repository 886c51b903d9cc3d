package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
)

// certificate is a pair of files that may not be there yet: whoever makes the Secret that they are of
// may be younger than this process. Once they are there they are read again when they change.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[certwatcher.CertWatcher] // nil: not there yet
}

// certificateRetry is how often files are looked for that aren't there.
const certificateRetry = time.Second

// follow waits for the files and follows them until ctx ends.
func (c *certificate) follow(ctx context.Context) error {
	retry := time.NewTicker(certificateRetry)
	defer retry.Stop()
	for said := ""; ; {
		watcher, err := certwatcher.New(c.certFile, c.keyFile)
		if err == nil {
			c.current.Store(watcher)
			c.log.Info("certificate is there", "file", c.certFile)
			return watcher.Start(ctx)
		}
		if err.Error() != said {
			said = err.Error()
			c.log.Info("waiting for the certificate: it stands in the Secret latchkey-kubernetes-tls", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-retry.C:
		}
	}
}

// ready says that there is no certificate, or nil.
func (c *certificate) ready() error {
	if c.current.Load() == nil {
		return fmt.Errorf("waiting for the certificate %s", c.certFile)
	}
	return nil
}

// get is a tls.Config's GetCertificate.
func (c *certificate) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	watcher := c.current.Load()
	if watcher == nil {
		return nil, errors.New("there is no certificate yet")
	}
	return watcher.GetCertificate(hello)
}
