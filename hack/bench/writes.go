package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// bareClient asks the API server for what the service asks it for, with the service's rights, and
// does nothing else.
type bareClient struct{ api client.Client }

func newBareClient(kubeconfig string) (*bareClient, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read the server's kubeconfig: %w", err)
	}
	config.QPS = -1
	api, err := client.New(config, client.Options{Scheme: testenv.Scheme()})
	return &bareClient{api}, err
}

// logInBarely is the process that asks for what logins need: it reads the password Secret and the
// User, and creates a Session.
func logInBarely(ctx context.Context, in io.Reader, out io.Writer) error {
	f, err := readFlow(in)
	if err != nil {
		return err
	}
	bare, err := newBareClient(f.Kubeconfig)
	if err != nil {
		return err
	}
	once := func(ctx context.Context, _, i int) error {
		if err := bare.api.Get(ctx, key(f.user(i)), &corev1.Secret{}); err != nil {
			return err
		}
		_, err := bare.begin(ctx, f.user(i))
		return err
	}
	if err := once(ctx, 0, 0); err != nil { // it connects, and asks which kinds there are
		return err
	}
	return f.repeat(ctx, out, once)
}

// refreshBarely is the process that asks for what refreshes need: it reads a Session and the password
// Secret at once, and moves the Session's generation on if nobody else has.
func refreshBarely(ctx context.Context, in io.Reader, out io.Writer) error {
	f, err := readFlow(in)
	if err != nil {
		return err
	}
	bare, err := newBareClient(f.Kubeconfig)
	if err != nil {
		return err
	}
	var sessions [flowsAtOnce]string // each worker's
	for worker := range sessions {
		session, err := bare.begin(ctx, f.user(worker))
		if err != nil {
			return err
		}
		sessions[worker] = session.Name
	}
	return f.repeat(ctx, out, func(ctx context.Context, worker, _ int) error {
		return bare.advance(ctx, sessions[worker], f.user(worker))
	})
}

// begin stores a Session of a user as a login does.
func (c *bareClient) begin(ctx context.Context, name string) (*v1alpha1.Session, error) {
	user := &v1alpha1.User{}
	if err := c.api.Get(ctx, key(name), user); err != nil {
		return nil, err
	}
	expires := time.Now().Add(7 * 24 * time.Hour).Truncate(time.Second)
	session := &v1alpha1.Session{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: stack.Namespace, Name: strings.ToLower(rand.Text()),
			Finalizers:  []string{v1alpha1.SessionFinalizer},
			Labels:      map[string]string{v1alpha1.SessionUserLabel: user.Name, v1alpha1.SessionUserUIDLabel: string(user.UID)},
			Annotations: map[string]string{v1alpha1.SessionExpiresAnnotation: expires.UTC().Format(time.RFC3339)},
		},
		Spec: v1alpha1.SessionSpec{
			User:                v1alpha1.SessionUser{Name: user.Name, UID: user.UID},
			ExpiresAt:           metav1.NewTime(expires),
			Client:              v1alpha1.SessionClient{UserAgent: "bench", Address: "127.0.0.1"},
			PasswordFingerprint: user.Status.PasswordFingerprint,
		},
	}
	return session, c.api.Create(ctx, session)
}

// advance notes in a user's Session that the next refresh token was presented.
func (c *bareClient) advance(ctx context.Context, name, user string) error {
	session := &v1alpha1.Session{}
	reads, both := errgroup.WithContext(ctx)
	reads.Go(func() error { return c.api.Get(both, key(user), &corev1.Secret{}) })
	reads.Go(func() error { return c.api.Get(both, key(name), session) })
	if err := reads.Wait(); err != nil {
		return err
	}
	base := session.DeepCopy()
	session.Spec.Refresh = v1alpha1.SessionRefresh{
		Generation: base.Spec.Refresh.Generation + 1, TokenID: rand.Text(), At: &metav1.Time{Time: time.Now().Truncate(time.Second)},
	}
	return c.api.Patch(ctx, session, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{}))
}

func key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: stack.Namespace, Name: name}
}
