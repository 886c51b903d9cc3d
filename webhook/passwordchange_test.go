package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

const newPassword = "another-horse-battery"

// sendJSON posts a body as JSON.
func (r realm) sendJSON(path, body string, t tokens) answer {
	GinkgoHelper()
	return do(http.MethodPost, r.url(path), body, append([]string{"Content-Type", "application/json"}, bearer(t.access)...)...)
}

// changePassword asks for another password as its user.
func (r realm) changePassword(t tokens, old, new string) answer {
	GinkgoHelper()
	body, err := json.Marshal(map[string]string{"oldPassword": old, "newPassword": new})
	Expect(err).NotTo(HaveOccurred())
	return r.sendJSON("/password", string(body), t)
}

// passwordSecrets are the names of the password Secrets of a realm.
func (r realm) passwordSecrets(ctx context.Context) []string {
	GinkgoHelper()
	list := &corev1.SecretList{}
	Expect(api.List(ctx, list, client.InNamespace(r.namespace))).To(Succeed())
	var names []string
	for _, s := range list.Items {
		if s.Type == v1alpha1.PasswordSecretType {
			names = append(names, s.Name)
		}
	}
	return names
}

// secretOf is the name of the password Secret of a user.
func (r realm) secretOf(ctx context.Context, user string) string {
	GinkgoHelper()
	u := &v1alpha1.User{}
	Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: user}, u)).To(Succeed())
	return u.Spec.PasswordSecretRef.Name
}

