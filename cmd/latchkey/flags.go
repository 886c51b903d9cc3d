package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/latchkey-auth/latchkey/controllers/replica"
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
	grpcListen     string
	tlsCert        string
	tlsKey         string
	maxConnections int
	tokenCache     int
	userManagement bool
	trustedProxies string
	shutdownDelay  time.Duration
	leaderElect    bool
	admission      bool
	kubernetesURL  string
	replicaName    string
	maxStaleness   time.Duration
	kubernetes     kubernetesOptions

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
		f.StringVar(&o.grpcListen, "grpc-listen", ":9191", "address of Envoy's checks over gRPC; empty: none")
		f.StringVar(&o.tlsCert, "tls-cert-file", "", "certificate for the public address and for gRPC, read again when it changes; unset: plain HTTP")
		f.StringVar(&o.tlsKey, "tls-key-file", "", "private key of that certificate")
		f.IntVar(&o.maxConnections, "max-connections", 16384, "connections served at a time on the public address, and as many on the one for gRPC; more wait")
		f.IntVar(&o.tokenCache, "token-cache", 65536, "verified tokens remembered, about 2 KiB each")
		f.BoolVar(&o.userManagement, "user-management", true, "let holders of a realm's adminRole manage its users at /users")
		f.StringVar(&o.replicaName, "replica-name", "", "name of this replica, another one for each and the same after a restart; unset: $POD_NAME, else the host's name")
		f.DurationVar(&o.maxStaleness, "max-staleness", 0, "refuse every check once this replica may have missed changes for so long, at least 5s; 0: never, checks go on with what is known")
		f.StringVar(&o.trustedProxies, "trusted-proxies", "", "networks and addresses, with commas between them, whose X-Forwarded-For names the client; unset: nobody's")
	}
	if p.service || p.kubernetes {
		f.DurationVar(&o.shutdownDelay, "shutdown-delay", 0, "how long to go on serving, not ready, before connections are drained")
	}
	if p.controllers {
		f.BoolVar(&o.admission, "admission", !p.service, "have the API server ask latchkey-kubernetes before it stores objects, as soon as that answers; false takes it back")
		f.StringVar(&o.kubernetesURL, "kubernetes-url", "", "https URL by which the API server reaches what it asks; unset: by the Service latchkey-kubernetes")
		f.BoolVar(&o.leaderElect, "leader-elect", true, "work only while holding the Lease latchkey-leader in Latchkey's own namespace")
	}
	if p.kubernetes {
		o.kubernetes.register(f, p)
	}
}

// complete fills in what depends on the surroundings, and refuses what can't work with
// a sentence that names the flag.
func (o *options) complete(p parts) error {
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
	if !isURL(o.externalURL, "http", "https") {
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
	if p.service {
		if err := o.completeReplica(); err != nil {
			return err
		}
	}
	if o.kubernetesURL != "" && !isURL(o.kubernetesURL, "https") {
		return fmt.Errorf("--kubernetes-url is an https URL such as https://latchkey-kubernetes.%s.svc, not %q", o.namespace, o.kubernetesURL)
	}
	if p.kubernetes {
		if err := o.kubernetes.complete(o.namespace); err != nil {
			return err
		}
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

// completeReplica says under which name this replica tells how far it has come.
func (o *options) completeReplica() error {
	if o.replicaName == "" {
		o.replicaName = os.Getenv("POD_NAME")
	}
	if o.replicaName == "" {
		host, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("--replica-name is required, as this host has no name: %w", err)
		}
		host, _, _ = strings.Cut(host, ".")
		o.replicaName = strings.ToLower(host)
	}
	if len(validation.IsDNS1123Label(o.replicaName)) > 0 {
		return fmt.Errorf("--replica-name has at most 63 lower-case letters, digits and, between them, hyphens, unlike %q", o.replicaName)
	}
	if o.maxStaleness != 0 && o.maxStaleness < leastStaleness {
		return fmt.Errorf("--max-staleness is 0 or at least %s: this replica learns every %s that it has missed nothing", leastStaleness, replica.RenewEvery)
	}
	return nil
}

// leastStaleness lets a renewal of the Lease fail and the next succeed.
const leastStaleness = 5 * time.Second
