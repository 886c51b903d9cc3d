package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"
)

// kubernetesOptions are the flags of what the API server asks.
type kubernetesOptions struct {
	listen           string
	tlsCert          string
	tlsKey           string
	clientCA         string
	serviceURL       string
	serviceCA        string
	authorizerRealms string

	realms []string // authorizerRealms, parsed
}

func (k *kubernetesOptions) register(f *pflag.FlagSet, p parts) {
	address, what := ":9443", "address of what the API server asks: admission, TokenReview, SubjectAccessReview"
	if p.service {
		address, what = "", what+"; empty: none"
	}
	f.StringVar(&k.listen, "kubernetes-listen", address, what)
	f.StringVar(&k.tlsCert, "kubernetes-tls-cert-file", "", "certificate for that address, awaited if it isn't there and read again when it changes")
	f.StringVar(&k.tlsKey, "kubernetes-tls-key-file", "", "private key of that certificate")
	f.StringVar(&k.clientCA, "kubernetes-client-ca-file", "", "authorities of the client certificate that whoever asks must have; unset: anybody may ask, whom a NetworkPolicy lets through")
	f.StringVar(&k.serviceURL, "service-url", "", "where the service can be asked about a token; unset: http://latchkey.<namespace>.svc:8080")
	f.StringVar(&k.serviceCA, "service-ca-file", "", "authorities of the service's certificate, where --service-url is https; unset: the system's")
	f.StringVar(&k.authorizerRealms, "kubernetes-authorizer-realms", "", "realms, with commas between them, whose kubernetesRules the API server hears of; unset: none")
}

// complete fills in defaults, and refuses what can't work with a sentence that names the flag.
func (k *kubernetesOptions) complete(namespace string) error {
	if k.serviceURL == "" {
		k.serviceURL = "http://latchkey." + namespace + ".svc:8080"
	}
	k.serviceURL = strings.TrimSuffix(k.serviceURL, "/")
	if !isURL(k.serviceURL, "http", "https") {
		return fmt.Errorf("--service-url is an http or https URL such as http://latchkey.%s.svc:8080, not %q", namespace, k.serviceURL)
	}
	if k.listen != "" && (k.tlsCert == "" || k.tlsKey == "") {
		return errors.New("--kubernetes-tls-cert-file and --kubernetes-tls-key-file are required with --kubernetes-listen: the API server asks over TLS alone")
	}
	if k.authorizerRealms == "" {
		return nil
	}
	for realm := range strings.SplitSeq(k.authorizerRealms, ",") {
		if len(validation.IsDNS1123Label(realm)) > 0 {
			return fmt.Errorf("--kubernetes-authorizer-realms: write namespaces with commas between them, such as latchkey,team-a, not %q", realm)
		}
		k.realms = append(k.realms, realm)
	}
	return nil
}

// isURL reports whether text is a URL of one of the schemes that paths can be added to.
func isURL(text string, schemes ...string) bool {
	u, err := url.Parse(text)
	return err == nil && slices.Contains(schemes, u.Scheme) && u.Hostname() != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}
