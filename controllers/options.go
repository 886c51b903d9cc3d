package controllers

import (
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// ManagerOptions returns o with what the controllers need of their manager: a cache that holds of each
// kind what a controller reads from it, and a client that never reads a Secret from a cache. In
// namespace, which is Latchkey's own, are the Leases of replicas.
func ManagerOptions(o ctrl.Options, namespace string) ctrl.Options {
	o.Cache = cacheOptions(o.Cache, namespace)
	if o.Client.Cache == nil {
		o.Client.Cache = &client.CacheOptions{}
	}
	o.Client.Cache.DisableFor = append(o.Client.Cache.DisableFor, &corev1.Secret{})
	return o
}

// cacheOptions strips objects on their way into the cache. What is stripped of a kind must not be
// written back: status goes by patches of what changed, and nothing of ours is ever updated as a whole
// but Secrets, which are read live.
func cacheOptions(o cache.Options, namespace string) cache.Options {
	replicas := labels.NewSelector() // of every Lease in that namespace those of replicas, not the leader's own
	if labelled, err := labels.NewRequirement(replica.Label, selection.Exists, nil); err == nil {
		replicas = replicas.Add(*labelled)
	}
	o.DefaultTransform = strip(func(any) {})
	o.ByObject = map[client.Object]cache.ByObject{
		&v1alpha1.User{}: {Transform: strip(func(o any) {
			if user, ok := o.(*v1alpha1.User); ok {
				user.Annotations, user.Labels = nil, nil
				user.Spec.DisplayName, user.Spec.Email = "", ""
			}
		})},
		&v1alpha1.Role{}: {Transform: strip(func(o any) {
			if role, ok := o.(*v1alpha1.Role); ok {
				role.Annotations, role.Labels = nil, nil
				role.Spec.Description, role.Spec.Rules, role.Spec.KubernetesRules = "", nil, nil
			}
		})},
		&v1alpha1.RevokedToken{}: {Transform: strip(func(o any) {
			if token, ok := o.(*v1alpha1.RevokedToken); ok {
				token.Annotations, token.Labels = nil, nil
				token.Spec.Reason, token.Status = "", settled(token.Status)
			}
		})},
		&coordinationv1.Lease{}: {
			Namespaces: map[string]cache.Config{namespace: {LabelSelector: replicas}},
			Transform:  strip(func(any) {}),
		},
	}
	return o
}

// settled keeps of the status of a RevokedToken that it is enforced: nothing is ever written to it then. There can be
// very many.
func settled(s v1alpha1.RevokedTokenStatus) v1alpha1.RevokedTokenStatus {
	if !meta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionEnforced) {
		return s
	}
	return v1alpha1.RevokedTokenStatus{Conditions: []metav1.Condition{{Type: v1alpha1.ConditionEnforced, Status: metav1.ConditionTrue}}}
}

// strip drops managedFields, which nobody reads, and what more drops.
func strip(more func(o any)) toolscache.TransformFunc {
	return func(o any) (any, error) {
		if m, err := meta.Accessor(o); err == nil {
			m.SetManagedFields(nil)
		}
		more(o)
		return o, nil
	}
}
