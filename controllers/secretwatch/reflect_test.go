package secretwatch_test

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/latchkey-auth/latchkey/controllers/secretwatch"
)

func TestVersions(t *testing.T) {
	for name, c := range map[string]struct {
		then func(toolscache.ReflectorStore) error // after a list of a@1 and b@2
		want []string
	}{
		"tells of what the first list holds": {
			then: func(toolscache.ReflectorStore) error { return nil },
			want: []string{"a", "b"},
		},
		"tells of what is made": {
			then: func(s toolscache.ReflectorStore) error { return s.Add(secret("c", "3")) },
			want: []string{"a", "b", "c"},
		},
		"tells of what changes": {
			then: func(s toolscache.ReflectorStore) error { return s.Update(secret("a", "3")) },
			want: []string{"a", "b", "a"},
		},
		"tells of what is deleted": {
			then: func(s toolscache.ReflectorStore) error { return s.Delete(secret("b", "3")) },
			want: []string{"a", "b", "b"},
		},
		"tells of what is deleted and made again, whatever its version": {
			then: func(s toolscache.ReflectorStore) error {
				if err := s.Delete(secret("b", "2")); err != nil {
					return err
				}
				return s.Add(secret("b", "2"))
			},
			want: []string{"a", "b", "b", "b"},
		},
		"tells nothing of a version that it knows": {
			then: func(s toolscache.ReflectorStore) error { return s.Update(secret("a", "1")) },
			want: []string{"a", "b"},
		},
		"tells of nothing when a later list is the same": {
			then: func(s toolscache.ReflectorStore) error {
				return s.Replace([]any{secret("b", "2"), secret("a", "1")}, "9")
			},
			want: []string{"a", "b"},
		},
		"tells of all that a later list shows to have changed, come or gone": {
			then: func(s toolscache.ReflectorStore) error {
				return s.Replace([]any{secret("b", "5"), secret("c", "4")}, "9")
			},
			want: []string{"a", "b", "b", "c", "a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var told []string
			store := secretwatch.NewVersions(func(name string) { told = append(told, name) })
			if err := store.Replace([]any{secret("a", "1"), secret("b", "2")}, "2"); err != nil {
				t.Fatal(err)
			}
			if err := c.then(store); err != nil {
				t.Fatal(err)
			}
			if err := store.Resync(); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(told, c.want) {
				t.Errorf("told %v, want %v", told, c.want)
			}
		})
	}
}

func secret(name, version string) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: version}}
}
