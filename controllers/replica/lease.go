package replica

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// RenewEvery is how often a replica renews its Lease when it has nothing else to tell.
const RenewEvery = 2 * time.Second

// Names of what stands in a Lease beside its spec. spec.holderIdentity is the Incarnation, "" once the
// replica has ended cleanly; spec.renewTime is by the API server's clock.
const (
	// LeasePrefix begins the name of a replica's Lease; its name follows.
	LeasePrefix = "latchkey-replica-"
	// Label marks the Leases of replicas; its value is the replica's name.
	Label = v1alpha1.GroupName + "/replica"

	followedAnnotation     = v1alpha1.GroupName + "/followed"
	maxStalenessAnnotation = v1alpha1.GroupName + "/max-staleness"
	podAnnotation          = v1alpha1.GroupName + "/pod"
)

// Followed says up to which resourceVersion a directory knows everything. A replica that was just
// started has followed nothing.
type Followed struct {
	// Kinds are Latchkey's own, by resource: realms, users, roles, revokedtokens.
	Kinds map[string]string `json:"kinds,omitempty"`
	// Keys are the key Secrets, by the realm's namespace.
	Keys map[string]string `json:"keys,omitempty"`
}

// Equal reports whether f and other say the same.
func (f Followed) Equal(other Followed) bool {
	return maps.Equal(f.Kinds, other.Kinds) && maps.Equal(f.Keys, other.Keys)
}

// Kind reports whether everything of a resource is known that happened up to resourceVersion.
func (f Followed) Kind(resource, resourceVersion string) bool {
	return passed(f.Kinds[resource], resourceVersion)
}

// Key reports whether the key Secret of a realm is known as it was at resourceVersion.
func (f Followed) Key(namespace, resourceVersion string) bool {
	return passed(f.Keys[namespace], resourceVersion)
}

// passed is false of whatever can't be compared.
func passed(at, target string) bool {
	order, err := resourceversion.CompareResourceVersion(at, target)
	return err == nil && order >= 0
}

// State is what a replica says of itself.
type State struct {
	// Name is the replica's, the same after a restart.
	Name string
	// Incarnation is another one after each start; "" once the replica has ended cleanly: nobody
	// answers under that name.
	Incarnation string
	// RenewedAt is when it last said so, by the API server's clock.
	RenewedAt time.Time
	// MaxStaleness is after how long out of touch it refuses everything; 0 is never.
	MaxStaleness time.Duration
	// Pod is where it runs; zero where that is no Pod.
	Pod Pod
	// Followed is how far its directory has come.
	Followed Followed
}

// Pod names a Pod of Latchkey's own namespace.
type Pod struct {
	Name string    `json:"name"`
	UID  types.UID `json:"uid,omitempty"`
}

// Read returns what lease says. Of what can't be read it takes the worst: nothing was followed.
func Read(lease *coordinationv1.Lease) State {
	s := State{Name: lease.Labels[Label]}
	if lease.Spec.HolderIdentity != nil {
		s.Incarnation = *lease.Spec.HolderIdentity
	}
	if lease.Spec.RenewTime != nil {
		s.RenewedAt = lease.Spec.RenewTime.Time
	}
	if d, err := time.ParseDuration(lease.Annotations[maxStalenessAnnotation]); err == nil && d > 0 {
		s.MaxStaleness = d
	}
	_ = json.Unmarshal([]byte(lease.Annotations[podAnnotation]), &s.Pod)
	if json.Unmarshal([]byte(lease.Annotations[followedAnnotation]), &s.Followed) != nil {
		s.Followed = Followed{}
	}
	return s
}

// Write makes lease say s. It keeps what it doesn't know.
func (s State) Write(lease *coordinationv1.Lease) error {
	lease.Name = LeasePrefix + s.Name
	metav1.SetMetaDataLabel(&lease.ObjectMeta, Label, s.Name)
	metav1.SetMetaDataLabel(&lease.ObjectMeta, v1alpha1.ManagedByLabel, v1alpha1.ManagedByLatchkey)
	followed, err := json.Marshal(s.Followed)
	if err != nil {
		return fmt.Errorf("write lease of replica %q: %w", s.Name, err)
	}
	metav1.SetMetaDataAnnotation(&lease.ObjectMeta, followedAnnotation, string(followed))
	delete(lease.Annotations, maxStalenessAnnotation)
	if s.MaxStaleness > 0 {
		metav1.SetMetaDataAnnotation(&lease.ObjectMeta, maxStalenessAnnotation, s.MaxStaleness.String())
	}
	delete(lease.Annotations, podAnnotation)
	if s.Pod != (Pod{}) {
		pod, err := json.Marshal(s.Pod)
		if err != nil {
			return fmt.Errorf("write lease of replica %q: %w", s.Name, err)
		}
		metav1.SetMetaDataAnnotation(&lease.ObjectMeta, podAnnotation, string(pod))
	}
	lease.Spec.HolderIdentity = &s.Incarnation
	lease.Spec.RenewTime = &metav1.MicroTime{Time: s.RenewedAt}
	lease.Spec.LeaseDurationSeconds = new(int32(OutOfTouch / time.Second))
	return nil
}

// OutOfTouch is for how long a Lease may go without renewal before its replica counts as out of touch.
const OutOfTouch = 5 * RenewEvery
