package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// Namespace is where config/default installs Latchkey; it is the default realm, too.
const Namespace = "latchkey"

// The ServiceAccounts of config/rbac, and one with the rights of all for a process that is all in one.
const (
	controllerAccount = "latchkey-controller"
	serveAccount      = "latchkey-serve"
	kubernetesAccount = "latchkey-kubernetes"
	allInOneAccount   = "latchkey-run"
)

// account is the ServiceAccount whose rights c runs with.
func (c Command) account() string {
	switch c {
	case Controller:
		return controllerAccount
	case Serve:
		return serveAccount
	case Kubernetes:
		return kubernetesAccount
	default:
		return allInOneAccount
	}
}

// identityLifetime outlives every demo, so that nothing has to renew the token of a process.
const identityLifetime = 30 * 24 * 3600 // seconds

// Install applies what config/default gives Latchkey in a cluster, but for what needs nodes: the
// namespace, its rights there and elsewhere, and the realm.
func Install(ctx context.Context, kubectl Kubectl) error {
	rendered, err := kubectl.Render(ctx, "config", "default")
	if err != nil {
		return err
	}
	realm, err := os.ReadFile(filepath.Join(testenv.Root(), "config", "realm", "realm.yaml"))
	if err != nil {
		return err
	}
	objects, err := decode(rendered + "---\n" + string(realm))
	if err != nil {
		return fmt.Errorf("read config/default: %w", err)
	}
	wanted := []string{"Namespace", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Realm"}
	objects = slices.DeleteFunc(objects, func(o unstructured.Unstructured) bool { return !slices.Contains(wanted, o.GetKind()) })
	for _, o := range objects {
		if o.GetKind() == "Realm" {
			o.SetNamespace(Namespace)
		}
		if err := alsoForAllInOne(o); err != nil {
			return err
		}
	}
	objects = append(objects, unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ServiceAccount",
		"metadata": map[string]any{"namespace": Namespace, "name": allInOneAccount},
	}})
	manifests, err := encode(objects)
	if err != nil {
		return err
	}
	return kubectl.Apply(ctx, manifests)
}

// alsoForAllInOne adds allInOneAccount to a binding of one of the accounts.
func alsoForAllInOne(binding unstructured.Unstructured) error {
	subjects, found, err := unstructured.NestedSlice(binding.Object, "subjects")
	if err != nil {
		return fmt.Errorf("read %s %q: %w", binding.GetKind(), binding.GetName(), err)
	}
	if !found {
		return nil
	}
	added := map[string]any{"kind": "ServiceAccount", "namespace": Namespace, "name": allInOneAccount}
	return unstructured.SetNestedSlice(binding.Object, append(subjects, added), "subjects")
}

// kubeconfig writes a kubeconfig file for account, which reaches the API server by its URL: a process
// that uses it has the rights that RBAC gives that account, and no others.
func kubeconfig(ctx context.Context, env *testenv.Environment, url, account, dir string) (string, error) {
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(int64(identityLifetime))}}
	subject := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: account}}
	if err := env.Client.SubResource("token").Create(ctx, subject, request); err != nil {
		return "", fmt.Errorf("request a token for ServiceAccount %q: %w", account, err)
	}
	const name = "latchkey"
	content := clientcmdapi.NewConfig()
	content.Clusters[name] = &clientcmdapi.Cluster{Server: url, CertificateAuthorityData: env.Config.CAData}
	content.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: request.Status.Token}
	content.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name, Namespace: Namespace}
	content.CurrentContext = name
	file := filepath.Join(dir, account+".kubeconfig")
	if err := clientcmd.WriteToFile(*content, file); err != nil { // mode 0600
		return "", fmt.Errorf("write kubeconfig: %w", err)
	}
	return file, nil
}
