package role

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=roles,verbs=get;list;watch
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=roles/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// includesField indexes Roles by the names that they include.
const includesField = "spec.includes"

// Setup adds the controller to mgr. A Role is reconciled when it changes, when one that it
// includes, directly or not, appears, disappears or changes its includes, and when changes tells that replicas
// may have acknowledged it.
func Setup(ctx context.Context, mgr manager.Manager, replicas acknowledgements, changes source.Source, recorder events.EventRecorder) error {
	if err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.Role{}, includesField, includes); err != nil {
		return fmt.Errorf("index roles by %s: %w", includesField, err)
	}
	includers := includers{reader: mgr.GetClient()}
	reconciler := New(mgr.GetClient(), replicas, recorder)
	return ctrl.NewControllerManagedBy(mgr).
		Named("role").
		For(&v1alpha1.Role{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Role{}, handler.EnqueueRequestsFromMapFunc(includers.of), builder.WithPredicates(includesChanged())).
		WatchesRawSource(changes).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			role := &v1alpha1.Role{}
			err := mgr.GetClient().Get(ctx, request.NamespacedName, role)
			if client.IgnoreNotFound(err) != nil {
				return reconcile.Result{}, err
			}
			if err != nil {
				replicas.Forget(request.NamespacedName)
				return reconcile.Result{}, nil
			}
			return reconciler.Reconcile(ctx, role)
		}))
}

func includes(o client.Object) []string {
	role, ok := o.(*v1alpha1.Role)
	if !ok {
		return nil
	}
	names := make([]string, 0, len(role.Spec.Includes))
	for _, name := range role.Spec.Includes {
		names = append(names, string(name))
	}
	return names
}

// includesChanged admits whatever can change the effective roles of others.
func includesChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return !slices.Equal(includes(e.ObjectOld), includes(e.ObjectNew)) ||
			e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero()
	}}
}

// includers finds the Roles that a change of one reaches.
type includers struct{ reader client.Reader }

// of walks from role up to every Role that includes it, directly or not. What can't be
// listed is woken by its own next event.
func (i includers) of(ctx context.Context, role client.Object) []reconcile.Request {
	seen := map[string]bool{role.GetName(): true}
	var found []reconcile.Request
	for queue := []string{role.GetName()}; len(queue) > 0; queue = queue[1:] {
		direct := &v1alpha1.RoleList{}
		err := i.reader.List(ctx, direct, client.InNamespace(role.GetNamespace()), client.MatchingFields{includesField: queue[0]})
		if err != nil {
			ctrl.LoggerFrom(ctx).Info("can't list the roles that include this one", "role", queue[0], "error", err.Error())
			continue
		}
		for _, includer := range direct.Items {
			if seen[includer.Name] {
				continue
			}
			seen[includer.Name] = true
			queue = append(queue, includer.Name)
			found = append(found, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: includer.Namespace, Name: includer.Name}})
		}
	}
	return found
}
