package webhook_test

import (
	crand "crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// unreachable is a network on which each request fails, and is remembered.
type unreachable struct{ asked []string }

func (u *unreachable) RoundTrip(r *http.Request) (*http.Response, error) {
	u.asked = append(u.asked, r.URL.String())
	return nil, errors.New("nothing may be fetched")
}

var _ = Describe("An unknown kid", func() {
	It("is answered from memory alone: no store, no network (J12, J19)", func() {
		network := &unreachable{}
		before := http.DefaultTransport
		http.DefaultTransport = network
		DeferCleanup(func() { http.DefaultTransport = before })

		now := time.Now()
		key, err := token.NewGeneration(token.ES256, token.Active, now, now, now.Add(time.Hour), crand.Reader)
		Expect(err).NotTo(HaveOccurred())
		document := token.Document{Generations: []token.Generation{key}}
		ring, err := token.NewRing(document, nil)
		Expect(err).NotTo(HaveOccurred())
		valid, err := ring.Sign(token.Access, token.Claims{
			Issuer: externalURL, Subject: "2", Audience: []string{externalURL}, ID: "jti", SessionID: "sid", Username: "alice",
			IssuedAt: now, ExpiresAt: now.Add(time.Minute), AuthTime: now,
		})
		Expect(err).NotTo(HaveOccurred())

		d := directory.New()
		d.Settings().Put(directory.Item[directory.Settings]{Namespace: "r", Name: "default", UID: "1", Version: 1,
			Value: directory.Settings{Issuer: externalURL, Audiences: []string{externalURL}}})
		d.Users().Put(directory.Item[directory.User]{Namespace: "r", Name: "alice", UID: "2", Version: 2})
		d.Keys().Put(directory.Item[token.Document]{Namespace: "r", Name: "latchkey-signing-keys", UID: "3", Version: 3, Value: document})
		nobody := (*keyless)(nil) // whoever asks it panics
		service, err := webhook.New(webhook.Config{
			Directory: d, Synced: func() bool { return true }, Stale: func() bool { return false }, Sessions: nobody, Passwords: nobody,
			Logins: password.NewSlots(password.SlotsConfig{}), Hashing: password.NewSlots(password.SlotsConfig{}), Tokens: token.NewCache(10),
			DefaultRealm: "r", ExternalURL: externalURL, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: time.Now,
		})
		Expect(err).NotTo(HaveOccurred())
		check := func(raw string) *httptest.ResponseRecorder {
			ask := httptest.NewRequest(http.MethodGet, "/profile", nil)
			ask.Header.Set("Authorization", "Bearer "+raw)
			answered := httptest.NewRecorder()
			service.ServeHTTP(answered, ask)
			return answered
		}

		Expect(check(valid).Code).To(Equal(http.StatusOK), "else the rest would prove nothing")
		_, rest, _ := strings.Cut(valid, ".")
		for i := range 100 {
			for _, header := range []string{
				fmt.Sprintf(`{"alg":"ES256","kid":"unknown-%d","typ":"at+jwt"}`, i),
				fmt.Sprintf(`{"alg":"ES256","kid":"unknown-%d","typ":"at+jwt","jku":"https://attacker.example/jwks"}`, i),
				fmt.Sprintf(`{"alg":"ES256","kid":"https://attacker.example/%d","typ":"at+jwt"}`, i),
			} {
				answered := check(base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest)
				Expect(answered.Code).To(Equal(http.StatusUnauthorized), answered.Body.String())
			}
		}
		Expect(network.asked).To(BeEmpty())
	})
})
