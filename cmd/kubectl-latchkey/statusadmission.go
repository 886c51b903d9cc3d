package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What the API server asks at admission, and the certificate of who answers.
const (
	webhookConfiguration = "latchkey"
	certificateSecret    = "latchkey-kubernetes-tls"
)

// admission is whether the API server can ask Latchkey at admission.
type admission struct {
	Webhooks int `json:"webhooks"`
	// CertificateUntil is when the certificate of who answers ends; nil: it couldn't be read.
	CertificateUntil *time.Time `json:"certificateUntil,omitempty"`
}

// String is a line for people.
func (a *admission) String() string {
	line := fmt.Sprintf("%d webhooks", a.Webhooks)
	if a.CertificateUntil != nil {
		line += ", certificate until " + a.CertificateUntil.Format(time.RFC3339)
	}
	return line
}

func (r *report) admission(ctx context.Context, c *clusterClient, where *installation, now func() time.Time) error {
	configuration := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	switch err := c.Get(ctx, client.ObjectKey{Name: webhookConfiguration}, configuration); {
	case apierrors.IsNotFound(err):
		return nil // it is optional
	case err != nil:
		return err
	}
	r.Admission = &admission{Webhooks: len(configuration.Webhooks)}
	for _, w := range configuration.Webhooks {
		if len(w.ClientConfig.CABundle) == 0 {
			r.problem("webhook %q has no caBundle, so the API server can't ask it: is latchkey controller running, or cert-manager?", w.Name)
			return nil
		}
	}
	secret := &corev1.Secret{}
	switch err := c.Get(ctx, client.ObjectKey{Namespace: where.namespace, Name: certificateSecret}, secret); {
	case apierrors.IsNotFound(err):
		r.problem("Secret %q of namespace %q, which holds the certificate of admission, doesn't exist", certificateSecret, where.namespace)
		return nil
	case err != nil:
		return err
	}
	for _, w := range configuration.Webhooks {
		until, err := checkCertificate(w.ClientConfig, secret.Data[corev1.TLSCertKey], now())
		if err != nil {
			r.problem("webhook %q: %v", w.Name, err)
			return nil
		}
		r.Admission.CertificateUntil = &until
	}
	return nil
}

// checkCertificate verifies a certificate chain as the API server does when it calls a webhook, and returns when the
// first certificate ends.
func checkCertificate(config admissionregistrationv1.WebhookClientConfig, chain []byte, now time.Time) (time.Time, error) {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	if !roots.AppendCertsFromPEM(config.CABundle) {
		return time.Time{}, errors.New("its caBundle holds no certificate")
	}
	block, rest := pem.Decode(chain)
	if block == nil {
		return time.Time{}, fmt.Errorf("Secret %q holds no certificate", certificateSecret) //nolint:staticcheck // a kind's name
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the certificate of Secret %q: %w", certificateSecret, err)
	}
	intermediates.AppendCertsFromPEM(rest)
	options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: now}
	if s := config.Service; s != nil {
		options.DNSName = s.Name + "." + s.Namespace + ".svc"
	}
	if _, err := leaf.Verify(options); err != nil {
		return time.Time{}, fmt.Errorf("the API server won't trust the certificate of Secret %q: %w", certificateSecret, err)
	}
	return leaf.NotAfter.UTC(), nil
}
