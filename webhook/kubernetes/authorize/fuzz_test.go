package authorize_test

import (
	"encoding/json"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// Whatever is posted, it ends with an answer, and nothing is allowed that isn't a question
// about the one user who may something.
func FuzzAuthorizeBody(f *testing.F) {
	for _, seed := range []string{
		`{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"latchkey:latchkey:ada","resourceAttributes":{"verb":"get","resource":"pods","namespace":"latchkey"}}}`,
		`{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"latchkey:latchkey:eve","groups":["latchkey:latchkey:ops"],"nonResourceAttributes":{"path":"/","verb":"get"}}}`,
		`{"apiVersion":"authorization.k8s.io/v1beta1","kind":"SubjectAccessReview"}`,
		`{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"resourceAttributes":null,"extra":{"a":["b"]},"uid":"x"}}`,
		`{}`, `[]`, `null`, "\xff", `{"spec":{"spec":{}}}`,
	} {
		f.Add(seed)
	}
	h := newHandler(f, world(policy.KubernetesRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}, Namespaces: []string{"*"}, NonResourceURLs: []string{"*"}}))
	f.Fuzz(func(t *testing.T, body string) {
		_, answer := post(t, h, body)
		if !answer.Status.Allowed {
			return
		}
		var asked struct{ Spec map[string]any } // whose members are exact, unlike a struct's
		_ = json.Unmarshal([]byte(body), &asked)
		switch asked.Spec["user"] {
		case "latchkey:latchkey:ada", "latchkey:latchkey:lena":
		default:
			t.Errorf("allowed for %v", asked.Spec["user"])
		}
	})
}
