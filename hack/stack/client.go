package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Tokens are what a login answers with.
type Tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// Client logs in at a Latchkey.
type Client struct{ url string }

// NewClient returns a Client of the public listener at url.
func NewClient(url string) Client { return Client{url} }

// RefusedError is an answer that isn't a success.
type RefusedError struct {
	// Status is the HTTP status.
	Status int
	// Body is the whole answer.
	Body string
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%d: %s", e.Status, strings.TrimSpace(e.Body))
}

// Login logs in with the password grant. A refusal is a *RefusedError.
func (c Client) Login(ctx context.Context, login Login) (Tokens, error) {
	form := url.Values{"grant_type": {"password"}, "username": {login.User}, "password": {login.Password}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return Tokens{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Tokens{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return Tokens{}, fmt.Errorf("read answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return Tokens{}, &RefusedError{response.StatusCode, string(body)}
	}
	var tokens Tokens
	if err := json.Unmarshal(body, &tokens); err != nil {
		return Tokens{}, fmt.Errorf("read tokens: %w", err)
	}
	return tokens, nil
}

// Ask GETs address with a bearer token, or without where that is empty, and returns the status.
func Ask(ctx context.Context, address, bearer string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
