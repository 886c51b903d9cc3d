package secretwatch

import (
	"context"
	"fmt"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=realms,verbs=get;list;watch
// +kubebuilder:rbac:groups="",namespace=realm,resources=secrets,verbs=get;list;watch

// Event names a Secret that was made, changed or deleted.
type Event = event.TypedGenericEvent[types.NamespacedName]

// Watcher follows Secrets in the namespace of every Realm, as Realms come and go. It is a
// runnable of a manager and needs leadership.
type Watcher struct {
	realms    cache.Informers
	secrets   metadata.Getter
	logger    logr.Logger
	passwords []chan Event
	keys      []chan Event
}

// New returns a Watcher that learns of Realms from realms and follows Secrets through config.
func New(config *rest.Config, realms cache.Informers, logger logr.Logger) (*Watcher, error) {
	c, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make metadata client: %w", err)
	}
	return &Watcher{realms: realms, secrets: c.Resource(secretsResource), logger: logger}, nil
}

// Passwords returns a channel of its caller's own with events of Secrets of the password
// type. Call it before Start, and receive until the manager ends.
func (w *Watcher) Passwords() <-chan Event {
	c := make(chan Event)
	w.passwords = append(w.passwords, c)
	return c
}

// Keys returns the same for the Secrets that hold signing keys.
func (w *Watcher) Keys() <-chan Event {
	c := make(chan Event)
	w.keys = append(w.keys, c)
	return c
}

// Start follows Secrets until ctx ends.
func (w *Watcher) Start(ctx context.Context) error {
	informer, err := w.realms.GetInformer(ctx, &v1alpha1.Realm{})
	if err != nil {
		return fmt.Errorf("get informer of realms: %w", err)
	}
	namespaces := newNamespaces()
	registration, err := informer.AddEventHandler(namespaces)
	if err != nil {
		return fmt.Errorf("watch realms: %w", err)
	}
	defer func() { _ = informer.RemoveEventHandler(registration) }() // it fails for a foreign registration only

	var running sync.WaitGroup
	defer running.Wait()
	stop := map[string]context.CancelFunc{}
	defer func() {
		for _, end := range stop {
			end()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-namespaces.changed:
		}
		current := namespaces.list()
		for namespace, end := range stop {
			if !current.Has(namespace) {
				end()
				delete(stop, namespace)
			}
		}
		for namespace := range current {
			if stop[namespace] == nil {
				following, end := context.WithCancel(ctx)
				stop[namespace] = end
				running.Go(func() { w.follow(following, namespace) })
			}
		}
	}
}

// follow passes on what happens to the two selections of namespace until ctx ends.
func (w *Watcher) follow(ctx context.Context, namespace string) {
	var both sync.WaitGroup
	defer both.Wait()
	for _, selection := range []struct {
		fields fields.Selector
		to     []chan Event
	}{
		{fields.OneTermEqualSelector("type", v1alpha1.PasswordSecretType), w.passwords},
		{fields.OneTermEqualSelector("metadata.name", v1alpha1.SigningKeysSecretName), w.keys},
	} {
		both.Go(func() {
			reflect(ctx, w.logger, w.secrets.Namespace(namespace), selection.fields, func(name string) {
				told := Event{Object: types.NamespacedName{Namespace: namespace, Name: name}}
				for _, c := range selection.to {
					select {
					case c <- told:
					case <-ctx.Done():
					}
				}
			})
		})
	}
}

// namespaces are those that hold a Realm, as the informer of Realms tells.
type namespaces struct {
	mu      sync.Mutex
	held    sets.Set[string]
	changed chan struct{} // holds one entry if anybody should look
}

var _ toolscache.ResourceEventHandler = &namespaces{}

func newNamespaces() *namespaces {
	return &namespaces{held: sets.New[string](), changed: make(chan struct{}, 1)}
}

// OnAdd adds the namespace of a new Realm.
func (n *namespaces) OnAdd(o any, _ bool) {
	if realm, ok := o.(*v1alpha1.Realm); ok {
		n.change(func() { n.held.Insert(realm.Namespace) })
	}
}

// OnUpdate does nothing: a namespace holds one Realm, whatever it says.
func (n *namespaces) OnUpdate(_, _ any) {}

// OnDelete removes the namespace of a Realm that is gone.
func (n *namespaces) OnDelete(o any) {
	if last, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
		o = last.Obj
	}
	if realm, ok := o.(*v1alpha1.Realm); ok {
		n.change(func() { n.held.Delete(realm.Namespace) })
	}
}

func (n *namespaces) change(apply func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	apply()
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

func (n *namespaces) list() sets.Set[string] {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.held.Clone()
}
