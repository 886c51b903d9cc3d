package matrix

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// StandIns are the tests elsewhere in the tree that stand in for stories behind proxies which a
// machine may lack, by the text that names them: a test function, or a spec of Ginkgo.
type StandIns map[Column]map[Story]string

// For returns the test that stands in, or "".
func (s StandIns) For(column Column, story Story) string { return s[column][story] }

// Missing returns the stand-ins that no test in the tree below root is called.
func (s StandIns) Missing(root string) ([]string, error) {
	names, err := tests(root)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, column := range Columns() {
		for _, story := range Stories() {
			if name := s.For(column, story); name != "" && !names[name] {
				missing = append(missing, name)
			}
		}
	}
	return missing, nil
}

// tests are the names of all tests below root: of functions, and the first texts of Ginkgo's calls.
func tests(root string) (map[string]bool, error) {
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root:
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				if strings.HasPrefix(n.Name.Name, "Test") {
					names[n.Name.Name] = true
				}
			case *ast.CallExpr:
				if text, found := ginkgoText(n); found {
					names[text] = true
				}
			}
			return true
		})
		return nil
	})
	return names, err
}

// ginkgoText is the text of a call such as It("…").
func ginkgoText(call *ast.CallExpr) (string, bool) {
	name, isName := call.Fun.(*ast.Ident)
	if !isName || len(call.Args) == 0 {
		return "", false
	}
	switch name.Name {
	case "Describe", "DescribeTable", "Context", "It", "Entry":
	default:
		return "", false
	}
	literal, isLiteral := call.Args[0].(*ast.BasicLit)
	if !isLiteral || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil
}
