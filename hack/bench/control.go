package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/latchkey-auth/latchkey/hack/bench/load"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// loopback is where the processes listen.
const loopback = "127.0.0.1:0"

// addresses is what a server process prints first.
type addresses struct{ Public, Control string }

// usage is what a process has used since it started.
type usage struct {
	Mallocs uint64
	CPU     time.Duration
}

// serve serves HTTP until the process is ended. See control.
func serve(server *http.Server, listener net.Listener, realm *directory.Realm) error {
	return control(listener.Addr().String(), func() error { return server.Serve(listener) }, server.Handler, realm)
}

// control runs a server until the process is ended, with a second listener for whoever started
// it. realm is what tokens are minted for, by checks at handler; nil where nobody asks for any.
func control(public string, run func() error, handler http.Handler, realm *directory.Realm) error {
	control, err := net.Listen("tcp", loopback)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /profile", pprof.Profile)
	mux.Handle("GET /usage", answer(func(*http.Request) (any, error) {
		var u usage
		err := u.read()
		return u, err
	}))
	if realm != nil {
		mux.Handle("GET /tokens", answer(func(r *http.Request) (any, error) {
			n, err := strconv.Atoi(r.FormValue("n"))
			if err != nil {
				return nil, err
			}
			return mintSome(realm, n)
		}))
		mux.Handle("GET /verify", answer(func(r *http.Request) (any, error) {
			during, err := time.ParseDuration(r.FormValue("for"))
			if err != nil {
				return nil, err
			}
			v, err := verify(during)
			if err != nil {
				return nil, err
			}
			check, err := unseen(handler, realm, during)
			v.Unseen = microseconds(check)
			return v, err
		}))
	}
	if err := json.NewEncoder(os.Stdout).Encode(addresses{public, control.Addr().String()}); err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- run() }()
	go func() { failed <- (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(control) }()
	return <-failed
}

// answer sends what f returns.
func answer(f func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := f(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(v)
	})
}

// add adds what was used between two readings.
func (u *usage) add(readings [2]usage) {
	u.Mallocs += readings[1].Mallocs - readings[0].Mallocs
	u.CPU += readings[1].CPU - readings[0].CPU
}

// read notes what this process has used.
func (u *usage) read() error {
	var times syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &times); err != nil {
		return fmt.Errorf("read the CPU time: %w", err)
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	u.Mallocs, u.CPU = memory.Mallocs, time.Duration(times.Utime.Nano()+times.Stime.Nano())
	return nil
}

// verification is what verifying one signature takes, and nothing else.
type verification struct {
	RPS    float64
	CPU    float64 // in microseconds
	Unseen float64 // CPU of a whole check of a new token without net/http, in microseconds
}

// verify verifies P-256 signatures for a while.
func verify(atLeast time.Duration) (*verification, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte("header.claims"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		return nil, err
	}
	var before, after usage
	if err := before.read(); err != nil {
		return nil, err
	}
	began, n := time.Now(), 0
	for time.Since(began) < atLeast {
		for range 100 {
			if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
				return nil, errors.New("a signature that was just made doesn't hold")
			}
		}
		n += 100
	}
	elapsed := time.Since(began)
	if err := after.read(); err != nil {
		return nil, err
	}
	return &verification{RPS: float64(n) / elapsed.Seconds(), CPU: microseconds(after.CPU-before.CPU) / float64(n)}, nil
}

// mintSome signs n tokens, each of the next user.
func mintSome(realm *directory.Realm, n int) ([]load.Token, error) {
	tokens := make([]load.Token, n)
	for i := range tokens {
		user := i % realmUsers
		text, err := mint(realm, user, time.Now())
		if err != nil {
			return nil, err
		}
		tokens[i] = load.Token{User: userName(user), Text: text}
	}
	return tokens, nil
}
