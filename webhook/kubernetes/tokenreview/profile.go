package tokenreview

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/latchkey-auth/latchkey/webhook/kubernetes/review"
)

// Profile asks Latchkey's service whose token it is, as every app can: by GET
// /realms/{realm}/profile with the token as the bearer's. Make one with NewProfile.
type Profile struct {
	root   string
	client *http.Client
}

// maxProfile is the most that the service may answer, in bytes.
const maxProfile = 64 << 10

// NewProfile returns a Profile of the service at the URL root, which is reached by
// transport: one of NewTransport, or a HandlerTransport within the service's process.
func NewProfile(root string, transport http.RoundTripper) (*Profile, error) {
	u, err := url.Parse(root)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("tokenreview: the service's URL %q is not an http or https URL without query", root)
	}
	if transport == nil {
		return nil, errors.New("tokenreview: a transport to the service is required")
	}
	return &Profile{strings.TrimSuffix(root, "/"), &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a token goes nowhere else
	}}, nil
}

// NewTransport returns a transport to a service whose certificate one of the PEM-encoded
// authorities has signed; none: one of the system's. It goes through no proxy.
func NewTransport(authorities []byte) (*http.Transport, error) {
	t := &http.Transport{
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   3 * time.Second,
		ResponseHeaderTimeout: identifyTimeout,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       30 * time.Second,
		ForceAttemptHTTP2:     true,
	}
	if len(authorities) > 0 {
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, errors.New("tokenreview: there is no PEM-encoded certificate among the service's authorities")
		}
	}
	return t, nil
}

// Identify implements Identifier.
func (p *Profile) Identify(ctx context.Context, realm, token string) (Identity, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.root+"/realms/"+url.PathEscape(realm)+"/profile", nil)
	if err != nil {
		return Identity{}, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := p.client.Do(request)
	if err != nil {
		return Identity{}, fmt.Errorf("ask the service: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxProfile+1))
	switch {
	case err != nil:
		return Identity{}, fmt.Errorf("read the service's answer: %w", err)
	case response.StatusCode == http.StatusUnauthorized:
		return Identity{}, ErrRefused
	case response.StatusCode != http.StatusOK:
		return Identity{}, fmt.Errorf("the service answers %d", response.StatusCode)
	case len(body) > maxProfile:
		return Identity{}, errors.New("the service's answer is too long")
	}
	return parse(body)
}

// parse reads a profile. Names that could be taken for something else are none.
func parse(body []byte) (Identity, error) {
	var profile struct {
		ID       string   `json:"id"`
		Username string   `json:"username"`
		Roles    []string `json:"roles"`
	}
	if json.Unmarshal(body, &profile) != nil || profile.ID == "" || !review.IsLabel(profile.Username) {
		return Identity{}, errors.New("the service's answer is no profile")
	}
	for _, role := range profile.Roles {
		if !review.IsLabel(role) {
			return Identity{}, errors.New("the service's answer names an impossible role")
		}
	}
	return Identity{UID: profile.ID, Name: profile.Username, Roles: profile.Roles}, nil
}
