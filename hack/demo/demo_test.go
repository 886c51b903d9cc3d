package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/proxy"
)

// stage is where the tests play: a built demo and a folder for it.
type stage struct{ binary, dir string }

// newStage builds the demo, or skips where this machine has no proxy for it.
func newStage(t *testing.T) stage {
	_, noNginx := proxy.Nginx.Find()
	_, noCaddy := proxy.Caddy.Find()
	if noNginx != nil && noCaddy != nil {
		if os.Getenv("REQUIRE_PROXIES") == "1" {
			t.Fatal(errors.Join(noNginx, noCaddy))
		}
		t.Skip(errors.Join(noNginx, noCaddy))
	}
	s := stage{binary: filepath.Join(t.TempDir(), "demo"), dir: filepath.Join(t.TempDir(), "demo folder")}
	if out, err := exec.Command("go", "build", "-o", s.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Cleanup(func() { s.run("", "stop") })
	return s
}

// run runs the demo with variables (NAME=value, space-separated) and returns what it said.
func (s stage) run(variables string, args ...string) (string, error) {
	cmd := exec.Command(s.binary, args...)
	cmd.Env = append(append(os.Environ(), "DEMO_DIR="+s.dir), strings.Fields(variables)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// shell runs a script that has sourced .demo/env.
func (s stage) shell(ctx context.Context, script string) (string, error) {
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -eu; . \"$DEMO_DIR/env\"\n"+script)
	cmd.Env = append(os.Environ(), "DEMO_DIR="+s.dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// paste runs the commands that the demo printed, one after the other, and checks what they say of
// themselves.
func (s stage) paste(t *testing.T, said string) string {
	t.Helper()
	g := NewWithT(t)
	commands := regexp.MustCompile(`(?m)^  (curl|LOGIN|TOKEN|REFRESH|kubectl|/).*$`).FindAllString(said, -1)
	g.Expect(commands).To(HaveLen(13))
	answers, err := s.shell(t.Context(), strings.Join(commands, "\n"))
	g.Expect(err).NotTo(HaveOccurred(), answers)
	g.Expect(regexp.MustCompile(`(?m)^HTTP/1.1 \d+`).FindAllString(answers, -1)).To(Equal([]string{"HTTP/1.1 401", "HTTP/1.1 200", "HTTP/1.1 401"}), answers)
	g.Expect(answers).To(And(ContainSubstring("X-Auth-Request-User: "), ContainSubstring(`"refresh_token":`), ContainSubstring(`"sessions":`)))
	g.Expect(answers).To(And(ContainSubstring("Successfully logged out"), ContainSubstring("condition met")))
	return answers
}

// processes are the running processes that were started by the demo: their command lines, or their
// environment, name its folder.
func (s stage) processes() []string {
	var found []string
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range all {
		line, _ := os.ReadFile(filepath.Join(process, "cmdline"))
		environment, _ := os.ReadFile(filepath.Join(process, "environ"))
		if len(line) > 0 && (bytes.Contains(line, []byte(s.dir)) || bytes.Contains(environment, []byte("DEMO_DIR="+s.dir+"\x00"))) {
			found = append(found, filepath.Base(process)+" "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

func TestTheDemoKeepsItsPromises(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t)

	said, err := s.run("DEMO_DETACH=1")
	g.Expect(err).NotTo(HaveOccurred(), said)

	t.Log(said)
	for file, mode := range map[string]os.FileMode{".": 0o700, "env": 0o600, "kubeconfig": 0o600, "latchkey.log": 0o600} {
		info, err := os.Stat(filepath.Join(s.dir, file))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(info.Mode().Perm()).To(Equal(mode), file)
	}
	environment, err := os.ReadFile(filepath.Join(s.dir, "env"))
	g.Expect(err).NotTo(HaveOccurred())
	for _, name := range strings.Fields(`KUBECONFIG LATCHKEY_NAMESPACE LATCHKEY_URL LATCHKEY_OPS_URL LATCHKEY_URLS LATCHKEY_OPS_URLS
		APP_URL APP_PAGE ACCOUNT_PAGE ADMIN_USER ADMIN_PASSWORD EDITOR_USER EDITOR_PASSWORD VIEWER_USER VIEWER_PASSWORD`) {
		g.Expect(string(environment)).To(MatchRegexp("(?m)^export " + name + "=.+$"))
	}

	t.Run("in a browser", func(t *testing.T) { s.browse(t, said) })
	answers := s.paste(t, said)
	g.Expect(answers).To(MatchRegexp(`logged out .*1/1`), "the one replica has confirmed the logout")
	g.Expect(answers).To(And(ContainSubstring("user.auth.latchkey.dev/"), ContainSubstring("realm.auth.latchkey.dev/")))
	g.Eventually(func() string {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		return string(log)
	}).WithTimeout(30 * time.Second).Should(MatchRegexp(`(?m)^\d\d:\d\d:\d\d login .*user=`))

	said, err = s.run("DEMO_DETACH=1")
	g.Expect(err).To(MatchError(ContainSubstring("exit status 1")), said)
	g.Expect(said).To(ContainSubstring("a demo is running already"))

	said, err = s.run("", "stop")
	g.Expect(err).NotTo(HaveOccurred(), said)
	g.Expect(s.dir).NotTo(BeADirectory())
	g.Eventually(s.processes).WithTimeout(30 * time.Second).Should(BeEmpty()) // the last one gives up the folder and ends
	said, err = s.run("", "stop")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(said).To(ContainSubstring("no demo is running"))
}

func TestADemoThatIsKilledTakesItsReplicasAlong(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a process to the life of another")
	}
	g := NewWithT(t)
	s := newStage(t)
	said, err := s.run("DEMO_DETACH=1 DEMO_REPLICAS=3")
	g.Expect(err).NotTo(HaveOccurred(), said)
	g.Expect(s.paste(t, said)).To(MatchRegexp(`logged out .*3/3`), "three replicas have confirmed the logout")
	answers, err := s.shell(t.Context(), `
		for url in $LATCHKEY_OPS_URLS; do curl -sf $url/readyz; done
		for url in $LATCHKEY_URLS; do
			curl -sf $url/token -d grant_type=password -d username=$EDITOR_USER -d password=$EDITOR_PASSWORD -o /dev/null -w '%{http_code}\n'
		done`)
	g.Expect(err).NotTo(HaveOccurred(), answers)
	g.Expect(strings.Fields(answers)).To(Equal([]string{"ok", "ok", "ok", "200", "200", "200"}))
	log, err := os.ReadFile(filepath.Join(s.dir, "latchkey.log"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(log)).NotTo(ContainSubstring("is forbidden"), "each half has the rights that it needs")
	pid, err := runningPID(s.dir)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(len(s.processes())).To(BeNumerically(">=", 8), fmt.Sprint(s.processes())) // the demo, etcd, kube-apiserver, a controller, 3 serving, a proxy

	g.Expect(syscall.Kill(pid, syscall.SIGKILL)).To(Succeed())

	g.Eventually(s.processes).WithTimeout(30 * time.Second).Should(BeEmpty())
	said, err = s.run("", "stop") // tidies up what is left
	g.Expect(err).NotTo(HaveOccurred(), said)
	g.Expect(s.dir).NotTo(BeADirectory())
}
