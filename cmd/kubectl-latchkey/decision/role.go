package decision

import (
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/controllers/replica"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// Role is a Role object that somebody holds effectively.
type Role struct {
	Name string `json:"name"`
	// Through is the shortest way to it, from a name in the User's spec.roles to this one. The reserved roles have none.
	Through         []string `json:"through,omitempty"`
	Generation      int64    `json:"generation,omitempty"`
	ResourceVersion string   `json:"resourceVersion,omitempty"`
	// InForce: every replica that may be answering is known to judge by this generation.
	InForce  bool   `json:"inForce"`
	Replicas string `json:"replicas,omitempty"`
}

// HeldThrough says in words by which way the role is held.
func (r Role) HeldThrough() string {
	switch {
	case r.Name == policy.Anonymous:
		return "everybody"
	case r.Name == policy.Authenticated:
		return "every valid user"
	}
	return strings.Join(r.Through, " → ")
}

// role is a Role object as it was read.
type role struct {
	name   string
	grants directory.Role // zero: nothing
	meta   metav1.ObjectMeta
	status v1alpha1.RoleStatus
	probed []*probe // one for each rule, once somebody asked
}

// readRole reads a whole object. Its status is for people: one that can't be read says nothing.
func readRole(whole json.RawMessage) *role {
	var named struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
	}
	var observed struct {
		Status v1alpha1.RoleStatus `json:"status"`
	}
	if json.Unmarshal(whole, &named) != nil {
		return &role{}
	}
	_ = json.Unmarshal(whole, &observed)
	grants, _ := feed.ReadRole(whole) // the snapshot has reported the error
	return &role{name: named.Metadata.Name, grants: grants, meta: named.Metadata, status: observed.Status}
}

// describe returns r as people see it.
func (r *role) describe(through []string) Role {
	return Role{
		Name: r.name, Through: through, Generation: r.meta.Generation, ResourceVersion: r.meta.ResourceVersion,
		InForce: r.inForce(), Replicas: r.status.Replicas,
	}
}

func (r *role) inForce() bool {
	return r.status.ObservedGeneration == r.meta.Generation && replica.All(r.status.Replicas)
}

// title names the object and its generation, which a manifest that was never applied doesn't have.
func (r *role) title() string {
	if r.meta.Generation == 0 {
		return "Role " + r.name
	}
	return fmt.Sprintf("Role %s (generation %d)", r.name, r.meta.Generation)
}
