package webhookcert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/config/webhook"
)

// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingwebhookconfigurations,resourceNames=latchkey,verbs=get;create;patch;delete

// ConfigurationName is the ValidatingWebhookConfiguration's.
const ConfigurationName = latchkey

// patience is how long a handshake may take.
const patience = 5 * time.Second

// activate makes the API server ask, once there is somebody to answer: a webhook that fails closed and
// isn't up would refuse the very objects that an installation begins with.
func (k *Keeper) activate(ctx context.Context, bundle []byte) error {
	live := &admissionv1.ValidatingWebhookConfiguration{}
	err := k.live.Get(ctx, client.ObjectKey{Name: ConfigurationName}, live)
	switch {
	case err != nil && !apierrors.IsNotFound(err):
		return fmt.Errorf("get validatingwebhookconfiguration %q: %w", ConfigurationName, err)
	case !k.admission && err != nil:
		return nil
	case !k.admission:
		if err := k.writer.Delete(ctx, live); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete validatingwebhookconfiguration %q: %w", ConfigurationName, err)
		}
		k.log.Info("admission is off: the API server asks no more")
		return nil
	case err != nil:
		if err := k.shakeHands(ctx, bundle); err != nil {
			return fmt.Errorf("admission waits for latchkey kubernetes: %w", err)
		}
	}
	return k.apply(ctx, bundle)
}

// shakeHands verifies, as the API server will, that who answers is who the bundle says.
func (k *Keeper) shakeHands(ctx context.Context, bundle []byte) error {
	target, err := url.Parse(k.address())
	if err != nil {
		return fmt.Errorf("read the address of latchkey kubernetes: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(bundle) {
		return errors.New("the bundle holds no certificate")
	}
	port := target.Port()
	if port == "" {
		port = "443"
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dialer := &tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: target.Hostname(), MinVersion: tls.VersionTLS12, Time: k.clock.Now}}
	connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(target.Hostname(), port))
	if err != nil {
		return err
	}
	return connection.Close()
}

// apply writes the whole configuration by server-side apply, which changes nothing where nothing differs.
func (k *Keeper) apply(ctx context.Context, bundle []byte) error {
	wanted := &admissionv1.ValidatingWebhookConfiguration{}
	if err := yaml.UnmarshalStrict(webhook.Manifest, wanted); err != nil {
		return fmt.Errorf("read the embedded configuration: %w", err)
	}
	wanted.TypeMeta = metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "ValidatingWebhookConfiguration"}
	wanted.Labels = map[string]string{managedBy: latchkey}
	for i := range wanted.Webhooks {
		c := &wanted.Webhooks[i].ClientConfig
		c.CABundle, c.Service.Namespace = bundle, k.namespace
		if k.url != "" {
			at := k.url + *c.Service.Path
			c.URL, c.Service = &at, nil
		}
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(wanted)
	if err != nil {
		return fmt.Errorf("convert the configuration: %w", err)
	}
	unstructured.RemoveNestedField(object, "metadata", "creationTimestamp")
	applied := client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: object})
	if err := k.writer.Apply(ctx, applied, client.FieldOwner(latchkey), client.ForceOwnership); err != nil {
		return fmt.Errorf("apply validatingwebhookconfiguration %q: %w", ConfigurationName, err)
	}
	return nil
}

// address is where latchkey kubernetes answers.
func (k *Keeper) address() string {
	if k.url != "" {
		return k.url
	}
	return "https://" + k.names[0]
}
