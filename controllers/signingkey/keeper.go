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
	"github.com/latchkey-auth/latchkey/controllers/replica"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// +kubebuilder:rbac:groups="",namespace=realm,resources=secrets,verbs=create
// +kubebuilder:rbac:groups="",namespace=realm,resources=secrets,resourceNames=latchkey-signing-keys,verbs=get;update;delete

// distrustAnnotation is state.Seen. It stands beside the document, and changes in the same write.
const distrustAnnotation = v1alpha1.GroupName + "/distrust-before"

const (
	// soonest is how soon a step that waits is looked at again, if nothing tells of a change.
	soonest = replica.RenewEvery
	// patience is how late a step may be before that is worth a word: replicas follow within milliseconds.
	patience = replica.OutOfTouch
)

// Keeper keeps the key Secrets of realms.
type Keeper struct {
	live             client.Reader
	writer           client.Writer
	acknowledgements acknowledgements
	now              func() time.Time
}

// acknowledgements says whether every replica that may be answering knows the key Secret of a realm as it
// was at resourceVersion. Nothing but an InForce of True is a yes.
type acknowledgements interface {
	KeysFollowed(ctx context.Context, namespace, resourceVersion string) (replica.Verdict, error)
}

// New returns a Keeper. live must read from the API server: what a cache holds is too old to decide on keys.
func New(live client.Reader, writer client.Writer, a acknowledgements, now func() time.Time) *Keeper {
	return &Keeper{live: live, writer: writer, acknowledgements: a, now: now}
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
// that it holds then. The Verdict says whether the next step waits for something but the time – InForce
// isn't True then, and Message says for what – and, in Again, when to look again. It returns a *Problem
// if the document can't be read, and so must be left alone, or if Latchkey may not read or write it;
// other errors, conflicts among them, pass by trying again.
func (k *Keeper) Ensure(ctx context.Context, realm *v1alpha1.Realm) (token.Document, replica.Verdict, error) {
	secret := &corev1.Secret{}
	err := k.live.Get(ctx, client.ObjectKey{Namespace: realm.Namespace, Name: v1alpha1.SigningKeysSecretName}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return k.create(ctx, realm)
	case err != nil:
		return token.Document{}, replica.Verdict{}, explain("read", err)
	case !secret.DeletionTimestamp.IsZero():
		return token.Document{}, replica.Verdict{}, &Problem{reason: v1alpha1.ReasonKeysUnreachable, err: fmt.Errorf(
			"secret %s was deleted, so its keys are dead, but finalizers hold it (%s): new keys come when they are removed",
			secret.Name, strings.Join(secret.Finalizers, ", "))}
	case foreign(secret, realm):
		if err := k.writer.Delete(ctx, secret, client.Preconditions{UID: &secret.UID, ResourceVersion: &secret.ResourceVersion}); err != nil {
			return token.Document{}, replica.Verdict{}, explain("delete", err)
		}
		return k.create(ctx, realm)
	}
	document, err := token.ParseDocument(secret.Data[v1alpha1.SigningKeysDataKey])
	if err != nil {
		return token.Document{}, replica.Verdict{}, &Problem{reason: v1alpha1.ReasonKeysInvalid, err: fmt.Errorf(
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

func (k *Keeper) create(ctx context.Context, realm *v1alpha1.Realm) (token.Document, replica.Verdict, error) {
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
	return k.keep(ctx, secret, input{Spec: realm.Spec}, "create", func() error { return k.writer.Create(ctx, secret) })
}

func (k *Keeper) update(ctx context.Context, realm *v1alpha1.Realm, secret *corev1.Secret, document token.Document) (token.Document, replica.Verdict, error) {
	before := state{Document: document, Seen: secret.Annotations[distrustAnnotation]}
	return k.keep(ctx, secret, input{Before: before, Spec: realm.Spec}, "update", func() error {
		return k.writer.Update(ctx, secret) // compares the resourceVersion that was read
	})
}

// keep writes what is decided on in into secret, if it is something else than what it holds.
func (k *Keeper) keep(ctx context.Context, secret *corev1.Secret, in input, verb string, write func() error) (token.Document, replica.Verdict, error) {
	in.Now, in.Random = k.now(), rand.Reader
	out, err := decide(in)
	if err != nil {
		return token.Document{}, replica.Verdict{}, err
	}
	verdict := replica.Verdict{InForce: metav1.ConditionTrue}
	if out.Waits {
		// What stands at this resourceVersion is what the decision goes by, and what the write compares.
		if verdict, err = k.acknowledgements.KeysFollowed(ctx, secret.Namespace, secret.ResourceVersion); err != nil {
			return token.Document{}, replica.Verdict{}, fmt.Errorf("see who knows the keys of realm %q: %w", secret.Namespace, err)
		}
		if in.Followed = verdict.InForce == metav1.ConditionTrue; in.Followed {
			if out, err = decide(in); err != nil {
				return token.Document{}, replica.Verdict{}, err
			}
		}
	}
	verdict = out.explain(verdict, in.Now)
	if !out.Changed {
		return in.Before.Document, verdict, nil
	}
	if err := out.After.store(secret); err != nil {
		return token.Document{}, replica.Verdict{}, err
	}
	return out.After.Document, verdict, explain(verb, write())
}

// explain makes of what replicas say what people and the queue should know.
func (o outcome) explain(v replica.Verdict, now time.Time) replica.Verdict {
	switch {
	case o.Full:
		v = replica.Verdict{InForce: metav1.ConditionFalse, Message: fmt.Sprintf(
			"the document holds %d keys, as many as it can, so another is made when one has left it", maxGenerations)}
	case !o.Waits:
		v = replica.Verdict{InForce: metav1.ConditionTrue}
	case now.Sub(o.Since) < patience:
		v = replica.Verdict{InForce: metav1.ConditionTrue, Again: v.Again}
	}
	if again := o.Again.Sub(now); !o.Again.IsZero() && (v.Again <= 0 || again < v.Again) {
		v.Again = max(again, soonest)
	}
	return v
}

// store puts s into secret.
func (s state) store(secret *corev1.Secret) error {
	data, err := s.Document.Marshal()
	if err != nil {
		return err
	}
	secret.Data = map[string][]byte{v1alpha1.SigningKeysDataKey: data}
	if s.Seen != "" {
		metav1.SetMetaDataAnnotation(&secret.ObjectMeta, distrustAnnotation, s.Seen)
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
