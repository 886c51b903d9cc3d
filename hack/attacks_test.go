package hack_test

import (
	"encoding/csv"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryAttackIsATestByItsID(t *testing.T) {
	file, err := os.Open(filepath.Join("..", "docs", "security", "attacks.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	attacks, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	named := idsInTests(t)
	for _, attack := range attacks[1:] {
		id, what := attack[0], attack[2]
		if !named[id] {
			t.Errorf("no test names %s (%s)", id, what)
		}
	}
	for _, id := range []string{"K99", "O99"} {
		if named[id] {
			t.Errorf("%s is found in tests, though there is no such attack", id)
		}
	}
}

// attackID is an id within a name, such as TestK02EncodedDots or "K02 encoded dots".
var attackID = regexp.MustCompile(`(?:^|[^0-9A-Z])([A-Z][0-9]{2})(?:[^0-9]|$)`)

// idsInTests are the ids that stand in test files, and in the table of requests that several tests
// send. This file's own don't count.
func idsInTests(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && entry.Name() != "..":
			return filepath.SkipDir
		case entry.IsDir() || entry.Name() == "attacks_test.go":
			return nil
		}
		table := filepath.Base(filepath.Dir(path)) == "conformance" && strings.HasSuffix(path, ".go")
		if !table && !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		// Overlapping matches ("K23 K24") are found by going on behind the id.
		for rest := " " + string(text); ; {
			at := attackID.FindStringSubmatchIndex(rest)
			if at == nil {
				return nil
			}
			found[rest[at[2]:at[3]]] = true
			rest = rest[at[3]:]
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
