package webhookcert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"time"
)

// Pair is a certificate and its private key.
type Pair struct {
	Certificate *x509.Certificate
	Key         *ecdsa.PrivateKey
}

// backdated forgives clocks that are behind.
const backdated = time.Hour

// issue makes a certificate as template says, valid from now on, signed by the authority; by itself if that is nil.
func issue(template *x509.Certificate, by *Pair, now time.Time, life time.Duration) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("generate a key: %w", err)
	}
	template.NotBefore, template.NotAfter, template.BasicConstraintsValid = now.Add(-backdated), now.Add(life), true
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Certificate, by.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return Pair{}, fmt.Errorf("sign a certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return Pair{}, fmt.Errorf("read the certificate that was signed: %w", err)
	}
	return Pair{Certificate: certificate, Key: key}, nil
}

func newAuthority(now time.Time) (Pair, error) {
	return issue(&x509.Certificate{
		// The date tells two authorities apart for people; clients go by the key's id.
		Subject: pkix.Name{CommonName: "latchkey-kubernetes-ca " + now.UTC().Format(time.DateOnly)},
		IsCA:    true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, now, authorityLife)
}

func newLeaf(names []string, by Pair, now time.Time) (Pair, error) {
	template := &x509.Certificate{
		Subject:  pkix.Name{CommonName: "latchkey-kubernetes"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return issue(template, &by, now, leafLife)
}

// encode returns the certificates and the keys of pairs as PEM, in the same order.
func encode(pairs ...Pair) (certificates, keys []byte, err error) {
	for _, pair := range pairs {
		der, err := x509.MarshalPKCS8PrivateKey(pair.Key)
		if err != nil {
			return nil, nil, fmt.Errorf("write a key: %w", err)
		}
		certificates = append(certificates, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate.Raw})...)
		keys = append(keys, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	}
	return certificates, keys, nil
}

// decode reads what encode wrote. Its errors say nothing of what the keys are.
func decode(certificates, keys []byte) ([]Pair, error) {
	var pairs []Pair
	for {
		var certificate, key *pem.Block
		certificate, certificates = pem.Decode(certificates)
		key, keys = pem.Decode(keys)
		if certificate == nil && key == nil {
			break
		}
		if certificate == nil || key == nil {
			return nil, errors.New("there aren't as many keys as certificates")
		}
		pair, err := parse(certificate.Bytes, key.Bytes)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair)
	}
	if len(bytes.TrimSpace(certificates)) > 0 || len(bytes.TrimSpace(keys)) > 0 {
		return nil, errors.New("there is more than PEM")
	}
	return pairs, nil
}

func parse(certificate, key []byte) (Pair, error) {
	c, err := x509.ParseCertificate(certificate)
	if err != nil {
		return Pair{}, fmt.Errorf("read a certificate: %w", err)
	}
	k, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, errors.New("a key can't be read")
	}
	private, ok := k.(*ecdsa.PrivateKey)
	if !ok || !private.PublicKey.Equal(c.PublicKey) {
		return Pair{}, errors.New("a key isn't that of its certificate")
	}
	return Pair{Certificate: c, Key: private}, nil
}
