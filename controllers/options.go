package controllers

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// ManagerOptions returns o with what the controllers need of their manager: a cache that holds of each
// kind what a controller reads from it, and a client that never reads a Secret from a cache.
func ManagerOptions(o ctrl.Options) ctrl.Options {
	o.Cache = cacheOptions(o.Cache)
	if o.Client.Cache == nil {
		o.Client.Cache = &client.CacheOptions{}
	}
	o.Client.Cache.DisableFor = append(o.Client.Cache.DisableFor, &corev1.Secret{})
	return o
}

// cacheOptions strips objects on their way into the cache. What is stripped of a kind must not be
// written back: status goes by patches of what changed, and nothing of ours is ever updated as a whole
// but Secrets, which are read live.
func cacheOptions(o cache.Options) cache.Options {
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
				token.Spec.Reason, token.Status = "", v1alpha1.RevokedTokenStatus{}
			}
		})},
	}
	return o
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
