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

// Client is what an app does at a Latchkey.
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
	return c.grant(ctx, url.Values{"grant_type": {"password"}, "username": {login.User}, "password": {login.Password}})
}

// Refresh presents a refresh token. A refusal is a *RefusedError.
func (c Client) Refresh(ctx context.Context, token string) (Tokens, error) {
	return c.grant(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func (c Client) grant(ctx context.Context, form url.Values) (Tokens, error) {
	body, err := c.post(ctx, "/token", "", form)
	if err != nil {
		return Tokens{}, err
	}
	var tokens Tokens
	if err := json.Unmarshal(body, &tokens); err != nil {
		return Tokens{}, fmt.Errorf("read tokens: %w", err)
	}
	return tokens, nil
}

// Logout ends the login that an access token belongs to. A refusal is a *RefusedError.
func (c Client) Logout(ctx context.Context, access string) error {
	_, err := c.post(ctx, "/logout", access, nil)
	return err
}

// Check says what a check for any valid user answers to an access token: 200 or 401.
func (c Client) Check(ctx context.Context, access string) (int, error) {
	return Ask(ctx, c.url+"/check/role/authenticated", access)
}

// post posts a form, with a bearer token unless that is empty, and returns the answer to a success.
func (c Client) post(ctx context.Context, path, bearer string, form url.Values) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, &RefusedError{response.StatusCode, string(body)}
	}
	return body, nil
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
