package install_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// marker stands before the commands that this test runs, in a page.
const marker = "<!-- run by hack/install -->"

var marked = regexp.MustCompile("(?s)" + marker + "\n+```sh\n(.*?)\n```")

// commandsOf are the commands of a page, or nothing where it shows none.
func commandsOf(page ...string) string {
	text, err := os.ReadFile(filepath.Join(append([]string{testenv.Root()}, page...)...))
	Expect(err).NotTo(HaveOccurred())
	found := marked.FindStringSubmatch(string(text))
	if found == nil {
		return ""
	}
	return found[1]
}

// statements takes commands apart where a comment numbers them.
func statements(commands string) []string {
	parts := regexp.MustCompile(`(?m)^# \d+\. .*\n`).Split(commands, -1)
	Expect(parts[0]).To(BeEmpty(), "something stands before the first number")
	return parts[1:]
}

// instead is what a command's comment says can be typed instead.
func instead(command string) string {
	found := regexp.MustCompile(`(?m)^# or: (.*)$`).FindStringSubmatch(command)
	Expect(found).NotTo(BeNil(), command)
	return found[1]
}

// throughIngress has requests to the external URL arrive at address, where an Ingress would bring them.
func throughIngress(script, address string) string {
	return strings.ReplaceAll(script, "https://auth.example.com/", "http://"+address+"/")
}
