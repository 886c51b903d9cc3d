package replicas_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// patience is how long a change may take on a machine that is busy with other things.
const patience = 60 * time.Second

// at is a client of the i-th replica, counting from 1.
func at(i int) stack.Client { return stack.NewClient(serving[i-1].URL()) }

// logIn logs the first user in at a replica.
func logIn(ctx context.Context, replica int) stack.Tokens {
	GinkgoHelper()
	tokens, err := at(replica).Login(ctx, users[0])
	Expect(err).NotTo(HaveOccurred())
	return tokens
}

// refresh presents a refresh token at a replica, which accepts it.
func refresh(ctx context.Context, replica int, tokens stack.Tokens) stack.Tokens {
	GinkgoHelper()
	next, err := at(replica).Refresh(ctx, tokens.Refresh)
	Expect(err).NotTo(HaveOccurred())
	Expect(next.Access).NotTo(Equal(tokens.Access))
	Expect(next.Refresh).NotTo(Equal(tokens.Refresh))
	return next
}

// everyReplica is what each replica says of an access token, as soon as it has heard.
func everyReplica(ctx context.Context, access string, want int) {
	GinkgoHelper()
	for i := range serving {
		Eventually(at(i+1).Check).WithArguments(ctx, access).WithTimeout(patience).WithPolling(time.Millisecond).
			Should(Equal(want), "replica-%d", i+1)
	}
}

// refusedAtOnce says that no replica accepts an access token at this moment.
func refusedAtOnce(ctx context.Context, access string) {
	GinkgoHelper()
	for i := range serving {
		Expect(at(i+1).Check(ctx, access)).To(Equal(http.StatusUnauthorized), "replica-%d", i+1)
	}
}

// refreshRefused says that a replica refuses a refresh token, as RFC 6749 section 5.2 has it.
func refreshRefused(ctx context.Context, replica int, tokens stack.Tokens) error {
	_, err := at(replica).Refresh(ctx, tokens.Refresh)
	var refused *stack.RefusedError
	switch {
	case !errors.As(err, &refused):
		return fmt.Errorf("replica-%d doesn't refuse: %w", replica, err)
	case refused.Status != http.StatusBadRequest || !strings.Contains(refused.Body, `"invalid_grant"`):
		return fmt.Errorf("replica-%d refuses in another way: %w", replica, err)
	default:
		return nil
	}
}

// claims reads the claims of an access token, unverified.
func claims(access string) (c struct {
	ID        string `json:"jti"`
	SessionID string `json:"sid"`
}) {
	GinkgoHelper()
	parts := strings.Split(access, ".")
	Expect(parts).To(HaveLen(3))
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	Expect(err).NotTo(HaveOccurred())
	Expect(json.Unmarshal(payload, &c)).To(Succeed())
	Expect(c.SessionID).NotTo(BeEmpty())
	return c
}

// k runs kubectl in the realm's namespace.
func k(ctx context.Context, arguments ...string) string {
	GinkgoHelper()
	out, err := kubectl.Run(ctx, append([]string{"-n", stack.Namespace}, arguments...)...)
	Expect(err).NotTo(HaveOccurred())
	return out
}

// revocationOf is a JSONPath of kubectl get lkrevoked: a field of what revokes a login.
func revocationOf(access, field string) string {
	return fmt.Sprintf(`jsonpath={.items[?(@.spec.sessionID==%q)].%s}`, claims(access).SessionID, field)
}
