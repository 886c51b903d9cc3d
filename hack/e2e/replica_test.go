package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// changesAcrossReplicas is how many logins are ended at one replica and watched at another.
const changesAcrossReplicas = 15

var _ = Describe("A second replica", Ordered, func() {
	var second *stack.Server

	BeforeAll(func(ctx context.Context) {
		log, err := os.OpenFile(logFile, os.O_WRONLY|os.O_APPEND, 0o600) // the scan for secrets reads it, too
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(log.Close)
		address, err := stack.FreeAddress()
		Expect(err).NotTo(HaveOccurred())
		second, err = stack.Launch{
			Command: stack.Serve, Binary: binary, Env: env, Dir: filepath.Dir(logFile), Listen: address, ExternalURL: latchkey.URL(),
			Log: log, Flags: []string{"--log-level=debug"},
		}.Start(ctx)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(second.Stop)
	})
	there := func(ctx context.Context, token string) func() (int, error) {
		return func() (int, error) { return stack.Ask(ctx, second.URL()+"/check/role/authenticated", token) }
	}

	It("knows a login of the first, and that it was ended there", func(ctx SpecContext) {
		ines := aUser(ctx, "ines", "viewer")
		var delays []time.Duration
		for range changesAcrossReplicas {
			token := logIn(ctx, ines).Access
			promptly(Eventually(there(ctx, token))).Should(Equal(http.StatusOK))
			code, _ := call(ctx, http.MethodPost, "/logout", token, nil)
			Expect(code).To(Equal(http.StatusOK))
			ended := time.Now()
			Eventually(there(ctx, token)).WithTimeout(patience).WithPolling(time.Microsecond).Should(Equal(http.StatusUnauthorized))
			delays = append(delays, time.Since(ended))
		}
		slices.Sort(delays)
		report := fmt.Sprintf("%d logouts: p50 %s, max %s", len(delays), delays[len(delays)/2].Round(10*time.Microsecond), delays[len(delays)-1].Round(10*time.Microsecond))
		AddReportEntry("from the answer to a logout to the refusal by another replica", report)
		fmt.Println("from the answer to a logout to the refusal by another replica:", report)
	})

	It("logs in a user of the first, whom it forgets when they are deleted there", func(ctx SpecContext) {
		admin := logIn(ctx, samples.Logins["admin"]).Access
		ivo := stack.Login{User: "ivo", Password: stack.RandomPassword()}
		secrets.add("password of ivo", ivo.Password)
		code, answer := call(ctx, http.MethodPost, "/users", admin, map[string]any{"username": ivo.User, "password": ivo.Password})
		Expect(code).To(Equal(http.StatusCreated), answer)
		var tokens stack.Tokens
		Eventually(func() (err error) { // until its watch has told it of the user
			tokens, err = stack.NewClient(second.URL()).Login(ctx, ivo)
			return err
		}).WithTimeout(patience).Should(Succeed())
		secrets.addToken("access token of ivo", tokens.Access)
		Expect(there(ctx, tokens.Access)()).To(Equal(http.StatusOK))

		code, _ = call(ctx, http.MethodDelete, "/users/ivo", admin, nil)
		Expect(code).To(Equal(http.StatusNoContent))
		promptly(Eventually(there(ctx, tokens.Access))).Should(Equal(http.StatusUnauthorized))
	})
})
