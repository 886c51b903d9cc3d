package controllertest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// Moment says on which side of a write a controller dies.
type Moment string

// The moments. To a controller that starts again they differ in what it finds.
const (
	// BeforeWrite: the API server never hears of the write.
	BeforeWrite Moment = "before"
	// AfterWrite: the write is done, and its answer is lost.
	AfterWrite Moment = "after"
)

// ErrInjected is what an injected fault returns.
var ErrInjected = errors.New("injected fault")

// Faults records the writes of a client by namespace, and fails those that it is told to.
type Faults struct {
	mu     sync.Mutex
	writes map[string][]string
	plans  map[string]fault
	denied map[string]error
}

type fault struct {
	what string // "": every write counts
	nth  int
	when Moment
	done bool
}

// NewFaults returns Faults without a plan.
func NewFaults() *Faults {
	return &Faults{writes: map[string][]string{}, plans: map[string]fault{}, denied: map[string]error{}}
}

// Fail makes the nth write to namespace, counted from 1, fail once at the given moment.
func (f *Faults) Fail(namespace string, nth int, when Moment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plans[namespace] = fault{nth: nth, when: when}
}

// FailWrite is Fail for the nth write of a kind, as Writes names it, counted from those that were before.
func (f *Faults) FailWrite(namespace, what string, nth int, when Moment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plans[namespace] = fault{what: what, nth: f.count(namespace, what) + nth, when: when}
}

// Failed reports whether what Fail or FailWrite asked for has happened.
func (f *Faults) Failed(namespace string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.plans[namespace].done
}

// count is the number of writes so far of a kind; of all if what is "".
func (f *Faults) count(namespace, what string) int {
	n := 0
	for _, write := range f.writes[namespace] {
		if what == "" || write == what {
			n++
		}
	}
	return n
}

// Refuse makes every write of a kind to namespace, as Writes names it, fail with err; until err is nil.
func (f *Faults) Refuse(namespace, what string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.denied[namespace+" "+what] = err
}

// Writes returns the writes to namespace so far, in order, also those that failed: as in
// "create RevokedToken" or "patch User/status".
func (f *Faults) Writes(namespace string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.writes[namespace])
}

// around does write, unless a fault comes in its way.
func (f *Faults) around(namespace, what string, write func() error) error {
	moment, denied := f.record(namespace, what)
	switch {
	case denied != nil:
		return denied
	case moment == BeforeWrite:
		return ErrInjected
	case moment == AfterWrite:
		_ = write() // whatever came of it, nobody hears
		return ErrInjected
	}
	return write()
}

func (f *Faults) record(namespace, what string) (Moment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes[namespace] = append(f.writes[namespace], what)
	denied := f.denied[namespace+" "+what]
	plan := f.plans[namespace]
	if (plan.what == "" || plan.what == what) && plan.nth == f.count(namespace, plan.what) {
		plan.done = true
		f.plans[namespace] = plan
		return plan.when, denied
	}
	return "", denied
}

// Wrap returns c, whose writes f sees and can fail.
func (f *Faults) Wrap(c client.WithWatch) client.WithWatch {
	kind := func(o client.Object) string {
		gvk, err := apiutil.GVKForObject(o, c.Scheme())
		if err != nil {
			return err.Error()
		}
		return gvk.Kind
	}
	return interceptor.NewClient(c, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			return f.around(o.GetNamespace(), "create "+kind(o), func() error { return c.Create(ctx, o, opts...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			return f.around(o.GetNamespace(), "update "+kind(o), func() error { return c.Update(ctx, o, opts...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			return f.around(o.GetNamespace(), "patch "+kind(o), func() error { return c.Patch(ctx, o, p, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			return f.around(o.GetNamespace(), "delete "+kind(o), func() error { return c.Delete(ctx, o, opts...) })
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			return f.around(o.GetNamespace(), "patch "+kind(o)+"/"+sub, func() error { return c.SubResource(sub).Patch(ctx, o, p, opts...) })
		},
	})
}
