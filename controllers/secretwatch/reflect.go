package secretwatch

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	toolscache "k8s.io/client-go/tools/cache"
)

var secretsResource = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}

// retry is how long to wait after a refusal. The RoleBinding that makes a namespace a realm may
// come after its Realm, so the longest wait is what its administrator waits at most.
var retry = wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 6, Cap: 10 * time.Second}

// reflect calls tell with the name of each Secret of the selection that is there, and again whenever
// one is made, changed or deleted, until ctx ends.
func reflect(ctx context.Context, logger logr.Logger, secrets metadata.ResourceInterface, selection fields.Selector, tell func(name string)) {
	selected := func(options metav1.ListOptions) metav1.ListOptions {
		options.FieldSelector = selection.String()
		return options
	}
	source := &toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return secrets.List(ctx, selected(options))
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return secrets.Watch(ctx, selected(options))
		},
	}
	backoff := retry
	toolscache.NewReflectorWithOptions(
		toolscache.ToListWatcherWithWatchListSemantics(source, secrets),
		&metav1.PartialObjectMetadata{},
		&versions{known: map[string]string{}, tell: tell},
		toolscache.ReflectorOptions{Name: "secrets " + selection.String(), Logger: &logger, Backoff: &backoff},
	).RunWithContext(logr.NewContext(ctx, logger))
}

// versions is a reflector's store that keeps the version of each object, by name, and nothing else. A
// reflector calls it from one goroutine.
type versions struct {
	known map[string]string
	tell  func(name string)
}

var _ toolscache.ReflectorStore = &versions{}

// Add tells of o unless this version of it is known.
func (v *versions) Add(o any) error {
	m, err := meta.Accessor(o)
	if err != nil {
		return err
	}
	if v.known[m.GetName()] == m.GetResourceVersion() {
		return nil
	}
	v.known[m.GetName()] = m.GetResourceVersion()
	v.tell(m.GetName())
	return nil
}

// Update does what Add does.
func (v *versions) Update(o any) error { return v.Add(o) }

// Delete tells that o is gone.
func (v *versions) Delete(o any) error {
	m, err := meta.Accessor(o)
	if err != nil {
		return err
	}
	delete(v.known, m.GetName())
	v.tell(m.GetName())
	return nil
}

// Replace tells of whatever differs between list and what is known.
func (v *versions) Replace(list []any, _ string) error {
	listed := make(map[string]bool, len(list))
	for _, o := range list {
		m, err := meta.Accessor(o)
		if err != nil {
			return err
		}
		listed[m.GetName()] = true
		if err := v.Add(o); err != nil {
			return err
		}
	}
	for name := range v.known {
		if !listed[name] {
			delete(v.known, name)
			v.tell(name)
		}
	}
	return nil
}

// Resync does nothing.
func (v *versions) Resync() error { return nil }