var _ = Describe("POST /password", func() {
	It("ends every login of its user and answers with a new one", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		r.user(ctx, "bob")
		here, there, bob := r.in("alice"), r.in("alice"), r.in("bob")

		a := r.changePassword(here, goodPassword, newPassword)

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		Expect(a.Header.Get("Cache-Control")).To(Equal("no-store"))
		Expect(a.json()).To(And(HaveKeyWithValue("token_type", "bearer"), HaveKeyWithValue("expires_in", BeNumerically("==", 1800)), HaveKey("refresh_token")))
		for _, t := range []tokens{here, there} {
			Expect(get(r.url("/check/role/viewer"), bearer(t.access)...)).To(beADenial(401, "token_revoked"))
		}
		Expect(get(r.url("/check/role/viewer"), bearer(a.text("access_token"))...).Status).To(Equal(http.StatusOK))
		Expect(r.live(bob)).To(BeTrue())
		Expect(r.login("alice", goodPassword).Body).To(Equal(wrongBody))
		Expect(r.login("alice", newPassword).Status).To(Equal(http.StatusOK))
		Expect(r.revocationsOfUsers(ctx)).To(HaveLen(1))
		Expect(r.passwordSecrets(ctx)).To(ContainElements("alice-password"), "a person's Secret stays theirs")

		again := tokens{access: a.text("access_token")}
		Expect(r.changePassword(again, newPassword, goodPassword).Status).To(Equal(http.StatusOK))
		Expect(r.passwordSecrets(ctx)).To(ConsistOf("alice-password", "bob-password", r.secretOf(ctx, "alice")), "what this endpoint made goes")
	})

	It("answers as /token does to a wrong old password, and changes nothing", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice")
		t := r.in("alice")
		written := len(faults.Writes(r.namespace))

		a := r.changePassword(t, "wrong-"+goodPassword, newPassword)

		Expect(a.Status).To(Equal(http.StatusUnauthorized))
		Expect(a.Body).To(Equal(wrongBody))
		Expect(faults.Writes(r.namespace)).To(HaveLen(written))
		Expect(r.live(t)).To(BeTrue())
		Expect(r.login("alice", goodPassword).Status).To(Equal(http.StatusOK))
	})

	It("doesn't overwrite what an administrator has set since the old password was verified", func(ctx SpecContext) {
		r := aRealm(ctx)
		alice := r.user(ctx, "alice")
		verified := &directory.User{Name: "alice", UID: string(alice.UID), PasswordSecret: "alice-password"}
		r.secret(ctx, "alice-by-hand", cheapHash(newPassword))
		alice.Spec.PasswordSecretRef.Name = "alice-by-hand"
		Expect(api.Update(ctx, alice)).To(Succeed())

		err := cluster.Accounts{Store: cluster.New(api, unheard{}, time.Now)}.ReplacePassword(ctx, r.namespace, verified, cheapHash(goodPassword))

		Expect(err).To(MatchError(webhook.ErrConflict))
		Expect(r.secretOf(ctx, "alice")).To(Equal("alice-by-hand"))
		Expect(r.passwordSecrets(ctx)).To(ConsistOf("alice-password", "alice-by-hand"))
	})

	DescribeTable("names the field that is wrong, before it asks for anything else",
		func(ctx SpecContext, body, field string) {
			a := changing(ctx).sendJSON("/password", body, changing(ctx).in("alice"))
			Expect(a.Status).To(Equal(http.StatusUnprocessableEntity), a.Body)
			Expect(a.text("error")).To(Equal("invalid_field"))
			Expect(a.text("error_description")).To(HavePrefix(field + ": "))
			Expect(a.Body).NotTo(ContainSubstring("horse"))
		},
		Entry("no old password", `{"newPassword":"another-horse-battery"}`, "oldPassword"),
		Entry("an empty old password", `{"oldPassword":"","newPassword":"another-horse-battery"}`, "oldPassword"),
		Entry("no new password", `{"oldPassword":"correct-horse-battery"}`, "newPassword"),
		Entry("a null one", `{"oldPassword":"correct-horse-battery","newPassword":null}`, "newPassword"),
		Entry("a short one", `{"oldPassword":"correct-horse-battery","newPassword":"horse"}`, "newPassword"),
		Entry("a short one with a wrong old password", `{"oldPassword":"wrong","newPassword":"horse"}`, "newPassword"),
		Entry("the old one again", `{"oldPassword":"correct-horse-battery","newPassword":"correct-horse-battery"}`, "newPassword"),
		Entry("one with a line break", `{"oldPassword":"correct-horse-battery","newPassword":"another-horse\nbattery"}`, "newPassword"),
	)

	DescribeTable("refuses a body that isn't one plain object (H10)",
		func(ctx SpecContext, body string) {
			a := changing(ctx).sendJSON("/password", body, changing(ctx).in("alice"))
			Expect(a.Status).To(Equal(http.StatusBadRequest), a.Body)
			Expect(a.text("error")).To(Equal("invalid_request"))
		},
		Entry("nothing", ``),
		Entry("a repeated member", `{"oldPassword":"a","oldPassword":"b","newPassword":"another-horse-battery"}`),
		Entry("an unknown member", `{"oldPassword":"a","newPassword":"another-horse-battery","username":"bob"}`),
		Entry("a number", `{"oldPassword":1,"newPassword":"another-horse-battery"}`),
	)

	It("counts as a login of its user's hour", func(ctx SpecContext) {
		r := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Sessions.MaxLoginsPerHour = 1 })
		r.user(ctx, "alice")
		t := r.in("alice")

		a := r.changePassword(t, goodPassword, newPassword)

		Expect(a.Status).To(Equal(http.StatusTooManyRequests))
		Expect(r.live(t)).To(BeTrue(), "nothing was changed")
	})

	It("is for the user alone", func(ctx SpecContext) {
		r := changing(ctx)
		Expect(postForm(r.url("/password"), "").Status).To(Equal(http.StatusUnauthorized))
		Expect(get(r.url("/password"), bearer(r.in("alice").access)...).Header.Get("Allow")).To(Equal("POST"))
	})

	DescribeTable("leaves one password, whatever fails on the way (P16)",
		func(ctx SpecContext, write string, nth int, when controllertest.Moment, changed bool) {
			r := aRealm(ctx)
			r.user(ctx, "alice")
			t := r.in("alice")
			before := len(faults.Writes(r.namespace))
			faults.Fail(r.namespace, before+nth, when)

			a := r.changePassword(t, goodPassword, newPassword)

			Expect(faults.Writes(r.namespace)[before+nth-1]).To(Equal(write), "the fault must have happened there")
			Expect(a.Status).To(Equal(http.StatusServiceUnavailable), a.Body)
			Expect(a.Header.Get("Retry-After")).NotTo(BeEmpty())
			if !changed {
				Expect(r.live(t)).To(BeTrue())
				Expect(r.changePassword(t, goodPassword, newPassword).Status).To(Equal(http.StatusOK))
			}
			Eventually(func() int { return r.login("alice", newPassword).Status }).WithContext(ctx).WithTimeout(20 * time.Second).Should(Equal(http.StatusOK))
			Expect(r.login("alice", goodPassword).Body).To(Equal(wrongBody))
			Expect(r.live(t)).To(BeFalse())
			Expect(r.revocationsOfUsers(ctx)).To(HaveLen(1), "the change is revoked once, by whoever came first")
		},
		Entry("when the new Secret isn't written", "create Secret", 1, controllertest.BeforeWrite, false),
		Entry("when it is written, and the answer lost", "create Secret", 1, controllertest.AfterWrite, false),
		Entry("when the User isn't written", "patch User", 2, controllertest.BeforeWrite, false),
		Entry("when it is written, and the answer lost", "patch User", 2, controllertest.AfterWrite, true),
		Entry("when the RevokedToken isn't written", "create RevokedToken", 3, controllertest.BeforeWrite, true),
		Entry("when it is written, and the answer lost", "create RevokedToken", 3, controllertest.AfterWrite, true),
		Entry("when the new Session isn't written", "create Session", 4, controllertest.BeforeWrite, true),
		Entry("when it is written, and the answer lost", "create Session", 4, controllertest.AfterWrite, true),
	)

	It("says that the password is the new one when only the new login failed", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice")
		t := r.in("alice")
		faults.Fail(r.namespace, len(faults.Writes(r.namespace))+4, controllertest.BeforeWrite)

		Expect(r.changePassword(t, goodPassword, newPassword).text("error_description")).To(ContainSubstring("log in with the new password"))
	})
})

