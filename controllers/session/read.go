package session

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// read gets a Session from the API server. A spec that can't be decoded (only another schema than ours
// admits one) reads as the zero spec: no Session may stay for ever because of what it says.
func (r *Reconciler) read(ctx context.Context, key client.ObjectKey) (*unstructured.Unstructured, v1alpha1.SessionSpec, error) {
	raw := &unstructured.Unstructured{}
	raw.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Session"))
	if err := r.Live.Get(ctx, key, raw); err != nil {
		return nil, v1alpha1.SessionSpec{}, fmt.Errorf("get session %q: %w", key.Name, err)
	}
	decoded := &v1alpha1.Session{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw.Object, decoded); err != nil {
		return raw, v1alpha1.SessionSpec{}, nil
	}
	return raw, decoded.Spec, nil
}
