package importing

import (
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// Print writes the manifests of accounts, each Secret before its User, with --- between.
func Print(w io.Writer, accounts []Account) error {
	separator := ""
	for _, a := range accounts {
		for _, object := range []any{a.Secret, a.User} {
			manifest, err := yaml.Marshal(object)
			if err != nil {
				return fmt.Errorf("write manifest: %w", err)
			}
			if _, err := fmt.Fprintf(w, "%s%s", separator, manifest); err != nil {
				return fmt.Errorf("write manifest: %w", err)
			}
			separator = "---\n"
		}
	}
	return nil
}
