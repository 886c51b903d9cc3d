package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// patience is how long a part of the installation may take to come up; lookEvery is how
// often it is looked whether it has.
const (
	patience  = time.Minute
	lookEvery = 50 * time.Millisecond
)

// cluster is a real control plane with Latchkey's rights, a realm, and the controllers.
type cluster struct {
	*testenv.Environment
	launcher   *launcher
	log        io.Writer // of Latchkey's processes
	binary     string
	controller *stack.Server
	users      []string // of needUsers; nil until a stage needs them
}

// needCluster starts it for the first stage that needs it; end ends it.
func (b *benchmark) needCluster(ctx context.Context) (*cluster, error) {
	if b.cluster != nil {
		return b.cluster, nil
	}
	b.say("building Latchkey, starting a control plane (etcd runs with --unsafe-no-fsync) and the controllers")
	c := &cluster{launcher: b.launcher, log: io.Discard}
	if b.verbose {
		c.log = os.Stderr
	}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	b.cluster = c
	return c, nil
}

func (c *cluster) start(ctx context.Context) (err error) {
	if c.binary, err = stack.Build(ctx, c.launcher.folder); err != nil {
		return err
	}
	if c.Environment, err = c.launcher.startControlPlane(); err != nil {
		return err
	}
	file := filepath.Join(c.launcher.folder, "admin.kubeconfig")
	if err := os.WriteFile(file, c.Kubeconfig(), 0o600); err != nil {
		return err
	}
	kubectl, err := stack.NewKubectl(file)
	if err != nil {
		return err
	}
	if err := stack.Install(ctx, kubectl); err != nil {
		return err
	}
	if err := c.prepareRealm(ctx); err != nil {
		return err
	}
	c.controller, err = c.latchkey(ctx, c.launcher.all, stack.Launch{Command: stack.Controller})
	return err
}

// startControlPlane starts etcd and kube-apiserver, whose files are all in the folder.
func (l *launcher) startControlPlane() (*testenv.Environment, error) {
	assets, err := testenv.Assets()
	if err != nil {
		return nil, err
	}
	var links string
	for _, name := range []string{"etcd", "kube-apiserver"} {
		link, err := l.link(l.all, name, filepath.Join(assets, name))
		if err != nil {
			return nil, err
		}
		links = filepath.Dir(link)
	}
	for name, value := range map[string]string{"TMPDIR": l.folder, "KUBEBUILDER_ASSETS": links} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	ctrl.SetLogger(logr.Discard()) // controller-runtime complains without one
	env, err := testenv.Start()
	return env, errors.Join(err, os.Setenv("KUBEBUILDER_ASSETS", assets))
}

// prepareRealm lifts the limits on logins, and makes the Role that checks ask for.
func (c *cluster) prepareRealm(ctx context.Context) error {
	realm := &v1alpha1.Realm{}
	if err := c.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: "default"}, realm); err != nil {
		return fmt.Errorf("get the realm: %w", err)
	}
	realm.Spec.Sessions.MaxPerUser, realm.Spec.Sessions.MaxLoginsPerHour = 1000, 100_000
	if err := c.Client.Update(ctx, realm); err != nil {
		return fmt.Errorf("change the realm: %w", err)
	}
	return c.Client.Create(ctx, &v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: roleName(everybodys)}})
}

// stop ends what was started.
func (c *cluster) stop() error {
	if c.controller != nil {
		c.controller.Stop()
	}
	if c.Environment == nil {
		return nil
	}
	return c.Environment.Stop()
}

// latchkey starts a process of the product on a core and returns when it is ready.
func (c *cluster) latchkey(ctx context.Context, on core, launch stack.Launch) (*stack.Server, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	if launch.Binary, err = c.launcher.link(on, "latchkey", c.binary); err != nil {
		return nil, err
	}
	launch.Env, launch.Dir, launch.ExternalURL, launch.Log = c.Environment, c.launcher.folder, issuer, c.log
	return launch.Start(ctx)
}

// replica starts a serving process, and returns when user can log in there: a process is
// ready before the controllers have made the realm's first keys.
func (c *cluster) replica(ctx context.Context, on core, name, user string) (*stack.Server, error) {
	server, err := c.latchkey(ctx, on, stack.Launch{Command: stack.Serve, Name: name, ReplicaName: name, Listen: loopback})
	if err != nil {
		return nil, err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, lookEvery, patience, true, func(ctx context.Context) (bool, error) {
		_, last = stack.NewClient(server.URL()).Login(ctx, stack.Login{User: user, Password: benchPassword})
		return last == nil, nil
	})
	if err != nil {
		server.Stop()
		return nil, fmt.Errorf("wait until %q can log in: %w: %w", user, err, last)
	}
	return server, nil
}

// addUsers makes users who can all log in with benchPassword, and returns once the
// controllers have seen them.
func (c *cluster) addUsers(ctx context.Context, names []string) error {
	hash, err := password.Default().Make(benchPassword)
	if err != nil {
		return err
	}
	for _, name := range names {
		meta := metav1.ObjectMeta{Namespace: stack.Namespace, Name: name}
		secret := &corev1.Secret{ObjectMeta: meta, Type: v1alpha1.PasswordSecretType, Data: map[string][]byte{v1alpha1.PasswordHashDataKey: []byte(hash)}}
		user := &v1alpha1.User{ObjectMeta: meta, Spec: v1alpha1.UserSpec{
			Roles:             []v1alpha1.GrantableRoleName{v1alpha1.GrantableRoleName(roleName(everybodys))},
			PasswordSecretRef: &v1alpha1.PasswordSecretReference{Name: name},
		}}
		for _, o := range []client.Object{secret, user} {
			if err := c.Client.Create(ctx, o); err != nil {
				return fmt.Errorf("create user %q: %w", name, err)
			}
		}
	}
	for _, name := range names {
		err := wait.PollUntilContextTimeout(ctx, lookEvery, patience, true, func(ctx context.Context) (bool, error) {
			user := &v1alpha1.User{}
			err := c.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: name}, user)
			return user.Status.PasswordFingerprint != "", err
		})
		if err != nil {
			return fmt.Errorf("wait until user %q can log in: %w", name, err)
		}
	}
	return nil
}
