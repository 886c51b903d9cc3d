package webhookcert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/netip"
	"time"
)

// pair is a certificate with its key, both in PEM. The zero pair is none.
type pair struct {
	cert *x509.Certificate
	// certPEM and keyPEM are what a Secret holds.
	certPEM, keyPEM []byte
	signer          *ecdsa.PrivateKey
}

// String keeps the key out of whatever prints a pair.
func (pair) String() string { return "[redacted]" }

// GoString does the same for %#v.
func (pair) GoString() string { return "[redacted]" }

// readPair reads a pair. What can't be read, or whose halves don't belong together, is none.
func readPair(certPEM, keyPEM []byte) pair {
	both, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return pair{}
	}
	signer, ok := both.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return pair{}
	}
	return pair{both.Leaf, certPEM, keyPEM, signer}
}

func (p pair) exists() bool { return p.cert != nil }

// left is for how long p is valid yet; nothing of what isn't yet, or doesn't exist.
func (p pair) left(now time.Time) time.Duration {
	if !p.exists() || now.Before(p.cert.NotBefore) {
		return 0
	}
	return p.cert.NotAfter.Sub(now)
}

// How long certificates are valid, and the time by which clocks may be behind.
const (
	authorityLife = 10 * 365 * day
	leafLife      = 90 * day
	slack         = time.Hour
	day           = 24 * time.Hour
)

// newAuthority makes an authority that signs itself.
func newAuthority(now time.Time) (pair, error) {
	return issue(&x509.Certificate{
		Subject:               pkix.Name{CommonName: "Latchkey, what the API server asks"},
		NotBefore:             now.Add(-slack),
		NotAfter:              now.Add(authorityLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}, pair{})
}

// newLeaf makes the certificate of a server of these names, which may be addresses.
func newLeaf(now time.Time, names []string, authority pair) (pair, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: names[0]},
		NotBefore:   now.Add(-slack),
		NotAfter:    now.Add(leafLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if len(names[0]) > maxCommonName {
		template.Subject = pkix.Name{}
	}
	for _, name := range names {
		if address, err := netip.ParseAddr(name); err == nil {
			template.IPAddresses = append(template.IPAddresses, address.AsSlice())
			continue
		}
		template.DNSNames = append(template.DNSNames, name)
	}
	return issue(template, authority)
}

// maxCommonName is RFC 5280's bound (ub-common-name); nobody reads the name of a server there.
const maxCommonName = 64

// issue makes a certificate with a key of its own, signed by authority, or by itself if there is none.
func issue(template *x509.Certificate, authority pair) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("make key: %w", err)
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return pair{}, fmt.Errorf("make serial number: %w", err)
	}
	parent, signer := template, key
	if authority.exists() {
		parent, signer = authority.cert, authority.signer
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return pair{}, fmt.Errorf("sign certificate: %w", err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return pair{}, fmt.Errorf("encode key: %w", err)
	}
	return readPair(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}),
	), nil
}

// bundle is a list of certificates in PEM, each once.
type bundle []byte

// with returns b and more, without what has expired by now, what can't be read and what isn't an authority's.
func (b bundle) with(now time.Time, more ...[]byte) bundle {
	var kept bundle
	for _, text := range append([][]byte{b}, more...) {
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil || !cert.IsCA || now.After(cert.NotAfter) {
				continue
			}
			encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
			if !bytes.Contains(kept, encoded) {
				kept = append(kept, encoded...)
			}
		}
	}
	return kept
}
