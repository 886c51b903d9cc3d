package kubernetes_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// logIn logs a user in and returns the access token, as soon as their password is hashed.
func (w *world) logIn(ctx context.Context, user string) string {
	GinkgoHelper()
	form := url.Values{"grant_type": {"password"}, "username": {user}, "password": {w.passwords[user]}}
	var tokens stack.Tokens
	Eventually(func() (int, error) {
		return w.post(ctx, "/token", "", form, &tokens)
	}).WithContext(ctx).WithTimeout(patience).Should(Equal(http.StatusOK))
	return tokens.Access
}

// logOut ends the login that a token belongs to.
func (w *world) logOut(ctx context.Context, token string) {
	GinkgoHelper()
	Expect(w.post(ctx, "/logout", token, nil, &struct{}{})).To(Equal(http.StatusOK))
}

func (w *world) post(ctx context.Context, path, bearer string, form url.Values, into any) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := w.tls.client().Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode, json.NewDecoder(response.Body).Decode(into)
}

// kubectl is kubectl of who has a token.
func (w *world) kubectl(token string) stack.Kubectl {
	GinkgoHelper()
	content := clientcmdapi.NewConfig()
	content.Clusters["test"] = &clientcmdapi.Cluster{Server: w.env.Config.Host, CertificateAuthorityData: w.env.Config.CAData}
	content.AuthInfos["test"] = &clientcmdapi.AuthInfo{Token: token}
	content.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "test"}
	content.CurrentContext = "test"
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(clientcmd.WriteToFile(*content, file)).To(Succeed())
	kubectl, err := stack.NewKubectl(file)
	Expect(err).NotTo(HaveOccurred())
	return kubectl
}

// whoAmI is what the API server knows who has a token as.
func (w *world) whoAmI(ctx context.Context, token string) (authenticationv1.UserInfo, error) {
	config := rest.AnonymousClientConfig(w.env.Config)
	config.BearerToken, config.QPS = token, -1
	as, err := authenticationclient.NewForConfig(config)
	if err != nil {
		return authenticationv1.UserInfo{}, err
	}
	review, err := as.SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return authenticationv1.UserInfo{}, err
	}
	return review.Status.UserInfo, nil
}

// loggedOut is what kubectl says to who has a token that the API server doesn't take.
const loggedOut = "You must be logged in to the server"

// letGroup lets a group read pods in the namespace demo, by RBAC.
func (w *world) letGroup(ctx context.Context, group string) {
	GinkgoHelper()
	name := metav1.ObjectMeta{Namespace: "demo", Name: "pod-reader"}
	for _, o := range []client.Object{
		&rbacv1.Role{ObjectMeta: name, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}}}},
		&rbacv1.RoleBinding{
			ObjectMeta: name, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name.Name},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: group}},
		},
	} {
		Expect(w.env.Client.Create(ctx, o)).To(Succeed())
	}
}

// listing is what kubectl of who has a token says to listing something in demo.
func (w *world) listing(ctx context.Context, token, what string) string {
	GinkgoHelper()
	out, err := w.kubectl(token).Run(ctx, "get", what, "-n", "demo", "-o", "name")
	if err != nil {
		return fmt.Sprint(err)
	}
	return out
}

// claims are what a token says of itself.
func claims(token string) map[string]any {
	GinkgoHelper()
	segments := strings.Split(token, ".")
	Expect(segments).To(HaveLen(3))
	text, err := base64.RawURLEncoding.DecodeString(segments[1])
	Expect(err).NotTo(HaveOccurred())
	said := map[string]any{}
	Expect(json.Unmarshal(text, &said)).To(Succeed())
	return said
}

func claim(token, name string) string { return claims(token)[name].(string) }

// audiences are the aud of a token, which is a text where there is one.
func audiences(token string) []any {
	if list, several := claims(token)["aud"].([]any); several {
		return list
	}
	return []any{claims(token)["aud"]}
}
