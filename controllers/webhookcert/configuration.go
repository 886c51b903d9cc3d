package webhookcert

import (
	"context"
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/config/webhook"
)

// ConfigurationName is the name of the ValidatingWebhookConfiguration.
const ConfigurationName = "latchkey"

// fieldManager owns the whole of it.
const fieldManager = "latchkey-controller"

// configuration reads what the API server is told to ask; nil if it is told nothing.
func (k *Keeper) configuration(ctx context.Context) (*admissionv1.ValidatingWebhookConfiguration, error) {
	c := &admissionv1.ValidatingWebhookConfiguration{}
	err := k.Live.Get(ctx, types.NamespacedName{Name: ConfigurationName}, c)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get ValidatingWebhookConfiguration: %w", err)
	}
	return c, nil
}

// apply tells the API server what to ask, where, and whom to trust there: nothing happens if it has been told already.
// Authorities that it trusts stay until they expire, since a Pod may answer for a while with an older certificate.
func (k *Keeper) apply(ctx context.Context, standing *admissionv1.ValidatingWebhookConfiguration, trusted bundle) error {
	wanted := &admissionv1.ValidatingWebhookConfiguration{}
	if err := yaml.UnmarshalStrict(webhook.Manifest, wanted); err != nil {
		return fmt.Errorf("read config/webhook: %w", err)
	}
	if standing != nil {
		for _, w := range standing.Webhooks {
			trusted = trusted.with(k.Now(), w.ClientConfig.CABundle)
		}
	}
	for i := range wanted.Webhooks {
		k.aim(&wanted.Webhooks[i].ClientConfig, trusted)
	}
	owner, err := k.owner(ctx)
	if err != nil {
		return err
	}
	wanted.OwnerReferences = owner
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(wanted)
	if err != nil {
		return fmt.Errorf("write ValidatingWebhookConfiguration: %w", err)
	}
	applied := client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: content})
	if err := k.Writer.Apply(ctx, applied, client.FieldOwner(fieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("apply ValidatingWebhookConfiguration: %w", err)
	}
	return nil
}

// aim points a webhook at the Service, or at the URL that was given instead.
func (k *Keeper) aim(c *admissionv1.WebhookClientConfig, trusted bundle) {
	c.CABundle = trusted
	if k.URL == "" {
		c.Service.Namespace = k.Namespace
		return
	}
	url := strings.TrimSuffix(k.URL, "/") + *c.Service.Path
	c.URL, c.Service = &url, nil
}

// owner is the ClusterRole of the process that is asked: the configuration goes with it, so that an uninstallation
// that doesn't know of the one removes it by the other.
func (k *Keeper) owner(ctx context.Context) ([]metav1.OwnerReference, error) {
	role := &rbacv1.ClusterRole{}
	err := k.Live.Get(ctx, types.NamespacedName{Name: Service}, role)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get ClusterRole %q: %w", Service, err)
	}
	return []metav1.OwnerReference{{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole", Name: role.Name, UID: role.UID}}, nil
}

// remove lets the API server ask nothing any more.
func (k *Keeper) remove(ctx context.Context, standing *admissionv1.ValidatingWebhookConfiguration) error {
	if standing == nil {
		return nil
	}
	if err := k.Writer.Delete(ctx, standing, client.Preconditions{UID: &standing.UID}); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete ValidatingWebhookConfiguration: %w", err)
	}
	k.Log.Info("the API server asks nothing any more: --admission=false")
	return nil
}
