package importing_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/cmd/latchkey/importing"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// What is printed can be applied, and what is left out the API server would have refused.
func TestTheAPIServerAgrees(t *testing.T) {
	environment, err := testenv.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	})
	api := environment.Client
	if err := api.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}); err != nil {
		t.Fatal(err)
	}

	t.Run("applies what files as they are found become", func(t *testing.T) {
		for kind := range readers {
			printed, err := os.ReadFile(filepath.Join("testdata", kind+".manifests.golden"))
			if err != nil {
				t.Fatal(err)
			}
			apply(t, api, printed)
		}
	})

	t.Run("never brings an old password back unasked", func(t *testing.T) {
		printed := manifests(t, "users: {rita: {password: '"+bcrypt+"'}}")
		apply(t, api, printed)
		secret := &corev1.Secret{}
		if err := api.Get(t.Context(), client.ObjectKey{Namespace: "team-a", Name: "rita-password"}, secret); err != nil {
			t.Fatal(err)
		}
		secret.Data[v1alpha1.PasswordHashDataKey] = []byte(argon2id)
		if err := api.Update(t.Context(), secret, client.FieldOwner("latchkey")); err != nil {
			t.Fatal(err)
		}
		if err := tryApply(t, api, document(t, printed, 0)); !apierrors.IsConflict(err) {
			t.Errorf("applying the import again says %v", err)
		}
	})

	t.Run("takes the longest of everything", func(t *testing.T) {
		var groups []string
		for i := range 32 {
			groups = append(groups, strings.Repeat("r", 60)+strconv.Itoa(i))
		}
		apply(t, api, manifests(t, "users: {"+strings.Repeat("u", 63)+": {password: '"+argon2id+"', displayname: '"+strings.Repeat("ü", 128)+
			"', email: '"+strings.Repeat("e", 64)+"@"+strings.Repeat("d", 189)+"', groups: ["+strings.Join(groups, ", ")+"]}}"))
	})

	for sentence, tc := range map[string]struct{ field, value string }{
		"a longer display name":                {"displayname", strings.Repeat("ü", 129)},
		"a display name of two lines":          {"displayname", "a\nb"},
		"a display name with a C1 control":     {"displayname", "a\u0085b"},
		"a longer address":                     {"email", strings.Repeat("e", 64) + "@" + strings.Repeat("d", 190)},
		"a longer address before the @":        {"email", strings.Repeat("e", 65) + "@example.com"},
		"an address with a name":               {"email", "Ada <ada@example.com>"},
		"two addresses":                        {"email", "ada@example.com,eve@example.com"},
		"an address beyond ASCII":              {"email", "ada@exämple.com"},
		"an address of a label that ends in -": {"email", "ada@example-.com"},
		"no address":                           {"email", "ada"},
	} {
		t.Run("refuses "+sentence+", which is left out", func(t *testing.T) {
			file := "users: {ada: {password: '" + bcrypt + "', " + tc.field + ": " + strconv.QuoteToASCII(tc.value) + "}}"
			result, err := importing.Authelia([]byte(file), importing.Options{Namespace: "team-a"})
			if err != nil {
				t.Fatal(err)
			}
			user := result.Accounts[0].User
			if result.Complete() || user.Spec.DisplayName+user.Spec.Email != "" {
				t.Fatalf("%q is taken", tc.value)
			}
			if tc.field == "email" {
				user.Spec.Email = tc.value
			} else {
				user.Spec.DisplayName = tc.value
			}
			if err := api.Create(t.Context(), user, client.DryRunAll); !apierrors.IsInvalid(err) {
				t.Errorf("the API server says %v", err)
			}
		})
	}
	for sentence, name := range map[string]string{
		"upper case": "Ada", "a dot": "ada.lovelace", "a hyphen first": "-ada", "64 characters": strings.Repeat("a", 64), "an @": "ada@example.com",
	} {
		t.Run("refuses a name with "+sentence+", which is left out", func(t *testing.T) {
			result, err := importing.Htpasswd([]byte(name+":"+bcrypt), importing.Options{})
			if err != nil || result.Refused != 1 {
				t.Fatalf("%s is taken: %v", name, err)
			}
			user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name}}
			if err := api.Create(t.Context(), user, client.DryRunAll); !apierrors.IsInvalid(err) {
				t.Errorf("the API server says %v", err)
			}
			user = &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "ada"}, Spec: v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{v1alpha1.GrantableRoleName(name)}}}
			if err := api.Create(t.Context(), user, client.DryRunAll); !apierrors.IsInvalid(err) {
				t.Errorf("the API server says of a role %v", err)
			}
		})
	}
}

// manifests are what an Authelia file becomes, all of it.
func manifests(t *testing.T, file string) []byte {
	t.Helper()
	result, err := importing.Authelia([]byte(file), importing.Options{Namespace: "team-a"})
	if err != nil || !result.Complete() {
		t.Fatalf("%v: %q", err, result.Remarks)
	}
	var printed bytes.Buffer
	if err := importing.Print(&printed, result.Accounts); err != nil {
		t.Fatal(err)
	}
	return printed.Bytes()
}

// apply does what kubectl apply --server-side does.
func apply(t *testing.T, api client.Client, printed []byte) {
	t.Helper()
	for i := range bytes.Count(printed, []byte("---\n")) + 1 {
		if err := tryApply(t, api, document(t, printed, i)); err != nil {
			t.Error(err)
		}
	}
}

func tryApply(t *testing.T, api client.Client, object *unstructured.Unstructured) error {
	t.Helper()
	return api.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("kubectl"))
}

// document is one of several that --- parts.
func document(t *testing.T, printed []byte, i int) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(bytes.Split(printed, []byte("---\n"))[i], &object.Object); err != nil {
		t.Fatal(err)
	}
	return object
}
