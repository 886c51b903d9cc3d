package webhook_test

import (
	"encoding/json"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// audited are the audit lines of a realm so far, but for logins.
func (r realm) audited() []map[string]any {
	GinkgoHelper()
	var lines []map[string]any
	for line := range strings.Lines(string(logged.Contents())) {
		m := map[string]any{}
		Expect(json.Unmarshal([]byte(line), &m)).To(Succeed(), line)
		if m["msg"] == "audit" && m["realm"] == r.namespace && m["event"] != "login" {
			for _, common := range []string{"time", "level", "msg", "realm", "request", "client"} {
				Expect(m).To(HaveKey(common))
				delete(m, common)
			}
			lines = append(lines, m)
		}
	}
	return lines
}

var _ = Describe("The audit log", func() {
	It("says who ended which login, and who changed whose password", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "ada", "admin")
		r.user(ctx, "vera")
		admin, here, there := r.in("ada"), r.in("vera"), r.in("vera")

		Expect(r.end("/sessions/"+sid(there), here).Status).To(Equal(http.StatusNoContent))
		Expect(r.end("/sessions", here).Status).To(Equal(http.StatusNoContent))
		Expect(r.sendJSON("/users/vera/password", `{"password":"another-horse-battery"}`, admin).Status).To(Equal(http.StatusNoContent))
		Expect(r.changePassword(admin, "wrong-"+goodPassword, newPassword).Status).To(Equal(http.StatusUnauthorized))
		Expect(r.changePassword(admin, goodPassword, newPassword).Status).To(Equal(http.StatusOK))

		Expect(r.audited()).To(Equal([]map[string]any{
			{"event": "session_ended", "user": "vera", "sid": sid(there), "by": sid(here)},
			{"event": "signed_out_everywhere", "user": "vera", "sid": sid(here)},
			{"event": "password_changed", "user": "vera", "by": "ada"},
			{"event": "login_refused", "user": "ada", "reason": "invalid_grant"},
			{"event": "password_changed", "user": "ada", "by": "ada"},
		}))
		Expect(string(logged.Contents())).NotTo(ContainSubstring("horse"), "no password is logged")
		Expect(get(opsURL + "/metrics").Body).To(ContainSubstring(`latchkey_introspections_total{active="false"}`))
	})
})
