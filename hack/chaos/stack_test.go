//go:build chaos

package chaos_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/chaos"
	"github.com/latchkey-auth/latchkey/hack/faultproxy"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// process is one of Latchkey's, with a network of its own between it and the API server.
type process struct {
	*chaos.Replica // nil for a controller
	name           string
	network        *faultproxy.Proxy
	launch         stack.Launch
	journal        *journal
	server         *stack.Server
	lost, killed   bool // by the case: cut off, ended
}

// newProcess prepares a process that start starts.
func newProcess(command stack.Command, name, dir string, flags ...string) *process {
	GinkgoHelper()
	network, err := faultproxy.Start(strings.TrimSuffix(strings.TrimPrefix(env.Config.Host, "https://"), "/"))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(network.Close)
	own := filepath.Join(dir, name)
	Expect(os.Mkdir(own, 0o700)).To(Succeed())
	p := &process{name: name, network: network, journal: &journal{}}
	p.launch = stack.Launch{
		Command: command, Name: name, ReplicaName: name, Binary: binary, Env: env.Environment, Dir: own, APIServer: "https://" + network.Address(),
		ExternalURL: "http://auth.example.test", Log: p.journal, Flags: flags,
	}
	if command == stack.Serve {
		p.launch.Listen, err = stack.FreeAddress()
		Expect(err).NotTo(HaveOccurred())
		p.Replica = &chaos.Replica{Name: name, URL: "http://" + p.launch.Listen}
		p.Down()
	}
	return p
}

// start starts it and returns when it says that it is ready.
func (p *process) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	if p.server, err = p.launch.Start(ctx); err != nil {
		return err
	}
	p.killed = false
	if p.Replica != nil {
		p.Up()
		p.Back()
		p.lost = false
	}
	return nil
}

// runs reports whether it was started and hasn't ended.
func (p *process) runs() bool {
	if p.server == nil {
		return false
	}
	select {
	case <-p.server.Done():
		return false
	default:
		return true
	}
}

// kill ends it without warning.
func (p *process) kill() {
	if p.Replica != nil {
		p.Down()
	}
	p.killed = true
	p.server.Kill()
}

// stop ends it as Kubernetes does.
func (p *process) stop() {
	if !p.runs() {
		return
	}
	if p.Replica != nil {
		p.Down()
	}
	p.server.Stop()
}

// restart starts it again after kill or stop.
func (p *process) restart(ctx context.Context) {
	GinkgoHelper()
	Expect(p.start(ctx)).To(Succeed())
}

// build builds latchkey for the suite; further arguments go to go build.
func build(ctx context.Context, dir string, arguments ...string) string {
	GinkgoHelper()
	Expect(os.MkdirAll(dir, 0o700)).To(Succeed())
	path, err := stack.Build(ctx, dir, append([]string{"-race"}, arguments...)...)
	Expect(err).NotTo(HaveOccurred())
	return path
}

// buildSkewed builds a latchkey whose clock is off by so many seconds: nothing can shift the clock of a
// single process, so the one file in which it is read is replaced.
func buildSkewed(ctx context.Context, dir string, seconds int) string {
	GinkgoHelper()
	Expect(os.MkdirAll(dir, 0o700)).To(Succeed())
	file, overlay := filepath.Join(dir, "clock.go"), filepath.Join(dir, "overlay.json")
	content := fmt.Sprintf("package main\n\nimport \"time\"\n\nfunc machineTime() time.Time { return time.Now().Add(%d * time.Second) }\n", seconds)
	Expect(os.WriteFile(file, []byte(content), 0o600)).To(Succeed())
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(testenv.Root(), "cmd", "latchkey", "clock.go"): file}})
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(overlay, replace, 0o600)).To(Succeed())
	return build(ctx, dir, "-overlay", overlay)
}

// journal keeps the log of a process.
type journal struct {
	mu    sync.Mutex
	lines []string
}

// Write takes whole lines.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, string(bytes.TrimSpace(p)))
	return len(p), nil
}

// mark is a moment in a journal.
func (j *journal) mark() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.lines)
}

// since returns the lines after a mark that hold all of these texts.
func (j *journal) since(mark int, texts ...string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []string
	for _, line := range j.lines[mark:] {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			found = append(found, line)
		}
	}
	return found
}

// last returns the newest lines of level info, for a failure's report.
func (j *journal) last(n int) string {
	lines := j.since(0, `"level":"INFO"`)
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
