package chaos

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Tokens are what a login holds.
type Tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// SessionID is the login that the access token belongs to, unverified.
func (t Tokens) SessionID() (string, error) {
	parts := strings.Split(t.Access, ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("read an access token: %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", fmt.Errorf("read an access token: %w", err)
	}
	var claims struct {
		SessionID string `json:"sid"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return "", fmt.Errorf("read an access token: %w", err)
	}
	return claims.SessionID, nil
}

// Reply is what came of a request that writes.
type Reply struct {
	// Status is 0 if nothing was answered.
	Status int
	// RetryAfter is the header of that name.
	RetryAfter string
	// Body is the whole answer.
	Body []byte
	// Took is how long it took.
	Took time.Duration
}

// Away reports whether r says, as it should, that the API server can't be reached.
func (r Reply) Away() bool { return r.Status == http.StatusServiceUnavailable && r.RetryAfter != "" }

// Client uses the endpoints that write, with a connection of its own for each request: what it measures
// is not the state of a pool.
type Client struct{ http *http.Client }

// writeTimeout is longer than any of these requests may take.
const writeTimeout = 20 * time.Second

// NewClient returns a Client.
func NewClient() Client {
	return Client{&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: writeTimeout}}
}

// Login logs in with a password.
func (c Client) Login(ctx context.Context, replica *Replica, user, password string) (Tokens, Reply) {
	return c.token(ctx, replica, url.Values{"grant_type": {"password"}, "username": {user}, "password": {password}})
}

// Refresh trades a refresh token for new ones.
func (c Client) Refresh(ctx context.Context, replica *Replica, refresh string) (Tokens, Reply) {
	return c.token(ctx, replica, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
}

func (c Client) token(ctx context.Context, replica *Replica, form url.Values) (Tokens, Reply) {
	reply := c.send(ctx, http.MethodPost, replica.URL+"/token", "", "application/x-www-form-urlencoded", []byte(form.Encode()))
	var tokens Tokens
	if reply.Status == http.StatusOK && json.Unmarshal(reply.Body, &tokens) != nil {
		reply.Status = 0
	}
	return tokens, reply
}

// Logout ends the login of an access token.
func (c Client) Logout(ctx context.Context, replica *Replica, access string) Reply {
	return c.send(ctx, http.MethodPost, replica.URL+"/logout", access, "", nil)
}

// Call sends JSON to one of the endpoints that manage users.
func (c Client) Call(ctx context.Context, replica *Replica, method, path, access string, body any) Reply {
	text, err := json.Marshal(body)
	if err != nil {
		return Reply{Body: []byte(err.Error())}
	}
	return c.send(ctx, method, replica.URL+path, access, "application/json", text)
}

func (c Client) send(ctx context.Context, method, address, access, contentType string, body []byte) Reply {
	begun := time.Now()
	failed := func(err error) Reply { return Reply{Body: []byte(err.Error()), Took: time.Since(begun)} }
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return failed(err)
	}
	if access != "" {
		request.Header.Set("Authorization", "Bearer "+access)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return failed(err)
	}
	return Reply{Status: response.StatusCode, RetryAfter: response.Header.Get("Retry-After"), Body: text, Took: time.Since(begun)}
}
