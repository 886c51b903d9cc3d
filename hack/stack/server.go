package stack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"time"

	"github.com/latchkey-auth/latchkey/hack/child"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// Server is a running latchkey process.
type Server struct {
	*child.Process

	// Public, GRPC and Operations are the addresses (host:port) of its listeners; the others have Operations alone.
	Public, GRPC, Operations string
	// Kubeconfig is the file with the rights that it has.
	Kubeconfig string
}

// URL is the root of the public listener, without a last slash.
func (s *Server) URL() string { return "http://" + s.Public }

// OperationsURL is the root of the operations listener, without a last slash.
func (s *Server) OperationsURL() string { return "http://" + s.Operations }

// Command is a subcommand of latchkey.
type Command string

// The subcommands that run until they are stopped: all in one, and its parts.
const (
	Run        Command = "run"
	Serve      Command = "serve"
	Controller Command = "controller"
	Kubernetes Command = "kubernetes"
)

// Launch is what it takes to start a latchkey process.
type Launch struct {
	// Command is what it runs.
	Command Command
	// Name tells it from others of its kind in messages; empty: the command.
	Name string
	// ReplicaName is its name as a serving replica, which others mustn't have; empty: the command.
	ReplicaName string
	// Binary is latchkey.
	Binary string
	// Env is the control plane that it works on.
	Env *testenv.Environment
	// Dir is where its kubeconfig file goes.
	Dir string
	// APIServer is the URL by which it reaches the API server, such as that of a proxy in between; empty: directly.
	APIServer string
	// Listen is the address of its public listener, or of what the API server asks for Kubernetes; empty where it has none.
	Listen string
	// ExternalURL is the service's, the same for all processes.
	ExternalURL string
	// Log takes its log, a whole line at a time.
	Log io.Writer
	// Flags are further ones.
	Flags []string
}

// Start starts a process with the rights of its ServiceAccount and returns when it says that it is ready.
func (l Launch) Start(ctx context.Context) (*Server, error) {
	config, err := kubeconfig(ctx, l.Env, cmp.Or(l.APIServer, l.Env.Config.Host), l.Command.account(), l.Dir)
	if err != nil {
		return nil, err
	}
	arguments := []string{
		string(l.Command), "--kubeconfig", config, "--namespace", Namespace,
		"--external-url", l.ExternalURL, "--ops-listen", "127.0.0.1:0",
	}
	switch {
	case l.Listen == "":
	case l.Command == Kubernetes:
		arguments = append(arguments, "--kubernetes-listen", l.Listen)
	default:
		arguments = append(arguments, "--listen", l.Listen)
	}
	if l.Command == Run || l.Command == Serve {
		arguments = append(arguments, "--replica-name", cmp.Or(l.ReplicaName, string(l.Command)), "--grpc-listen", "127.0.0.1:0")
	}
	news := &watcher{log: l.Log, listening: make(chan struct{})}
	cmd := exec.Command(l.Binary, append(arguments, l.Flags...)...)
	cmd.Stdout, cmd.Stderr = news, news
	name := cmp.Or(l.Name, string(l.Command))
	process, err := child.Start("latchkey "+name, cmd)
	if err != nil {
		return nil, err
	}
	if err := news.await(ctx, process); err != nil {
		process.Stop()
		return nil, fmt.Errorf("wait for latchkey %s to be ready: %w; it said last: %s", name, err, news.last())
	}
	return &Server{Process: process, Public: news.public, GRPC: news.grpc, Operations: news.operations, Kubeconfig: config}, nil
}

// FreeAddress is a loopback address that nobody listens on at this moment.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// watcher passes whole lines of a log on and learns from them where the process listens.
type watcher struct {
	log       io.Writer
	listening chan struct{}

	public, grpc, operations string // written before listening is closed

	mu      sync.Mutex
	partial []byte
	recent  []byte // the last whole line
}

// Write implements io.Writer.
func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.partial = append(w.partial, p...)
	for {
		end := bytes.IndexByte(w.partial, '\n')
		if end < 0 {
			return len(p), nil
		}
		line := w.partial[:end+1]
		if _, err := w.log.Write(line); err != nil {
			return 0, err
		}
		w.learn(line)
		w.recent = bytes.Clone(bytes.TrimSpace(line))
		w.partial = w.partial[end+1:]
	}
}

// learn notes where the process listens. It opens the operations listener last.
func (w *watcher) learn(line []byte) {
	var entry struct{ Msg, Listener, Address string }
	if w.operations != "" || json.Unmarshal(line, &entry) != nil || entry.Msg != "listening" {
		return
	}
	switch entry.Listener {
	case "public":
		w.public = entry.Address
	case "grpc":
		w.grpc = entry.Address
	case "operations":
		w.operations = entry.Address
		close(w.listening)
	}
}

// await returns when the process is ready, or says why it won't be.
func (w *watcher) await(ctx context.Context, process *child.Process) error {
	select {
	case <-w.listening:
	case <-process.Done():
		return errors.Join(errors.New("it ended"), process.Err())
	case <-ctx.Done():
		return ctx.Err()
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if isReady(ctx, "http://"+w.operations+"/readyz") {
			return nil
		}
		select {
		case <-tick.C:
		case <-process.Done():
			return errors.Join(errors.New("it ended"), process.Err())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func isReady(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (w *watcher) last() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.recent
}
