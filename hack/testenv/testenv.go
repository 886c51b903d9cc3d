// Package testenv starts a real kube-apiserver and etcd with Latchkey's kinds
// installed, for test suites, the demo and the benchmark. The binaries come from
// KUBEBUILDER_ASSETS or, by hack/controlplane, from the user's cache.
package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	k8sruntime "k8s.io/apimachinery/pkg/runtime"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// Environment is a running control plane. Everything it keeps on disk is temporary.
type Environment struct {
	// Config reaches the API server as an administrator, without a client-side rate limit.
	Config *rest.Config
	// Client is a typed client of an administrator, without a cache.
	Client client.Client

	env   *envtest.Environment
	guard *guard
}

// Flags are flags of kube-apiserver by their names, without hyphens before them. One takes
// the place of what the flag is otherwise; "" takes it away.
type Flags map[string]string

// Start starts a control plane and installs the CRDs of config/crd. It takes about
// five seconds once the binaries are there.
func Start() (*Environment, error) { return StartWith(nil) }

// StartWith is Start for a kube-apiserver that is configured in another way.
func StartWith(flags Flags) (*Environment, error) {
	return start(flags, filepath.Join(Root(), "config", "crd", "bases"))
}

// StartEmpty starts a control plane that knows nothing of Latchkey: a cluster before anything is installed.
func StartEmpty() (*Environment, error) { return start(nil) }

// startTimeout is how long a control plane may take to start, and to end.
const startTimeout = 2 * time.Minute

func start(flags Flags, crds ...string) (*Environment, error) {
	assets, err := Assets()
	if err != nil {
		return nil, err
	}
	env := &envtest.Environment{
		BinaryAssetsDirectory: assets,
		CRDDirectoryPaths:     crds,
		ErrorIfCRDPathMissing: true,
		// Several suites start theirs at a time, on machines with few cores.
		ControlPlaneStartTimeout: startTimeout,
		ControlPlaneStopTimeout:  startTimeout,
	}
	guard, err := newGuard()
	if err != nil {
		return nil, err
	}
	configure(env, flags)
	config, err := startGuarded(env, guard, assets)
	if err != nil {
		guard.kill()
		return nil, fmt.Errorf("start control plane: %w", err)
	}
	config.QPS = -1
	c, err := client.New(config, client.Options{Scheme: Scheme()})
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return &Environment{Config: config, Client: c, env: env, guard: guard}, nil
}

func configure(env *envtest.Environment, flags Flags) {
	arguments := env.ControlPlane.GetAPIServer().Configure()
	for name, value := range flags {
		if value == "" {
			arguments.Disable(name)
			continue
		}
		arguments.Set(name, value)
	}
}

// startGuarded starts env's programs, guarded.
func startGuarded(env *envtest.Environment, g *guard, assets string) (config *rest.Config, err error) {
	env.ControlPlane.Etcd = &envtest.Etcd{}
	if env.ControlPlane.Etcd.Path, err = g.guarded(filepath.Join(assets, "etcd")); err != nil {
		return nil, err
	}
	if env.ControlPlane.GetAPIServer().Path, err = g.guarded(filepath.Join(assets, "kube-apiserver")); err != nil {
		return nil, err
	}
	return env.Start()
}

// Stop ends both processes and removes their files. They are killed if this process ends without.
func (e *Environment) Stop() error {
	if err := e.env.Stop(); err != nil {
		e.guard.kill()
		return fmt.Errorf("stop control plane: %w", err)
	}
	return e.guard.release()
}

// ConfigFor returns the configuration of a user whom the API server authenticates
// under name and groups, and whose rights are what RBAC gives them.
func (e *Environment) ConfigFor(name string, groups ...string) (*rest.Config, error) {
	user, err := e.env.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: -1})
	if err != nil {
		return nil, fmt.Errorf("add user %q: %w", name, err)
	}
	return user.Config(), nil
}

// Kubeconfig returns an administrator's kubeconfig file, for kubectl.
func (e *Environment) Kubeconfig() []byte { return e.env.KubeConfig }

// Scheme knows Latchkey's kinds and Kubernetes' own.
func Scheme() *k8sruntime.Scheme {
	s := k8sruntime.NewScheme()
	for _, add := range []func(*k8sruntime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err) // only when two kinds claim one name, which is a bug
		}
	}
	return s
}

// Root is the top folder of this repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Assets is the folder with kube-apiserver and etcd; it is filled first where it is
// empty, which takes minutes once.
func Assets() (string, error) {
	if assets := os.Getenv("KUBEBUILDER_ASSETS"); assets != "" {
		return assets, nil
	}
	provide := exec.Command(filepath.Join(Root(), "hack", "controlplane", "provide.sh"))
	provide.Stderr = os.Stderr
	out, err := provide.Output()
	if err != nil {
		return "", fmt.Errorf("provide control plane: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
