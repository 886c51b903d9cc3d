package testenv

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall"
)

// Faulty is an Environment whose processes can be made to fail. Config, Client and every token and
// certificate that it gave out stay good over all of it.
type Faulty struct {
	*Environment
	down bool // the API server was killed
}

// The processes of a control plane.
const (
	apiServer = "kube-apiserver"
	etcd      = "etcd"
)

// StartFaulty is Start for those who want to break what they started. Call Stop as ever.
func StartFaulty() (*Faulty, error) {
	env, err := Start()
	if err != nil {
		return nil, err
	}
	return &Faulty{Environment: env}, nil
}

// Stop ends both processes, in whatever state they are, and removes their files.
func (f *Faulty) Stop() error {
	certificates := f.env.ControlPlane.APIServer.CertDir // of a server that was started again: envtest leaves them
	_ = f.ContinueEtcd()                                 // it couldn't end while it is paused
	return errors.Join(f.Environment.Stop(), os.RemoveAll(certificates))
}

// KillAPIServer ends kube-apiserver without warning.
func (f *Faulty) KillAPIServer() error {
	pid, err := f.guard.pid(apiServer)
	if err != nil {
		return err
	}
	f.down = true
	return errors.Join(f.signal(apiServer, syscall.SIGKILL), f.guard.forget(pid))
}

// RestartAPIServer starts kube-apiserver as it was before KillAPIServer: its port, certificates and data.
// It returns when the server says that it is healthy.
func (f *Faulty) RestartAPIServer() error {
	if err := f.env.ControlPlane.APIServer.Start(); err != nil {
		return fmt.Errorf("start %s again: %w", apiServer, err)
	}
	f.down = false
	return nil
}

// Heal ends whatever fault there is.
func (f *Faulty) Heal() error {
	if err := f.ContinueEtcd(); err != nil || !f.down {
		return err
	}
	return f.RestartAPIServer()
}

// PauseEtcd stops etcd in its tracks: its connections stay and nobody answers.
func (f *Faulty) PauseEtcd() error { return f.signal(etcd, syscall.SIGSTOP) }

// ContinueEtcd ends PauseEtcd.
func (f *Faulty) ContinueEtcd() error { return f.signal(etcd, syscall.SIGCONT) }

func (f *Faulty) signal(name string, s syscall.Signal) error {
	pid, err := f.guard.pid(name)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, s); err != nil {
		return fmt.Errorf("send %s to %s: %w", s, name, err)
	}
	return nil
}

// Compact makes etcd forget all history before this moment and returns the revision up to which
// (etcd's JSON gateway to its KV service).
func (f *Faulty) Compact(ctx context.Context) (revision int64, err error) {
	var at struct {
		Header struct {
			Revision int64 `json:",string"`
		}
	}
	if err := f.ask(ctx, "/v3/kv/range", map[string]any{"key": []byte("/"), "count_only": true}, &at); err != nil {
		return 0, err
	}
	revision = at.Header.Revision
	return revision, f.ask(ctx, "/v3/kv/compaction", map[string]any{"revision": strconv.FormatInt(revision, 10), "physical": true}, &struct{}{})
}

func (f *Faulty) ask(ctx context.Context, path string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	address, err := url.JoinPath(f.env.ControlPlane.Etcd.URL.String(), path)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask etcd: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("ask etcd: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("ask etcd for %s: %d: %s", path, response.StatusCode, text)
	}
	return json.Unmarshal(text, answer)
}
