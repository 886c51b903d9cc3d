package manifests

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	kjson "k8s.io/apimachinery/pkg/util/json"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// maxFile is the longest file to read, in bytes.
const maxFile = 16 << 20

// ExpectationsSuffix ends the names of files that hold expectations and stand among manifests.
const ExpectationsSuffix = ".latchkey-test.yaml"

// File is a file of manifests or expectations.
type File struct {
	Name string
	Text []byte
}

// Read reads the YAML and JSON files of a folder and all below it but hidden ones, a file, or standard input as "-".
func Read(path string, stdin io.Reader) (manifests, expectations []File, err error) {
	if path == "-" {
		file, err := read("standard input", stdin)
		return []File{file}, nil, err
	}
	err = filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		hidden := at != path && strings.HasPrefix(entry.Name(), ".")
		switch {
		case err != nil:
			return err
		case entry.IsDir() && hidden:
			return filepath.SkipDir
		case entry.IsDir() || hidden || at != path && !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(at)):
			return nil
		}
		file, err := ReadFile(at)
		if strings.HasSuffix(at, ExpectationsSuffix) {
			expectations = append(expectations, file)
		} else {
			manifests = append(manifests, file)
		}
		return err
	})
	return manifests, expectations, err
}

// ReadFile reads one file.
func ReadFile(name string) (File, error) {
	opened, err := os.Open(name) //nolint:gosec // it is what whoever runs this names
	if err != nil {
		return File{}, err
	}
	defer func() { _ = opened.Close() }()
	return read(name, opened)
}

func read(name string, from io.Reader) (File, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxFile {
		return File{}, fmt.Errorf("read %s: it has more than %d bytes", name, maxFile)
	}
	return File{name, text}, nil
}

// document is an object somewhere in a file.
type document struct {
	file   string
	index  int // from 1
	object map[string]any
}

// documents are the objects in the file, those of lists one by one.
func (f File) documents() (all []document, problems []Finding) {
	reader := kyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(f.Text)))
	for index := 1; ; index++ {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, problems
		}
		var object map[string]any
		if err == nil {
			object, err = parse(text)
		}
		if err != nil {
			problems = append(problems, Finding{File: f.Name, Document: index, Message: strings.Join(strings.Fields(err.Error()), " ")})
			continue
		}
		for _, o := range flatten(object) {
			all = append(all, document{f.Name, index, o})
		}
	}
}

// parse reads one document: nothing, or an object without a name that is given twice.
func parse(text []byte) (object map[string]any, err error) {
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	var read any
	if err := kjson.Unmarshal(asJSON, &read); err != nil {
		return nil, err
	}
	object, _ = read.(map[string]any) // what isn't an object is no manifest, but not ours to judge
	return object, nil
}

// flatten returns the items of a v1 List, and everything else as it is.
func flatten(object map[string]any) []map[string]any {
	items, isList := object["items"].([]any)
	if object["kind"] != "List" || !isList {
		return []map[string]any{object}
	}
	var all []map[string]any
	for _, item := range items {
		if o, ok := item.(map[string]any); ok {
			all = append(all, flatten(o)...)
		}
	}
	return all
}
