package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/credential"
)

func TestACredentialIsPrintedAsKubectlAsksForIt(t *testing.T) {
	access := credential.Access{Token: "the-token", Expires: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	const v1 = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false},"status":{"expirationTimestamp":"2026-01-02T03:04:05Z","token":"the-token"}}` + "\n"
	for name, c := range map[string]struct {
		info        string
		forced      bool
		want        string
		interactive bool
	}{
		"to a person it is the bare token":          {want: "the-token\n", interactive: true},
		"--exec-credential asks in kubectl's place": {forced: true, want: v1, interactive: true},
		"kubectl that lets nobody be asked":         {info: `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}`, want: v1},
		"kubectl that lets its plugin ask":          {info: `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":true}}`, want: v1, interactive: true},
		"a kubeconfig with the version before": {
			info: `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"interactive":false}}`,
			want: strings.Replace(v1, "/v1", "/v1beta1", 1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := parseExecInfo(c.info, c.forced)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := request.print(&out, access); err != nil || out.String() != c.want {
				t.Errorf("printed %s, %v; want %s", out.String(), err, c.want)
			}
			if request.interactive != c.interactive {
				t.Errorf("a person may be asked: %v", request.interactive)
			}
		})
	}
}

func TestWhatKubectlNeverWritesIsRefused(t *testing.T) {
	for info, want := range map[string]string{
		"nonsense": "KUBERNETES_EXEC_INFO isn't what kubectl writes there",
		`{"kind":"Pod","apiVersion":"client.authentication.k8s.io/v1"}`:                  "KUBERNETES_EXEC_INFO isn't what kubectl writes there",
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1"}`: `kubectl asks in apiVersion "client.authentication.k8s.io/v1alpha1": write apiVersion: client.authentication.k8s.io/v1 in the kubeconfig's exec`,
	} {
		if _, err := parseExecInfo(info, false); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", info, err, want)
		}
	}
}
