// Package supply_test holds what is promised of the binary that people get: that anybody can build it again byte for
// byte, that it needs nothing beside it, and that its bill of materials is true.
package supply_test

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// build builds latchkey in a tree as make build does.
func build(t *testing.T, tree string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "latchkey")
	run(t, tree, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags(t), "-o", binary, "./cmd/latchkey")
	return binary
}

// flags are the linker's, as the Makefile has them, with a version.
func flags(t *testing.T) string {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join(testenv.Root(), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^LDFLAGS := (.*)$`).FindSubmatch(makefile)
	if found == nil {
		t.Fatal("the Makefile has no LDFLAGS")
	}
	return strings.ReplaceAll(string(found[1]), "$(VERSION)", version)
}

const version = "v1.2.3-test"

func run(t *testing.T, dir string, command ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, problems.String())
	}
	return string(out)
}

func sum(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(content)
}

// The compiler's results come from Go's cache where they are the same by their sources, so what is compared is that
// no path of a tree gets into them, and the linker's work.
func TestS02TwoBuildsInTwoFoldersAreByteIdentical(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "another", "folder")
	for _, part := range []string{"api", "cmd", "config", "controllers", "webhook"} {
		if err := os.CopyFS(filepath.Join(elsewhere, part), os.DirFS(filepath.Join(testenv.Root(), part))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(testenv.Root(), name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(elsewhere, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	here, there := build(t, testenv.Root()), build(t, elsewhere)

	if sum(t, here) != sum(t, there) {
		t.Error("two builds of the same sources differ")
	}
	content, err := os.ReadFile(here)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(content, []byte(testenv.Root())) {
		t.Error("the binary names the folder that it was built in")
	}

	t.Run("S03 and it is static, so that it needs nothing beside it", func(t *testing.T) {
		file, err := elf.Open(here)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for _, program := range file.Progs {
			if program.Type == elf.PT_INTERP || program.Type == elf.PT_DYNAMIC {
				t.Errorf("it has a part for a dynamic linker: %v", program.Type)
			}
		}
	})

	t.Run("and it says its version", func(t *testing.T) {
		if said := run(t, ".", here, "version"); !strings.HasPrefix(said, "latchkey "+version+" go") {
			t.Errorf("it says %q", said)
		}
	})

	t.Run("and its bill of materials lists every module that is in it", func(t *testing.T) {
		bill := filepath.Join(t.TempDir(), "latchkey.cdx.json")
		run(t, testenv.Root(), "go", "tool", "-modfile=hack/tools/go.mod", "cyclonedx-gomod", "bin", "-json", "-version", version, "-output", bill, here)
		text, err := os.ReadFile(bill)
		if err != nil {
			t.Fatal(err)
		}
		var listed struct {
			BomFormat string
			Metadata  struct {
				Component struct{ Name, Version string }
			}
			Components []struct{ Purl string }
		}
		if err := json.Unmarshal(text, &listed); err != nil {
			t.Fatal(err)
		}
		if listed.BomFormat != "CycloneDX" || listed.Metadata.Component.Version != version {
			t.Errorf("it is a %s of %+v", listed.BomFormat, listed.Metadata.Component)
		}
		all := map[string]bool{}
		for _, component := range listed.Components {
			name, _, _ := strings.Cut(component.Purl, "?")
			all[name] = true
		}
		info, err := buildinfo.ReadFile(here)
		if err != nil {
			t.Fatal(err)
		}
		if len(info.Deps) < 30 {
			t.Errorf("the binary has %d modules only", len(info.Deps))
		}
		for _, module := range info.Deps {
			if !all["pkg:golang/"+module.Path+"@"+module.Version] {
				t.Errorf("%s %s is not listed", module.Path, module.Version)
			}
		}
	})
}
