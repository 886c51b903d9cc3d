package webhookcert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// +kubebuilder:rbac:groups="",namespace=latchkey,resources=secrets,verbs=create
// +kubebuilder:rbac:groups="",namespace=latchkey,resources=secrets,resourceNames=latchkey-kubernetes-ca;latchkey-kubernetes-tls,verbs=get;update

// The Secrets, both in Latchkey's own namespace and of type kubernetes.io/tls.
const (
	AuthoritySecret = "latchkey-kubernetes-ca"
	LeafSecret      = "latchkey-kubernetes-tls"
)

const (
	managedBy = "app.kubernetes.io/managed-by"
	latchkey  = "latchkey"
	bundleKey = "ca.crt"
)

// ensure makes both Secrets what they should be. It returns the authorities by which the leaf is verified.
func (k *Keeper) ensure(ctx context.Context) ([]byte, error) {
	leaf, err := k.get(ctx, LeafSecret)
	if err != nil {
		return nil, err
	}
	if leaf.ResourceVersion != "" && !isOurs(leaf) {
		k.log.V(1).Info("the certificate is somebody else's to renew", "secret", LeafSecret)
		if len(leaf.Data[bundleKey]) == 0 {
			return nil, fmt.Errorf("secret %q isn't labelled %s=%s, and has no %s: add the authority, or delete the Secret", LeafSecret, managedBy, latchkey, bundleKey)
		}
		return leaf.Data[bundleKey], nil
	}
	authorities, err := k.get(ctx, AuthoritySecret)
	if err != nil {
		return nil, err
	}
	if authorities.ResourceVersion != "" && !isOurs(authorities) {
		return nil, fmt.Errorf("secret %q isn't labelled %s=%s: delete it, or make %q yourself", AuthoritySecret, managedBy, latchkey, LeafSecret)
	}
	wanted, err := Plan(stateOf(authorities, leaf), k.names, k.clock.Now())
	if err != nil {
		return nil, err
	}
	bundle, keys, err := encode(wanted.Authorities...)
	if err != nil {
		return nil, err
	}
	certificate, key, err := encode(*wanted.Leaf)
	if err != nil {
		return nil, err
	}
	// The authorities first: a leaf whose signer isn't stored could not be told from a stranger's.
	if err := k.put(ctx, authorities, map[string][]byte{corev1.TLSCertKey: bundle, corev1.TLSPrivateKeyKey: keys}); err != nil {
		return nil, err
	}
	return bundle, k.put(ctx, leaf, map[string][]byte{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key, bundleKey: bundle})
}

// stateOf reads what is stored. What can't be read is ours and of no use, so it counts as missing.
func stateOf(authorities, leaf *corev1.Secret) State {
	var state State
	if pairs, err := decode(authorities.Data[corev1.TLSCertKey], authorities.Data[corev1.TLSPrivateKeyKey]); err == nil {
		state.Authorities = pairs
	}
	if pairs, err := decode(leaf.Data[corev1.TLSCertKey], leaf.Data[corev1.TLSPrivateKeyKey]); err == nil && len(pairs) == 1 {
		state.Leaf = &pairs[0]
	}
	return state
}

// isOurs tells whether Latchkey may write a Secret. cert-manager copies labels where it is told to, so its marks count more.
func isOurs(secret *corev1.Secret) bool {
	for _, marks := range []map[string]string{secret.Labels, secret.Annotations} {
		for mark := range maps.Keys(marks) {
			if strings.Contains(mark, "cert-manager.io/") {
				return false
			}
		}
	}
	return secret.Labels[managedBy] == latchkey && secret.Type == corev1.SecretTypeTLS
}

// get returns a Secret, with an empty resourceVersion if there is none.
func (k *Keeper) get(ctx context.Context, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := k.live.Get(ctx, client.ObjectKey{Namespace: k.namespace, Name: name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: k.namespace, Name: name, Labels: map[string]string{managedBy: latchkey}},
			Type:       corev1.SecretTypeTLS,
		}, nil
	case err != nil:
		return nil, fmt.Errorf("get secret %q: %w", name, err)
	case !secret.DeletionTimestamp.IsZero():
		return nil, errors.New("secret " + name + " is being deleted")
	}
	return secret, nil
}

// put writes a Secret if its data differs, on the condition that it is still as it was read.
func (k *Keeper) put(ctx context.Context, secret *corev1.Secret, data map[string][]byte) error {
	if maps.EqualFunc(secret.Data, data, bytes.Equal) {
		return nil
	}
	secret.Data = data
	write := func() error { return k.writer.Update(ctx, secret) }
	if secret.ResourceVersion == "" {
		write = func() error { return k.writer.Create(ctx, secret) }
	}
	if err := write(); err != nil {
		return fmt.Errorf("write secret %q: %w", secret.Name, err)
	}
	k.log.Info("certificate written", "secret", secret.Name)
	return nil
}
