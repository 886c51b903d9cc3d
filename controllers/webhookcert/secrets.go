package webhookcert

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The Secrets' names, both of type kubernetes.io/tls.
const (
	// AuthoritySecret holds the authorities with their keys; no Pod mounts it.
	AuthoritySecret = "latchkey-kubernetes-ca"
	// LeafSecret is what the Pods of latchkey-kubernetes mount.
	LeafSecret = "latchkey-kubernetes-tls"
)

// Keys of their data beside those of kubernetes.io/tls.
const (
	trustedKey  = "ca.crt"
	nextCertKey = "next.crt"
	nextKeyKey  = "next.key"
)

// managedBy is the label by which a Secret is ours to write.
const managedBy, byUs = "app.kubernetes.io/managed-by", "latchkey"

// issuedFor is the annotation of a Secret that cert-manager writes, perhaps one that it took over from us.
const issuedFor = "cert-manager.io/certificate-name"

func isOurs(s *corev1.Secret) bool {
	return s.UID == "" || s.Labels[managedBy] == byUs && s.Annotations[issuedFor] == ""
}

// certificates keeps both Secrets and returns who vouches for the certificate that is served.
func (k *Keeper) certificates(ctx context.Context) (bundle, error) {
	now := k.Now()
	leaf, err := k.secret(ctx, LeafSecret)
	if err != nil {
		return nil, err
	}
	if !isOurs(leaf) {
		k.tell("the certificate in Secret latchkey-kubernetes-tls is somebody else's and is left alone")
		return bundle(nil).with(now, leaf.Data[trustedKey]), nil
	}
	vouching, err := k.authorities(ctx, now)
	if err != nil {
		return nil, err
	}
	current := readPair(leaf.Data[corev1.TLSCertKey], leaf.Data[corev1.TLSPrivateKeyKey])
	renewed, err := vouching.leafRenewed(current, k.names(), now)
	if err != nil {
		return nil, err
	}
	return vouching.trusted, k.store(ctx, leaf, map[string][]byte{
		corev1.TLSCertKey: renewed.certPEM, corev1.TLSPrivateKeyKey: renewed.keyPEM, trustedKey: vouching.trusted,
	})
}

// authorities keeps the Secret of the authorities.
func (k *Keeper) authorities(ctx context.Context, now time.Time) (authorities, error) {
	secret, err := k.secret(ctx, AuthoritySecret)
	if err != nil {
		return authorities{}, err
	}
	if !isOurs(secret) {
		return authorities{}, fmt.Errorf("secret %q is somebody else's: delete it, or label it %s=%s", AuthoritySecret, managedBy, byUs)
	}
	a, err := authorities{
		signing: readPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey]),
		next:    readPair(secret.Data[nextCertKey], secret.Data[nextKeyKey]),
		trusted: secret.Data[trustedKey],
	}.renewed(now)
	if err != nil {
		return authorities{}, err
	}
	data := map[string][]byte{corev1.TLSCertKey: a.signing.certPEM, corev1.TLSPrivateKeyKey: a.signing.keyPEM, trustedKey: a.trusted}
	if a.next.exists() {
		data[nextCertKey], data[nextKeyKey] = a.next.certPEM, a.next.keyPEM
	}
	return a, k.store(ctx, secret, data)
}

// secret reads a Secret; one without a UID isn't there.
func (k *Keeper) secret(ctx context.Context, name string) (*corev1.Secret, error) {
	s := &corev1.Secret{}
	if err := k.Live.Get(ctx, types.NamespacedName{Namespace: k.Namespace, Name: name}, s); err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("get Secret %q: %w", name, err)
	}
	s.Namespace, s.Name = k.Namespace, name
	return s, nil
}

// store writes data to a Secret if it holds something else. Whoever was faster wins: the next tick reads what they wrote.
func (k *Keeper) store(ctx context.Context, s *corev1.Secret, data map[string][]byte) error {
	if maps.EqualFunc(s.Data, data, bytes.Equal) {
		return nil
	}
	s.Data = data
	if s.UID != "" {
		if err := k.Writer.Update(ctx, s); err != nil {
			return fmt.Errorf("update Secret %q: %w", s.Name, err)
		}
		k.Log.Info("certificate renewed", "secret", s.Name)
		return nil
	}
	s.Type = corev1.SecretTypeTLS
	metav1.SetMetaDataLabel(&s.ObjectMeta, managedBy, byUs)
	if err := k.Writer.Create(ctx, s); err != nil {
		return fmt.Errorf("create Secret %q: %w", s.Name, err)
	}
	k.Log.Info("certificate made", "secret", s.Name)
	return nil
}
