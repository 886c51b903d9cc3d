// Package docs_test holds the documentation against the tree: what it names exists, and what
// the tree has that a reader must know is named.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// read returns a file, by its path from the repository's top folder.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages are the documents that people wrote, by their path from the top folder.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md", "CHANGELOG.md", "CONTRIBUTING.md"}
	for _, pattern := range []string{"docs/*.md", "docs/adr/*.md", "docs/migrate/*.md", "docs/proxies/*.md", "docs/security/*.md"} {
		matches, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil || len(matches) == 0 {
			t.Fatalf("%s: no such pages: %v", pattern, err)
		}
		for _, match := range matches {
			found = append(found, strings.TrimPrefix(filepath.ToSlash(match), "../"))
		}
	}
	return found
}

// withoutCode takes fenced blocks out of a page.
func withoutCode(page string) string {
	return regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(page, "")
}

// inTree are paths in backticks that begin with one of the top folders.
var inTree = regexp.MustCompile("`((?:\\.ci|api|cmd|config|controllers|docs|hack|webhook)/[A-Za-z0-9_./-]+)`")

func TestEveryPathInBackticksExists(t *testing.T) {
	for _, page := range pages(t) {
		for _, match := range inTree.FindAllStringSubmatch(withoutCode(read(t, page)), -1) {
			if _, err := os.Stat(filepath.Join("..", match[1])); err != nil {
				t.Errorf("%s names %s: %v", page, match[1], err)
			}
		}
	}
}

func TestTheWalkthroughNamesPaths(t *testing.T) {
	if n := len(inTree.FindAllString(read(t, "docs/walkthrough.md"), -1)); n < 30 {
		t.Errorf("docs/walkthrough.md names %d paths, so it leads through nothing", n)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

func TestEveryRelativeLinkResolves(t *testing.T) {
	for _, page := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(withoutCode(read(t, page)), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(match[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(filepath.Join("..", target)); err != nil {
				t.Errorf("%s links to %s: %v", page, match[1], err)
				continue
			}
			if anchor != "" && !anchors(read(t, target))[anchor] {
				t.Errorf("%s links to %s, which has no such heading", page, match[1])
			}
		}
	}
}

// anchors are the fragments by which the headings of a page can be linked to, as GitHub makes them.
func anchors(page string) map[string]bool {
	found := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(withoutCode(page), -1) {
		kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(match[1]), "")
		found[strings.ReplaceAll(kept, " ", "-")] = true
	}
	return found
}

func TestEveryDecisionIsListed(t *testing.T) {
	list := read(t, "docs/adr/README.md")
	numbers := map[string]string{}
	for _, page := range pages(t) {
		name, found := strings.CutPrefix(page, "docs/adr/")
		if !found || name == "README.md" {
			continue
		}
		number, _, _ := strings.Cut(name, "-")
		if other, twice := numbers[number]; twice {
			t.Errorf("%s and %s have one number", other, name)
		}
		numbers[number] = name
		if !strings.Contains(list, "("+name+")") {
			t.Errorf("docs/adr/README.md doesn't list %s", name)
		}
		for _, section := range []string{"## Context", "## Decision", "## Consequences"} {
			if !strings.Contains(read(t, page), "\n"+section+"\n") {
				t.Errorf("%s has no section %q", page, section)
			}
		}
	}
}
