package webhookcert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Service is the name of the Service that the API server asks, and of everything else that belongs to its process.
const Service = "latchkey-kubernetes"

// Config is what a Keeper needs; all but URL is required.
type Config struct {
	// Live reads from the API server itself.
	Live client.Reader
	// Writer writes there.
	Writer client.Client
	// Namespace is Latchkey's own.
	Namespace string
	// Admission is whether the API server is to ask. If not, what it was told is taken back.
	Admission bool
	// URL is where the API server reaches `latchkey kubernetes`, https with a host; empty: by the Service.
	URL string
	// Now is the time that certificates are judged by.
	Now func() time.Time
	// Clock waits between two looks.
	Clock clock.WithTicker
	// Log says what was made, and what stands in the way.
	Log logr.Logger
}

// Keeper keeps certificates and what the API server is told. It is a runnable of a manager and needs leadership.
type Keeper struct {
	Config
	host, address string // of the server, to shake hands with
	told          string // what was said last, so that it isn't said each time
}

// New returns a Keeper. It fails if the URL can't be used.
func New(c Config) (*Keeper, error) {
	k := &Keeper{Config: c, host: Service + "." + c.Namespace + ".svc"}
	k.address = net.JoinHostPort(k.host, "443")
	if c.URL == "" {
		return k, nil
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("the URL that the API server is to ask is https with a host, as in https://latchkey.example.com, not %q", c.URL)
	}
	k.host, k.address = u.Hostname(), u.Host
	if u.Port() == "" {
		k.address = net.JoinHostPort(k.host, "443")
	}
	return k, nil
}

// names are those that the certificate is of.
func (k *Keeper) names() []string {
	service := Service + "." + k.Namespace
	names := []string{service + ".svc", service + ".svc.cluster.local", service}
	if k.URL != "" && k.host != names[0] {
		names = append(names, k.host)
	}
	return names
}

// How often is looked, before the API server asks and from then on.
const (
	soon    = 2 * time.Second
	usually = time.Minute
)

// Start looks again and again until ctx ends.
func (k *Keeper) Start(ctx context.Context) error {
	for {
		asked, err := k.Tick(ctx)
		if err != nil && ctx.Err() == nil {
			k.tell(err.Error())
		}
		wait := usually
		if err != nil || !asked {
			wait = soon
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.Clock.After(wait):
		}
	}
}

// Tick brings everything to what it should be, as far as it is time for it. It reports whether nothing is awaited
// any more.
func (k *Keeper) Tick(ctx context.Context) (done bool, err error) {
	standing, err := k.configuration(ctx)
	if err != nil {
		return false, err
	}
	if !k.Admission {
		return true, k.remove(ctx, standing)
	}
	trusted, err := k.certificates(ctx)
	if err != nil {
		return false, err
	}
	if standing == nil {
		if err := k.shakeHands(ctx, trusted); err != nil {
			k.tell("the API server isn't told to ask before somebody answers: " + err.Error())
			return false, nil
		}
	}
	if err := k.apply(ctx, standing, trusted); err != nil {
		return false, err
	}
	if standing == nil {
		k.Log.Info("the API server asks Latchkey from now on", "address", k.address)
	}
	k.told = ""
	return true, nil
}

// handshakeTimeout bounds one look at the server.
const handshakeTimeout = 5 * time.Second

// shakeHands finds out whether the server answers as the API server will want it to.
func (k *Keeper) shakeHands(ctx context.Context, trusted bundle) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(trusted)
	dialer := &tls.Dialer{
		NetDialer: &net.Dialer{Timeout: handshakeTimeout},
		Config:    &tls.Config{RootCAs: roots, ServerName: k.host, MinVersion: tls.VersionTLS12},
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	connection, err := dialer.DialContext(ctx, "tcp", k.address)
	if err != nil {
		return fmt.Errorf("shake hands with %s: %w", k.address, err)
	}
	return connection.Close()
}

// tell logs what stands in the way, once.
func (k *Keeper) tell(what string) {
	if what != k.told {
		k.told = what
		k.Log.Info("waiting", "for", what)
	}
}
