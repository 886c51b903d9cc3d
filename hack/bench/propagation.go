package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/bench/figures"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

const (
	replicas  = 3
	pollEvery = 500 * time.Microsecond // what a measured time may be too long by
	atMost    = 10 * time.Second       // until a revocation must hold
)

// propagation measures how long tokens are still accepted after the API server has stored
// their revocation.
func (b *benchmark) propagation(ctx context.Context, report *figures.Report) error {
	c, err := b.needCluster(ctx)
	if err != nil {
		return err
	}
	user := stack.Login{User: "revoked", Password: benchPassword}
	if err := c.addUsers(ctx, []string{user.User}); err != nil {
		return err
	}
	var servers []*stack.Server
	for i := range replicas {
		server, err := c.replica(ctx, anyCore, fmt.Sprintf("replica-%d", i+1), user.User)
		if err != nil {
			return err
		}
		defer server.Stop()
		servers = append(servers, server)
	}
	var times []time.Duration
	for i := range b.revocations {
		issued, err := stack.NewClient(servers[i%replicas].URL()).Login(ctx, user)
		if err != nil {
			return err
		}
		took, err := c.revoke(ctx, "bench-"+strconv.Itoa(i), issued.Access, servers)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	slices.Sort(times)
	p50, p99 := milliseconds(figures.Percentile(times, 0.50)), milliseconds(figures.Percentile(times, 0.99))
	b.say("%d revocations, %d replicas: p50 %.2f ms, p99 %.2f ms, longest %.2f ms", len(times), replicas, p50, p99, milliseconds(times[len(times)-1]))
	n := replicas
	report.Propagation = &figures.Propagation{P50: figures.Measured(p50, 2), P99: figures.Measured(p99, 2), Replicas: &n}
	return nil
}

// revoke creates a RevokedToken for token and returns how long after the API server's answer
// the last of servers still accepted it.
func (c *cluster) revoke(ctx context.Context, name, token string, servers []*stack.Server) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	id, err := tokenID(token)
	if err != nil {
		return 0, err
	}
	refused, problems := make([]time.Time, len(servers)), make([]error, len(servers))
	var accepted, all sync.WaitGroup
	for i, server := range servers {
		accepted.Add(1)
		all.Go(func() {
			refused[i], problems[i] = untilRefused(ctx, server.URL()+roleTarget, token, sync.OnceFunc(accepted.Done))
		})
	}
	accepted.Wait()
	revocation := &v1alpha1.RevokedToken{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: name}, Spec: v1alpha1.RevokedTokenSpec{TokenID: id}}
	err = c.Client.Create(ctx, revocation)
	answered := time.Now()
	if err != nil {
		cancel()
	}
	all.Wait()
	if err := errors.Join(append(problems, err)...); err != nil {
		return 0, fmt.Errorf("revoke a token: %w", err)
	}
	return max(0, slices.MaxFunc(refused, time.Time.Compare).Sub(answered)), nil
}

// untilRefused asks one replica until it refuses, and returns when it did. It calls accepted
// when it has been allowed once, or can't be.
func untilRefused(ctx context.Context, target, token string, accepted func()) (time.Time, error) {
	defer accepted()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for known := false; ; {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
		if err != nil {
			return time.Time{}, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return time.Time{}, err
		}
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		switch reason := response.Header.Get("X-Latchkey-Reason"); {
		case err != nil:
			return time.Time{}, err
		case response.StatusCode == http.StatusOK:
			known = true
			accepted()
		case known && reason == "token_revoked":
			return time.Now(), nil
		case known: // a replica may not know the keys or the user yet, but once it did it does
			return time.Time{}, fmt.Errorf("a check of a valid token was refused: %s %s", response.Status, reason)
		}
		<-tick.C
	}
}

// tokenID reads the jti of a token that was just issued.
func tokenID(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", errors.New("read a token: it hasn't three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", fmt.Errorf("read a token: %w", err)
	}
	var claims struct {
		ID string `json:"jti"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil || claims.ID == "" {
		return "", errors.New("read a token: it has no jti")
	}
	return claims.ID, nil
}
