package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// anAuthority signs certificates, and is in PEM.
type anAuthority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newAuthority(t *testing.T) anAuthority {
	t.Helper()
	a := anAuthority{}
	a.certificate = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: begin, NotAfter: begin.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	a.pem, a.key = a.sign(t, a.certificate)
	return a
}

// sign returns a certificate and its new key; the authority's own while it has none.
func (a anAuthority) sign(t *testing.T, template *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	by := a.key
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key
}

func (a anAuthority) serving(t *testing.T, host string, until time.Time) []byte {
	t.Helper()
	chain, _ := a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: begin, NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return chain
}

func TestACertificateIsJudgedAsTheAPIServerJudgesIt(t *testing.T) {
	ours, other := newAuthority(t), newAuthority(t)
	const host = "latchkey-kubernetes.latchkey.svc"
	until := begin.AddDate(1, 0, 0)
	for name, c := range map[string]struct {
		bundle, chain []byte
		now           time.Time
		problem       string
	}{
		"one that it trusts":             {ours.pem, ours.serving(t, host, until), begin.AddDate(0, 6, 0), ""},
		"one among several authorities":  {append(append([]byte{}, other.pem...), ours.pem...), ours.serving(t, host, until), begin.AddDate(0, 6, 0), ""},
		"one that is over":               {ours.pem, ours.serving(t, host, until), until.AddDate(0, 0, 1), "has expired"},
		"one of another authority":       {ours.pem, other.serving(t, host, until), begin.AddDate(0, 6, 0), "unknown authority"},
		"one for another name":           {ours.pem, ours.serving(t, "latchkey.latchkey.svc", until), begin.AddDate(0, 6, 0), "not " + host},
		"no authority":                   {[]byte("x"), ours.serving(t, host, until), begin, "its caBundle holds no certificate"},
		"no certificate":                 {ours.pem, nil, begin, `Secret "latchkey-kubernetes-tls" holds no certificate`},
		"what only looks like something": {ours.pem, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), begin, "read the certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := checkCertificate(admissionregistrationv1.WebhookClientConfig{
				CABundle: c.bundle, Service: &admissionregistrationv1.ServiceReference{Namespace: "latchkey", Name: "latchkey-kubernetes"},
			}, c.chain, c.now)
			switch {
			case c.problem == "" && (err != nil || !got.Equal(until)):
				t.Errorf("got %s, %v", got, err)
			case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
				t.Errorf("got %v, want %s", err, c.problem)
			}
		})
	}
}
