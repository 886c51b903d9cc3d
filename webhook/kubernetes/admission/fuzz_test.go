package admission_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/admission"
)

// Whatever is posted, the answer is a 4xx, or a review with the uid that was asked about; or a 5xx, for an object that
// no schema would let through. Nobody who may do nothing
// gets in a User with a role, or a Role with anything to grant, that is new.
func FuzzReview(f *testing.F) {
	resources := []string{"roles", "users", "realms", "ingresses"}
	role := withRules("a", aRule("*", "/**", "*"))
	role.Spec.KubernetesRules = []v1alpha1.KubernetesRule{{APIGroups: []string{"*"}, Resources: []string{"*/scale"}, Verbs: []string{"*"}, NonResourceURLs: []string{"*"}}}
	seeds := map[string][]any{
		"roles":     {role, aRole("a", "a"), aRole("b", "editor", "missing")},
		"users":     {v1alpha1.User{Spec: v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"editor"}}}},
		"realms":    {v1alpha1.Realm{Spec: v1alpha1.RealmSpec{AdminRole: "editor", Sessions: v1alpha1.RealmSessions{CookieDomain: "example.org"}}}},
		"ingresses": {anIngress(map[string]string{"auth-url": inCluster + "/realms/team-a/check/role/a,b?x=%zz", "custom-http-errors": ",401"})},
	}
	for i, resource := range resources {
		for _, seed := range seeds[resource] {
			f.Add(i, aReview(f, resource, seed, nil))
			f.Add(i, aReview(f, resource, seed, seed))
		}
	}
	holder := v1alpha1.User{Spec: v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"editor"}}}
	aimed := holder
	aimed.Spec.PasswordSecretRef = &v1alpha1.PasswordSecretReference{Name: "mallory-password"}
	f.Add(1, aReview(f, "users", aimed, holder))
	f.Add(1, aReview(f, "users", holder, aimed))
	f.Add(0, []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"UPDATE","object":null}}`))
	f.Fuzz(func(t *testing.T, which int, body []byte) {
		resource := resources[uint(which)%uint(len(resources))]
		world := theRealms()
		world.may = func(authorizationv1.SubjectAccessReviewSpec) bool { return false }
		h, log := handlerOf(t, world)
		r := httptest.NewRequest(http.MethodPost, admission.PathPrefix+resource, bytes.NewReader(body))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)

		if w.Code >= 400 && w.Code < 500 || w.Code == http.StatusInternalServerError && strings.Contains(log.String(), "error=\"decode ") {
			return
		}
		var asked, answer admissionv1.AdmissionReview
		if err := json.Unmarshal(w.Body.Bytes(), &answer); w.Code != http.StatusOK || err != nil || answer.Response == nil || answer.Kind != "AdmissionReview" {
			t.Fatalf("no review: %d %q", w.Code, w.Body)
		}
		if err := kjson.Unmarshal(body, &asked); err != nil || asked.Request == nil {
			t.Fatalf("a review of nothing is answered: %q", body)
		}
		if asked.Request.UID != answer.Response.UID {
			t.Fatalf("asked as %q, answered as %q", asked.Request.UID, answer.Response.UID)
		}
		if answer.Response.Allowed && gains(asked.Request, resource) {
			t.Fatalf("somebody without rights got in: %s", body)
		}
	})
}

// gains reports whether a request by a person gives anybody anything.
func gains(r *admissionv1.AdmissionRequest, resource string) bool {
	if resource == "users" && r.Operation == admissionv1.Update && r.SubResource == "" && r.UserInfo.Username != serviceUser {
		var user, old v1alpha1.User
		return kjson.Unmarshal(r.Object.Raw, &user) == nil && kjson.Unmarshal(r.OldObject.Raw, &old) == nil && len(user.Spec.Roles) > 0 &&
			user.Spec.PasswordSecretRef != nil && (old.Spec.PasswordSecretRef == nil || *old.Spec.PasswordSecretRef != *user.Spec.PasswordSecretRef)
	}
	if r.Operation != admissionv1.Create || r.SubResource != "" || r.UserInfo.Username == serviceUser {
		return false
	}
	switch resource {
	case "users":
		var user v1alpha1.User
		return kjson.Unmarshal(r.Object.Raw, &user) == nil && len(user.Spec.Roles) > 0
	case "roles":
		var role v1alpha1.Role
		if kjson.Unmarshal(r.Object.Raw, &role) != nil {
			return false
		}
		reaches := slices.ContainsFunc(role.Spec.KubernetesRules, func(k v1alpha1.KubernetesRule) bool {
			return len(k.Verbs)*(len(k.APIGroups)*len(k.Resources)+len(k.NonResourceURLs)) > 0
		})
		return len(role.Spec.Rules)+len(role.Spec.Includes) > 0 || reaches
	}
	return false
}
