package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientauthenticationv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/credential"
)

// execInfo is the environment variable by which kubectl asks for a credential.
const execInfo = "KUBERNETES_EXEC_INFO"

// execRequest is how a token is wanted.
type execRequest struct {
	apiVersion  string // of the ExecCredential to print; "": the bare token
	fromKubectl bool
	interactive bool // a person may be asked
}

// execVersions are those of client.authentication.k8s.io that look alike, in what is used of them.
var execVersions = map[string]bool{
	clientauthenticationv1.SchemeGroupVersion.String(): true,
	"client.authentication.k8s.io/v1beta1":             true,
}

// parseExecInfo reads what kubectl says in the environment; "": nothing. Without kubectl a person may be asked.
func parseExecInfo(info string, forced bool) (execRequest, error) {
	if info == "" {
		r := execRequest{interactive: true}
		if forced {
			r.apiVersion = clientauthenticationv1.SchemeGroupVersion.String()
		}
		return r, nil
	}
	var asked clientauthenticationv1.ExecCredential
	if json.Unmarshal([]byte(info), &asked) != nil || asked.Kind != "ExecCredential" {
		return execRequest{}, errors.New(execInfo + " isn't what kubectl writes there")
	}
	if !execVersions[asked.APIVersion] {
		return execRequest{}, fmt.Errorf("kubectl asks in apiVersion %q: write apiVersion: %s in the kubeconfig's exec",
			asked.APIVersion, clientauthenticationv1.SchemeGroupVersion)
	}
	return execRequest{apiVersion: asked.APIVersion, fromKubectl: true, interactive: asked.Spec.Interactive}, nil
}

// print writes a token as it was asked for.
func (r execRequest) print(w io.Writer, access credential.Access) error {
	if r.apiVersion == "" {
		_, err := io.WriteString(w, string(access.Token)+"\n")
		return err
	}
	return json.NewEncoder(w).Encode(clientauthenticationv1.ExecCredential{
		TypeMeta: metav1.TypeMeta{APIVersion: r.apiVersion, Kind: "ExecCredential"},
		Status: &clientauthenticationv1.ExecCredentialStatus{
			Token: string(access.Token), ExpirationTimestamp: &metav1.Time{Time: access.Expires},
		},
	})
}
