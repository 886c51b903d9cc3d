package browser_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"sync"
	"time"
)

// front ends TLS and passes what it reads on to the address that the name of a connection leads to.
// It is a load balancer that understands no HTTP, so nothing of a request is lost or mended in it.
type front struct {
	listener net.Listener
	routes   map[string]string // from names to addresses
	key      string            // base64 of the SHA-256 of the certificate's public key

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// newFront listens on a free loopback port with a certificate for name, made here.
func newFront(name string, routes map[string]string) (*front, error) {
	certificate, err := newCertificate(name)
	if err != nil {
		return nil, err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS13,
	})
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	sum := sha256.Sum256(certificate.Leaf.RawSubjectPublicKeyInfo)
	f := &front{listener: listener, routes: routes, key: base64.StdEncoding.EncodeToString(sum[:]), conns: map[net.Conn]bool{}}
	go f.accept()
	return f, nil
}

// Address is where it listens.
func (f *front) Address() string { return f.listener.Addr().String() }

// Close ends it, and what passes through it.
func (f *front) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		_ = c.Close()
	}
	return f.listener.Close()
}

func (f *front) accept() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return // closed
		}
		go f.pass(conn.(*tls.Conn))
	}
}

// pass passes bytes between a client and what its name leads to, until either side ends.
func (f *front) pass(client *tls.Conn) {
	defer f.forget(client)
	f.remember(client)
	if client.Handshake() != nil {
		return
	}
	server, err := net.Dial("tcp", f.routes[client.ConnectionState().ServerName])
	if err != nil {
		return // an unknown name leads nowhere
	}
	defer f.forget(server)
	f.remember(server)
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(client, server)
}

func (f *front) remember(c net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns[c] = true
}

func (f *front) forget(c net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = c.Close()
	delete(f.conns, c)
}

// newCertificate makes a self-signed certificate for name, good for a day.
func newCertificate(name string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}, nil
}
