package kubernetes_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// person is who has a login of their own, by kubectl latchkey.
type person struct {
	w          *world
	user, home string
}

// logIn gets a token by kubectl latchkey login.
func (p person) logIn(ctx context.Context) string {
	GinkgoHelper()
	return strings.TrimSpace(p.latchkey(ctx, "login", "--password-stdin"))
}

// logOut ends the login by kubectl latchkey logout.
func (p person) logOut(ctx context.Context) {
	GinkgoHelper()
	Expect(p.latchkey(ctx, "logout")).To(HavePrefix("logged out " + p.user))
}

// latchkey runs kubectl latchkey, which kubectl finds on PATH.
func (p person) latchkey(ctx context.Context, command string, flags ...string) string {
	GinkgoHelper()
	kubectl, err := exec.LookPath(p.w.admin.Binary())
	Expect(err).NotTo(HaveOccurred())
	cmd := exec.CommandContext(ctx, kubectl, append([]string{
		"latchkey", command, "--server", p.w.url, "--certificate-authority", p.w.tls.ca, "--username", p.user, "--namespace", stack.Namespace,
	}, flags...)...)
	cmd.Env = append(os.Environ(), "HOME="+p.home, "KUBECONFIG=", fmt.Sprintf("PATH=%s%c%s", bin, os.PathListSeparator, os.Getenv("PATH")))
	cmd.Stdin = strings.NewReader(p.w.passwords[p.user])
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	Expect(err).NotTo(HaveOccurred(), problems.String())
	return string(out)
}
