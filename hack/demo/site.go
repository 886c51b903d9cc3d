package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/proxy"
)

// startSite starts the sample app, and the proxy that asks Latchkey before it.
func (d *demo) startSite(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the app: %w", err)
	}
	server := &http.Server{Handler: app.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with an error when it is closed
	d.onStop(func() { _ = server.Close() })

	dir, err := d.folder.sub("proxy")
	if err != nil {
		return err
	}
	log, err := os.OpenFile(d.folder.file("proxy.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the proxy's log: %w", err)
	}
	d.onStop(func() { _ = log.Close() })
	site := proxy.Site{App: listener.Addr().String(), Dir: dir}
	for _, s := range d.serving() {
		site.Latchkey = append(site.Latchkey, s.Public)
	}
	if d.proxy, err = d.tools.proxy.Start(ctx, d.tools.proxyBinary, site, log); err != nil {
		return err
	}
	d.onStop(d.proxy.Stop)
	d.watched = append(d.watched, d.proxy.Process)
	return nil
}
