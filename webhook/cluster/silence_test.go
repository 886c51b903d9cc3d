package cluster_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// P2: a login that finds the API server silent waited for as long as it may wait for the leader, some 9 s.
func TestALoginHearsWithinFiveSecondsThatTheAPIServerIsSilent(t *testing.T) {
	silent := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	api := interceptor.NewClient(nil, interceptor.Funcs{
		Get: func(ctx context.Context, _ client.WithWatch, _ client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
			return silent(ctx)
		},
		Create: func(ctx context.Context, _ client.WithWatch, _ client.Object, _ ...client.CreateOption) error {
			return silent(ctx)
		},
	})
	store := cluster.New(api, nil, time.Now)
	ann := &directory.User{Name: "ann", UID: "1"}
	for name, step := range map[string]func(context.Context) error{
		"asking whether the password is acknowledged": func(ctx context.Context) error { return store.Admit(ctx, "realm", ann, "fingerprint") },
		"storing the login": func(ctx context.Context) error {
			_, err := store.Begin(ctx, "realm", webhook.Login{SessionID: "s", User: ann})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second) // what a login may take in all
				defer cancel()
				begun := time.Now()
				err := step(ctx)
				if took := time.Since(begun); took >= 5*time.Second { // by the bubble's clock
					t.Errorf("it took %s", took)
				}
				if !errors.Is(err, webhook.ErrUnavailable) {
					t.Errorf("%v is no word of the API server's being away", err)
				}
			})
		})
	}
}
