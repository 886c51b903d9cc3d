package credential

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
)

const (
	// patience is how long one answer may take. The service itself gives a login 8 s.
	patience = 30 * time.Second
	// confirming is how long a token that is kept waits for the service's word.
	confirming = 3 * time.Second
	// longestAnswer is in bytes: tokens have at most 4 KiB each.
	longestAnswer = 64 << 10
)

// ErrEnded says that a login is over: only a new one helps.
var ErrEnded = errors.New("the login has ended")

// RefusedError is what the service says when it doesn't do what it was asked.
type RefusedError struct {
	Status            int
	Code, Description string
}

// Error implements error.
func (e *RefusedError) Error() string {
	said := strings.Map(func(r rune) rune { // it ends on a terminal
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, e.Description)
	if said == "" {
		said = http.StatusText(e.Status)
	}
	return fmt.Sprintf("the service answers %d: %s", e.Status, said)
}

// Service is a realm of a service.
type Service struct {
	base  string
	agent string
	http  *http.Client
}

// NewService returns the realm of l, whose Server must be one that ParseServer returned. authority holds the
// certificates (PEM) that it is trusted by; nil: those of this machine.
func NewService(l Login, authority []byte, agent string) (*Service, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if authority != nil {
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(authority) {
			return nil, errors.New("--certificate-authority holds no certificate in PEM")
		}
	}
	return &Service{base: l.base(), agent: agent, http: &http.Client{
		Transport: transport, Timeout: patience,
		// A password isn't sent on to wherever an answer points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// password logs in (RFC 6749 section 4.3).
func (s *Service) password(ctx context.Context, user, password string) (grant, error) {
	return s.grant(ctx, url.Values{"grant_type": {"password"}, "username": {user}, "password": {password}})
}

// refresh presents a refresh token (RFC 6749 section 6). ErrEnded: it is good for nothing any more.
func (s *Service) refresh(ctx context.Context, token Token) (grant, error) {
	g, err := s.grant(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {string(token)}})
	if refused, ok := errors.AsType[*RefusedError](err); ok && refused.Status == http.StatusBadRequest && refused.Code == "invalid_grant" {
		return grant{}, ErrEnded
	}
	return g, err
}

// grant is a token response (RFC 6749 section 5.1).
type grant struct {
	Access    Token  `json:"access_token"`
	Type      string `json:"token_type"`
	ExpiresIn int64  `json:"expires_in"`
	Refresh   Token  `json:"refresh_token"`
}

func (s *Service) grant(ctx context.Context, form url.Values) (grant, error) {
	var g grant
	if err := s.ask(ctx, http.MethodPost, "/token", "", form, &g); err != nil {
		return grant{}, err
	}
	if g.Access == "" || g.Refresh == "" || !strings.EqualFold(g.Type, "bearer") || g.ExpiresIn <= 0 {
		return grant{}, errors.New("the answer holds no tokens: is --server Latchkey's?")
	}
	return g, nil
}

// alive reports whether the service accepts an access token. An error says that nobody knows.
func (s *Service) alive(ctx context.Context, access Token) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, confirming)
	defer cancel()
	err := s.ask(ctx, http.MethodGet, "/profile", access, nil, nil)
	if refused, ok := errors.AsType[*RefusedError](err); ok && refused.Status == http.StatusUnauthorized {
		return false, nil
	}
	return err == nil, err
}

// end ends a login: as its user while the access token is good, and else by its refresh token (RFC 7009).
func (s *Service) end(ctx context.Context, k *Kept) error {
	err := s.ask(ctx, http.MethodPost, "/logout", k.Access, nil, nil)
	if refused, ok := errors.AsType[*RefusedError](err); ok && refused.Status == http.StatusUnauthorized {
		return s.ask(ctx, http.MethodPost, "/revoke", "", url.Values{"token": {string(k.Refresh)}}, nil)
	}
	return err
}

// ask sends one request and reads the answer to a success into answer, unless that is nil.
func (s *Service) ask(ctx context.Context, method, path string, bearer Token, form url.Values, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("User-Agent", s.agent)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+string(bearer))
	}
	response, err := s.http.Do(request)
	if err != nil {
		return fmt.Errorf("ask the service: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		return fmt.Errorf("read the service's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		refused := &RefusedError{Status: response.StatusCode}
		var said struct {
			Code        string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(body, &said) == nil {
			refused.Code, refused.Description = said.Code, said.Description
		}
		return refused
	}
	if answer != nil && json.Unmarshal(body, answer) != nil { // the error would quote the answer
		return errors.New("the answer isn't a token response: is --server Latchkey's?")
	}
	return nil
}
