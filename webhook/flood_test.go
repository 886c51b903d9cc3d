package webhook_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// floodOf is how many names the flood tries.
const floodOf = 20_000

var _ = Describe("A flood of wrong passwords", func() {
	It("for 20,000 names leaves memory bounded and etcd untouched (L23)", func(ctx SpecContext) {
		r, g := aRealm(ctx), aService(slog.DiscardHandler)
		r.user(ctx, "alice")
		objects, revision := stored(ctx)
		heap := liveHeap()
		written := g.written.Load()

		var next, refused atomic.Int64
		var senders sync.WaitGroup
		began := time.Now()
		for range 8 {
			senders.Go(func() {
				defer GinkgoRecover()
				for i := next.Add(1); i <= floodOf; i = next.Add(1) {
					a := g.try(r, fmt.Sprintf("name-%d", i), "wrong", fmt.Sprintf("198.18.%d.%d", i>>8&255, i&255))
					if a.Status == http.StatusUnauthorized && a.Body == wrongBody {
						refused.Add(1)
					}
				}
			})
		}
		senders.Wait()
		took := time.Since(began)

		grown := liveHeap() - heap
		after, newRevision := stored(ctx)
		moved := changed(objects, after)
		AddReportEntry("wrong passwords for as many names", fmt.Sprintf("%d in %s; heap %d KiB before, %+d KiB after; %d writes by the service; etcd at revision %s before, %s after, when the API server and the controllers had written %q",
			refused.Load(), took.Round(time.Millisecond), heap>>10, grown>>10, g.written.Load()-written, revision, newRevision, moved))
		Expect(refused.Load()).To(BeEquivalentTo(floodOf))
		Expect(g.metrics()).To(ContainSubstring("latchkey_login_budgets 0"))
		Expect(grown).To(BeNumerically("<", 20<<20), "bytes of heap")
		Expect(g.written.Load()).To(Equal(written))
		Expect(g.asked.Load()).To(BeNumerically(">=", floodOf), "each name costs what a user costs")
		for _, name := range moved {
			Expect(name).NotTo(ContainSubstring(" "+r.namespace+"/"), "an object of this realm")
		}
		Expect(g.try(r, "alice", goodPassword, home).Status).To(Equal(http.StatusOK))
	}, NodeTimeout(10*time.Minute))
})

// stored returns the resourceVersion of every object that the API server holds, by its
// kind, namespace and name, and etcd's revision.
func stored(ctx SpecContext) (objects map[string]string, revision string) {
	GinkgoHelper()
	asking, err := discovery.NewDiscoveryClientForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	kinds, err := asking.ServerPreferredResources()
	Expect(err).NotTo(HaveOccurred())
	objects = map[string]string{}
	for _, group := range kinds {
		for _, kind := range group.APIResources {
			if !slices.Contains(kind.Verbs, "list") {
				continue
			}
			list := &metav1.PartialObjectMetadataList{}
			list.SetGroupVersionKind(schema.FromAPIVersionAndKind(group.GroupVersion, kind.Kind+"List"))
			Expect(api.List(ctx, list)).To(Succeed(), kind.Kind)
			for _, o := range list.Items {
				objects[kind.Kind+" "+o.Namespace+"/"+o.Name] = o.ResourceVersion
			}
			revision = list.ResourceVersion
		}
	}
	return objects, revision
}

// changed names what is not the same before and after.
func changed(before, after map[string]string) (names []string) {
	for name := range after {
		if before[name] != after[name] {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, still := after[name]; !still {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // what the first one finalised
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
