package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/latchkey-auth/latchkey/webhook"
)

// options are the flags of the processes.
type options struct {
	kubeconfig     string
	namespace      string
	defaultRealm   string
	externalURL    string
	logLevel       string
	opsListen      string
	listen         string
	tlsCert        string
	tlsKey         string
	maxConnections int
	tokenCache     int
	userManagement bool
	trustedProxies string
	shutdownDelay  time.Duration
	leaderElect    bool

	level   slog.Level
	proxies []netip.Prefix // trustedProxies, parsed
}

// serviceAccountNamespace is where a Pod finds the name of its namespace.
const serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

func (o *options) register(f *pflag.FlagSet, p parts) {
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file; unset: $KUBECONFIG, else the Pod's ServiceAccount")
	f.StringVar(&o.namespace, "namespace", "", "Latchkey's own namespace; unset: $POD_NAMESPACE, else the Pod's")
	f.StringVar(&o.defaultRealm, "default-realm", "", "the namespace whose realm answers at the root; unset: Latchkey's own")
	f.StringVar(&o.externalURL, "external-url", "", "URL by which clients reach the service, such as https://auth.example.com; the default issuer of tokens (required, the same for every process)")
	f.StringVar(&o.logLevel, "log-level", "info", "info or debug; denials are audited at either")
	f.StringVar(&o.opsListen, "ops-listen", ":9090", "address of /healthz, /readyz, /metrics and /debug/pprof")
	if p.service {
		f.StringVar(&o.listen, "listen", ":8080", "address of the public endpoints")
		f.StringVar(&o.tlsCert, "tls-cert-file", "", "certificate for the public address, read again when it changes; unset: plain HTTP")
		f.StringVar(&o.tlsKey, "tls-key-file", "", "private key of that certificate")
		f.IntVar(&o.maxConnections, "max-connections", 16384, "connections served at a time on the public address; more wait")
		f.IntVar(&o.tokenCache, "token-cache", 65536, "verified tokens remembered, about 2 KiB each")
		f.BoolVar(&o.userManagement, "user-management", true, "let holders of a realm's adminRole manage its users at /users")
		f.StringVar(&o.trustedProxies, "trusted-proxies", "", "networks and addresses, with commas between them, whose X-Forwarded-For names the client; unset: nobody's")
		f.DurationVar(&o.shutdownDelay, "shutdown-delay", 0, "how long to go on serving, not ready, before connections are drained")
	}
	if p.controllers {
		f.BoolVar(&o.leaderElect, "leader-elect", true, "work only while holding the Lease latchkey-leader in Latchkey's own namespace")
	}
}

// complete fills in what depends on the surroundings, and refuses what can't work with
// a sentence that names the flag.
func (o *options) complete() error {
	if o.namespace == "" {
		o.namespace = os.Getenv("POD_NAMESPACE")
	}
	if o.namespace == "" {
		inPod, err := os.ReadFile(serviceAccountNamespace)
		if err != nil {
			return errors.New("--namespace is required outside of a Pod: Latchkey's own namespace")
		}
		o.namespace = strings.TrimSpace(string(inPod))
	}
	if o.defaultRealm == "" {
		o.defaultRealm = o.namespace
	}
	o.externalURL = strings.TrimSuffix(o.externalURL, "/")
	if u, err := url.Parse(o.externalURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("--external-url is required: an http or https URL such as https://auth.example.com, not %q", o.externalURL)
	}
	switch o.logLevel {
	case "info":
		o.level = slog.LevelInfo
	case "debug":
		o.level = slog.LevelDebug
	default:
		return fmt.Errorf("--log-level is info or debug, not %q", o.logLevel)
	}
	if (o.tlsCert == "") != (o.tlsKey == "") {
		return errors.New("--tls-cert-file and --tls-key-file go together")
	}
	var err error
	if o.proxies, err = webhook.ParseTrustedProxies(o.trustedProxies); err != nil {
		return fmt.Errorf("--trusted-proxies: %w", err)
	}
	if o.maxConnections < 0 || o.tokenCache < 0 || o.shutdownDelay < 0 {
		return errors.New("--max-connections, --token-cache and --shutdown-delay can't be negative")
	}
	return nil
}