var _ = Describe("POST /users/{name}/password", func() {
	set := func(r realm, name, password string, t tokens) answer {
		GinkgoHelper()
		return r.sendJSON("/users/"+name+"/password", fmt.Sprintf(`{"password":%q}`, password), t)
	}

	It("sets a password and ends every login of that user", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "ada", "admin")
		r.user(ctx, "vera", "viewer")
		admin, vera := r.in("ada"), r.in("vera")

		a := set(r, "vera", newPassword, admin)

		Expect(a.Status).To(Equal(http.StatusNoContent), a.Body)
		Expect(get(r.url("/check/role/viewer"), bearer(vera.access)...)).To(beADenial(401, "token_revoked"))
		Expect(r.live(admin)).To(BeTrue())
		Expect(r.login("vera", newPassword).Status).To(Equal(http.StatusOK))
		Expect(r.login("vera", goodPassword).Body).To(Equal(wrongBody))
		u := &v1alpha1.User{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: "vera"}, u)).To(Succeed())
		Expect(u.Spec.Roles).To(ConsistOf(v1alpha1.GrantableRoleName("viewer")), "nothing else is changed")
		Expect(u.Spec.Email).To(Equal("vera@example.com"))
	})

	It("gives a password to a user who has none", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "ada", "admin")
		u := &v1alpha1.User{}
		u.Namespace, u.Name = r.namespace, "fresh"
		Expect(api.Create(ctx, u)).To(Succeed())

		Expect(set(r, "fresh", newPassword, r.in("ada")).Status).To(Equal(http.StatusNoContent))

		Eventually(func() int { return r.login("fresh", newPassword).Status }).WithContext(ctx).Should(Equal(http.StatusOK))
	})

	It("is for holders of adminRole, about users who exist", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "ada", "admin")
		r.user(ctx, "vera", "viewer")
		admin, vera := r.in("ada"), r.in("vera")

		Expect(set(r, "ada", newPassword, vera)).To(HaveField("Status", http.StatusForbidden))
		Expect(set(r, "ada", newPassword, tokens{access: "junk"})).To(HaveField("Status", http.StatusUnauthorized))
		for _, unknown := range []string{"nobody", "..", "A", ""} {
			Expect(set(r, unknown, newPassword, admin).text("error")).To(Equal("not_found"), unknown)
		}
		Expect(r.sendJSON("/users/vera/password/x", `{}`, admin).Status).To(Equal(http.StatusNotFound))
		Expect(set(r, "vera", "short", admin).text("error_description")).To(HavePrefix("password: "))
		Expect(r.sendJSON("/users/vera/password", `{}`, admin).text("error_description")).To(HavePrefix("password: "))
		Expect(r.sendJSON("/users/vera/password", `{"password":"another-horse-battery","x":1}`, admin).Status).To(Equal(http.StatusBadRequest))
		Expect(r.login("vera", goodPassword).Status).To(Equal(http.StatusOK))
	})

	DescribeTable("leaves one password, whatever fails on the way and is tried again (P16)",
		func(ctx SpecContext, write string, nth int, when controllertest.Moment) {
			r := aRealm(ctx)
			r.user(ctx, "ada", "admin")
			r.user(ctx, "vera")
			admin, vera := r.in("ada"), r.in("vera")
			before := len(faults.Writes(r.namespace))
			faults.Fail(r.namespace, before+nth, when)

			a := set(r, "vera", newPassword, admin)
			Expect(faults.Writes(r.namespace)[before+nth-1]).To(Equal(write), "the fault must have happened there")
			Expect(a.Status).To(Equal(http.StatusServiceUnavailable), a.Body)
			Expect(set(r, "vera", newPassword, admin).Status).To(Equal(http.StatusNoContent))

			Expect(r.live(vera)).To(BeFalse())
			Eventually(func() int { return r.login("vera", newPassword).Status }).WithContext(ctx).WithTimeout(20 * time.Second).Should(Equal(http.StatusOK))
			Expect(r.login("vera", goodPassword).Body).To(Equal(wrongBody))
		},
		Entry("when the new Secret isn't written", "create Secret", 1, controllertest.BeforeWrite),
		Entry("when it is written, and the answer lost", "create Secret", 1, controllertest.AfterWrite),
		Entry("when the User isn't written", "patch User", 2, controllertest.BeforeWrite),
		Entry("when it is written, and the answer lost", "patch User", 2, controllertest.AfterWrite),
		Entry("when the RevokedToken isn't written", "create RevokedToken", 3, controllertest.BeforeWrite),
		Entry("when it is written, and the answer lost", "create RevokedToken", 3, controllertest.AfterWrite),
	)

	It("leaves a created user their password when the answer of the API server was lost (P16)", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "ada", "admin")
		admin := r.in("ada")
		before := len(faults.Writes(r.namespace))
		faults.Fail(r.namespace, before+3, controllertest.AfterWrite)
		body := fmt.Sprintf(`{"username":"new","password":%q}`, goodPassword)

		Expect(r.sendJSON("/users", body, admin).Status).To(Equal(http.StatusServiceUnavailable))
		Expect(faults.Writes(r.namespace)[before:]).To(Equal([]string{"create User", "create Secret", "create User"}))

		Expect(r.sendJSON("/users", body, admin).text("error")).To(Equal("already_exists"))
		Eventually(func() int { return r.login("new", goodPassword).Status }).WithContext(ctx).WithTimeout(20 * time.Second).Should(Equal(http.StatusOK))
	})
})

// changing is a realm in which malformed changes are tried by alice.
func changing(ctx SpecContext) realm {
	GinkgoHelper()
	r := realm{"changing"}
	if get(r.url("/jwks")).Status == http.StatusNotFound {
		newRealm(ctx, r.namespace).user(ctx, "alice")
	}
	return r
}

// unheard is a directory that is told of nothing.
type unheard struct{}

func (unheard) PutUser(*v1alpha1.User)                 {}
func (unheard) ForgetUser(*v1alpha1.User)              {}
func (unheard) PutRevokedToken(*v1alpha1.RevokedToken) {}
