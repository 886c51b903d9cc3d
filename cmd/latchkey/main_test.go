package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/latchkey-auth/latchkey/webhook/password"
)

// execute runs the command line args with in as standard input.
func execute(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	cmd := root()
	var out bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(in))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(context.Background())
	return out.String(), err
}

func TestHashPasswordPrintsAHashOfTheLineItReads(t *testing.T) {
	out, err := execute(t, "correct-horse-battery\n", "hash-password")
	if err != nil {
		t.Fatal(err)
	}
	hash, err := password.Parse(strings.TrimSpace(out))
	if err != nil || !hash.Verify("correct-horse-battery") {
		t.Errorf("%v: the hash does not hold for the password", err)
	}
	if hash.Weaker(password.Default()) {
		t.Error("the hash is weaker than the default")
	}
}

func TestHashPasswordRefusesWhatLatchkeyWouldRefuse(t *testing.T) {
	for name, in := range map[string]string{"a short password": "short\n", "nothing": "", "a control character": "correct\thorse-battery\n"} {
		out, err := execute(t, in, "hash-password")
		if err == nil || strings.Contains(out, "$argon2id$") {
			t.Errorf("%s is hashed", name)
		}
	}
}

func TestAWrongConfigurationEndsWithOneClearLine(t *testing.T) {
	t.Setenv("POD_NAMESPACE", "")
	broken := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(broken, []byte("not: [a kubeconfig"), 0o600); err != nil {
		t.Fatal(err)
	}
	sound := []string{"--namespace=latchkey", "--external-url=https://auth.example.com", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0"}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no namespace outside of a Pod":         {[]string{"serve", "--external-url=https://auth.example.com"}, "--namespace is required"},
		"no external URL":                       {[]string{"serve", "--namespace=latchkey"}, "--external-url is required"},
		"an external URL without a scheme":      {[]string{"run", "--namespace=latchkey", "--external-url=auth.example.com"}, "--external-url is required"},
		"an external URL with a query":          {[]string{"run", "--namespace=latchkey", "--external-url=https://auth.example.com?x=y"}, "--external-url is required"},
		"an unknown log level":                  {append([]string{"run", "--log-level=loud"}, sound...), "--log-level is info or debug"},
		"an unknown flag":                       {[]string{"run", "--colour"}, "unknown flag: --colour"},
		"an unknown command":                    {[]string{"walk"}, `unknown command "walk"`},
		"an argument too many":                  {append([]string{"run", "now"}, sound...), "unknown command"},
		"a negative bound":                      {append([]string{"run", "--max-connections=-1"}, sound...), "can't be negative"},
		"a replica name that no Lease can have": {append([]string{"serve", "--replica-name=Replica_1"}, sound...), "--replica-name has at most 63"},
		"a staleness that renewals can't keep":  {append([]string{"serve", "--max-staleness=3s"}, sound...), "--max-staleness is 0 or at least 5s"},
		"a negative staleness":                  {append([]string{"run", "--max-staleness=-1m"}, sound...), "--max-staleness is 0 or at least 5s"},
		"a certificate without its key":         {append([]string{"serve", "--tls-cert-file=x"}, sound...), "go together"},
		"a kubeconfig that isn't one":           {append([]string{"serve", "--kubeconfig=" + broken}, sound...), "find the API server"},
		"a trusted proxy that isn't one":        {append([]string{"serve", "--trusted-proxies=10.0.0.0/8,ingress"}, sound...), `--trusted-proxies: write networks and addresses such as 10.244.0.0/16 or 192.0.2.7, not "ingress"`},
		"everybody as a trusted proxy":          {append([]string{"serve", "--trusted-proxies=0.0.0.0/0"}, sound...), "--trusted-proxies: \"0.0.0.0/0\" is everybody"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := execute(t, "", test.args...)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%v does not say %q", err, test.want)
			}
			if out != "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q, %q", out, err)
			}
		})
	}
}

func TestEveryFlagSaysWhatItIsFor(t *testing.T) {
	sentence := regexp.MustCompile(`^.{20,}$`)
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !sentence.MatchString(f.Usage) {
				t.Errorf("%s --%s: %q", c.Name(), f.Name, f.Usage)
			}
		})
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root())
}

func TestVersionNamesTheProduct(t *testing.T) {
	out, err := execute(t, "", "version")
	if err != nil || !strings.HasPrefix(out, "latchkey ") {
		t.Errorf("%q, %v", out, err)
	}
}
