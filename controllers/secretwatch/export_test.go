package secretwatch

import toolscache "k8s.io/client-go/tools/cache"

// NewVersions returns the store of one selection, for its test.
func NewVersions(tell func(name string)) toolscache.ReflectorStore {
	return &versions{known: map[string]string{}, tell: tell}
}
