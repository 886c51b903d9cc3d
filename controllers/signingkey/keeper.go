package signingkey

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// +kubebuilder:rbac:groups="",namespace=realm,resources=secrets,verbs=create
// +kubebuilder:rbac:groups="",namespace=realm,resources=secrets,resourceNames=latchkey-signing-keys,verbs=get;update;delete

// distrustAnnotation is state.seen. It stands beside the document, and changes in the same write.
const distrustAnnotation = v1alpha1.GroupName + "/distrust-before"

// Keeper keeps the key Secrets of realms.
type Keeper struct {
	live   client.Reader
	writer client.Writer
	now    func() time.Time
}

// New returns a Keeper. live must read from the API server: what a cache holds is too old to decide on keys.
func New(live client.Reader, writer client.Writer, now func() time.Time) *Keeper {
	return &Keeper{live: live, writer: writer, now: now}
}

// Problem is an error that a person has to solve. It never quotes what the Secret holds.
type Problem struct {
	reason string
	err    error
}

// Reason is the reason of a condition, from api/v1alpha1.
func (p *Problem) Reason() string { return p.reason }

func (p *Problem) Error() string { return p.err.Error() }

// Unwrap returns what caused it.
func (p *Problem) Unwrap() error { return p.err }

// Ensure makes or changes the key Secret of realm if it isn't as it should be, and returns the document
// that it holds then. It returns a *Problem if the document can't be read, and so must be left alone,
// or if Latchkey may not read or write it; other errors, conflicts among them, pass by trying again.
func (k *Keeper) Ensure(ctx context.Context, realm *v1alpha1.Realm) (token.Document, error) {
	secret := &corev1.Secret{}
	err := k.live.Get(ctx, client.ObjectKey{Namespace: realm.Namespace, Name: v1alpha1.SigningKeysSecretName}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return k.create(ctx, realm)
	case err != nil:
		return token.Document{}, explain("read", err)
	case !secret.DeletionTimestamp.IsZero():
		return token.Document{}, &Problem{reason: v1alpha1.ReasonKeysUnreachable, err: fmt.Errorf(
			"secret %s was deleted, so its keys are dead, but finalizers hold it (%s): new keys come when they are removed",
			secret.Name, strings.Join(secret.Finalizers, ", "))}
	case foreign(secret, realm):
		if err := k.writer.Delete(ctx, secret, client.Preconditions{UID: &secret.UID, ResourceVersion: &secret.ResourceVersion}); err != nil {
			return token.Document{}, explain("delete", err)
		}
		return k.create(ctx, realm)
	}
	document, err := token.ParseDocument(secret.Data[v1alpha1.SigningKeysDataKey])
	if err != nil {
		return token.Document{}, &Problem{reason: v1alpha1.ReasonKeysInvalid, err: fmt.Errorf(
			"the keys in Secret %s can't be read (%w): running replicas go on with the last good ones, and nothing is overwritten; "+
				"restore the Secret, or delete it to get new keys, which ends every login", secret.Name, err)}
	}
	return k.update(ctx, realm, secret, document)
}

// foreign tells whether secret belongs to something else, such as an earlier Realm of this
// namespace, or to nothing: its keys were made, or kept, under somebody else's rules.
func foreign(secret *corev1.Secret, realm *v1alpha1.Realm) bool {
	return secret.Type != v1alpha1.SigningKeysSecretType || !metav1.IsControlledBy(secret, realm)
}

func (k *Keeper) create(ctx context.Context, realm *v1alpha1.Realm) (token.Document, error) {
	secret := &corev1.Secret{
		Type: v1alpha1.SigningKeysSecretType,
		ObjectMeta: metav1.ObjectMeta{
			Namespace: realm.Namespace,
			Name:      v1alpha1.SigningKeysSecretName,
			Labels:    map[string]string{v1alpha1.ManagedByLabel: v1alpha1.ManagedByLatchkey},
			// Without blockOwnerDeletion, for which some clusters want a right to realms/finalizers.
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1alpha1.GroupVersion.String(), Kind: "Realm", Name: realm.Name, UID: realm.UID, Controller: new(true),
			}},
		},
	}
	after, _, err := decide(state{}, realm.Spec, k.now(), rand.Reader)
	if err != nil {
		return token.Document{}, err
	}
	if err := after.store(secret); err != nil {
		return token.Document{}, err
	}
	return after.document, explain("create", k.writer.Create(ctx, secret))
}

func (k *Keeper) update(ctx context.Context, realm *v1alpha1.Realm, secret *corev1.Secret, document token.Document) (token.Document, error) {
	before := state{document: document, seen: secret.Annotations[distrustAnnotation]}
	after, changed, err := decide(before, realm.Spec, k.now(), rand.Reader)
	if err != nil || !changed {
		return document, err
	}
	if err := after.store(secret); err != nil {
		return token.Document{}, err
	}
	return after.document, explain("update", k.writer.Update(ctx, secret)) // compares the resourceVersion that was read
}

// store puts s into secret.
func (s state) store(secret *corev1.Secret) error {
	data, err := s.document.Marshal()
	if err != nil {
		return err
	}
	secret.Data = map[string][]byte{v1alpha1.SigningKeysDataKey: data}
	if s.seen != "" {
		metav1.SetMetaDataAnnotation(&secret.ObjectMeta, distrustAnnotation, s.seen)
	}
	return nil
}

// explain makes of a refusal what its reader can do about it.
func explain(verb string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s secret %s: %w", verb, v1alpha1.SigningKeysSecretName, err)
	if apierrors.IsForbidden(err) {
		return &Problem{reason: v1alpha1.ReasonKeysUnreachable, err: fmt.Errorf(
			"%w; a RoleBinding in this namespace makes it a realm: see config/realm", err)}
	}
	return err
}
