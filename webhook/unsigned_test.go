package webhook_test

import (
	"context"
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
	"github.com/latchkey-auth/latchkey/webhook/refresh"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// keyless is a store of a realm that has a user with a password; it counts what is written.
type keyless struct {
	hash    string
	written int
}

func (k *keyless) Hash(context.Context, string, string) (string, error) { return k.hash, nil }
func (k *keyless) Admit(context.Context, string, *directory.User, string) error {
	return nil
}
func (k *keyless) Advance(context.Context, string, *webhook.StoredLogin, refresh.State) error {
	k.written++
	return nil
}
func (k *keyless) End(context.Context, string, string, string) error { k.written++; return nil }
func (k *keyless) EndAll(context.Context, string, *directory.User, string, string) error {
	k.written++
	return nil
}
func (k *keyless) List(context.Context, string, string) ([]webhook.StoredLogin, error) {
	return nil, nil
}
func (k *keyless) Get(context.Context, string, string) (*webhook.StoredLogin, error) {
	return nil, webhook.ErrNotFound
}
func (k *keyless) Begin(context.Context, string, webhook.Login) (time.Time, error) {
	k.written++
	return time.Now(), nil
}

var _ = Describe("A realm without a signing key", func() {
	It("answers a right password with 503, and writes no Session that nobody could use", func() {
		d := directory.New()
		d.Settings().Put(directory.Item[directory.Settings]{Namespace: "r", Name: "default", UID: "1", Version: 1,
			Value: directory.Settings{Issuer: externalURL, PasswordGrant: true, MaxLoginsPerHour: 10, LockoutFailures: 10, LockoutWindow: time.Minute, LockoutDuration: time.Minute, RefreshTTL: time.Hour, AccessTTL: time.Minute}})
		d.Users().Put(directory.Item[directory.User]{Namespace: "r", Name: "alice", UID: "2", Version: 2, Value: directory.User{PasswordSecret: "s"}})
		store := &keyless{hash: cheapHash(goodPassword)}
		service, err := webhook.New(webhook.Config{
			Directory: d, Synced: func() bool { return true }, Stale: func() bool { return false }, Sessions: store, Passwords: store,
			Logins: password.NewSlots(password.SlotsConfig{}), Hashing: password.NewSlots(password.SlotsConfig{}), Tokens: token.NewCache(1),
			DefaultRealm: "r", ExternalURL: externalURL, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: time.Now,
		})
		Expect(err).NotTo(HaveOccurred())

		ask := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader("grant_type=password&username=alice&password="+goodPassword))
		ask.Header.Set("Content-Type", formType)
		answered := httptest.NewRecorder()
		service.ServeHTTP(answered, ask)

		Expect(answered.Code).To(Equal(http.StatusServiceUnavailable), answered.Body.String())
		Expect(answered.Header().Get("Retry-After")).NotTo(BeEmpty())
		Expect(store.written).To(BeZero())
	})
})
