package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/latchkey-auth/latchkey/hack/child"
)

// core is the number of a core, as text.
type core string

// anyCore is where the system likes.
const anyCore core = "any"

// Programs are started through links of their names to this one, which pins itself, ties
// itself to the life of its parent and becomes them: so somebody else's code, such as
// envtest, can start them, and Go programs count the one core that they have.
const (
	pinned         = "core-" // <folder>/core-0/etcd is a link to this program,
	real           = "real"  // <folder>/real/etcd one to etcd
	parentVariable = "LATCHKEY_BENCH_PID"
)

// beParent makes this process the one that programs are tied to.
func beParent() error { return os.Setenv(parentVariable, strconv.Itoa(os.Getpid())) }

// link returns a path by which program runs under that name on a core.
func (l *launcher) link(on core, name, program string) (string, error) {
	path := filepath.Join(l.folder, pinned+string(on), name)
	for link, to := range map[string]string{path: l.self, filepath.Join(l.folder, real, name): program} {
		if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
			return "", err
		}
		if err := os.Symlink(to, link); err != nil && !os.IsExist(err) {
			return "", fmt.Errorf("link %s: %w", name, err)
		}
	}
	return path, nil
}

// isLink says whether this program was called by a path that link returned.
func isLink(path string) bool {
	return strings.HasPrefix(filepath.Base(filepath.Dir(path)), pinned)
}

// become turns this process into the program behind a link.
func become(args []string) error {
	folder, name := filepath.Split(args[0])
	folder = filepath.Clean(folder)
	parent, err := strconv.Atoi(os.Getenv(parentVariable))
	if err != nil {
		return fmt.Errorf("%s of the benchmark: %w", name, err)
	}
	if on := core(strings.TrimPrefix(filepath.Base(folder), pinned)); on != anyCore {
		if err := pin(on); err != nil {
			return err
		}
	}
	program, err := os.Readlink(filepath.Join(filepath.Dir(folder), real, name))
	if err != nil {
		return fmt.Errorf("find %s of the benchmark: %w", name, err)
	}
	return child.Become(program, append([]string{program}, args[1:]...), parent)
}
