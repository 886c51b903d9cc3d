// Package uninstall_test runs uninstall.sh on a real API server that has all of config/default, with the
// real processes and without.
package uninstall_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestUninstall(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(30 * time.Second)
	EnforceDefaultTimeoutsWhenUsingContexts()
	RunSpecs(t, "Uninstalling")
}

var (
	env        *testenv.Environment
	api        client.Client
	kubectl    stack.Kubectl
	kubeconfig string
)

var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	env, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	api = env.Client
	kubeconfig = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(kubeconfig, env.Kubeconfig(), 0o600)).To(Succeed())
	kubectl, err = stack.NewKubectl(kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	// Opened in this process, since the test cache doesn't see what kubectl and bash read.
	Expect(fs.WalkDir(os.DirFS(".."), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			_, err = os.ReadFile(filepath.Join("..", path))
		}
		return err
	})).To(Succeed())
})

// installed are the objects of config/default, and of another realm.
func installed(ctx context.Context) []*unstructured.Unstructured {
	GinkgoHelper()
	var objects []*unstructured.Unstructured
	for _, folder := range [][]string{{"config", "default"}, {"config", "testdata", "team-a"}} {
		manifests, err := kubectl.Render(ctx, folder...)
		Expect(err).NotTo(HaveOccurred())
		decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifests), 4096)
		for {
			o := &unstructured.Unstructured{}
			if decoder.Decode(&o.Object) != nil {
				break
			}
			objects = append(objects, o)
		}
	}
	Expect(len(objects)).To(BeNumerically(">", 20))
	return objects
}

// install applies them.
func install(ctx context.Context) {
	GinkgoHelper()
	teamA := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}
	Expect(client.IgnoreAlreadyExists(api.Create(ctx, teamA))).To(Succeed())
	for _, o := range installed(ctx) {
		Eventually(func() error { // a Realm, once its CRD is served
			return api.Patch(ctx, o.DeepCopy(), client.Apply, client.FieldOwner("test"), client.ForceOwnership) //nolint:staticcheck // typed apply configurations don't exist for what was rendered
		}).WithContext(ctx).Should(Succeed(), o.GetKind()+" "+o.GetName())
	}
	for _, kind := range kinds {
		Eventually(func() error { return api.List(ctx, list(kind)) }).WithContext(ctx).Should(Succeed(), kind)
	}
}

var kinds = []string{"Realm", "Role", "User", "Session", "RevokedToken"}

func list(kind string) *unstructured.UnstructuredList {
	l := &unstructured.UnstructuredList{}
	l.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind + "List"))
	return l
}

// plant makes an object of every kind, a Session with others' finalizers beside ours, and Secrets.
func plant(ctx context.Context, namespace string) {
	GinkgoHelper()
	user := v1alpha1.SessionUser{Name: "ann", UID: "uid-ann"}
	session := func(name string, finalizers ...string) *v1alpha1.Session {
		return &v1alpha1.Session{
			ObjectMeta: metav1.ObjectMeta{Name: name, Finalizers: finalizers},
			Spec:       v1alpha1.SessionSpec{User: user, ExpiresAt: metav1.NewTime(time.Now().Add(time.Hour).UTC())},
		}
	}
	secret := func(name string, kind corev1.SecretType, labels map[string]string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Type: kind}
	}
	for _, o := range []client.Object{
		&v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Name: "ann"}},
		&v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Name: "reader"}},
		&v1alpha1.RevokedToken{ObjectMeta: metav1.ObjectMeta{Name: "lost"}, Spec: v1alpha1.RevokedTokenSpec{SessionID: "lost"}},
		session("s1", v1alpha1.SessionFinalizer), session("s2", v1alpha1.SessionFinalizer), session("s3"),
		secret("by-http", v1alpha1.PasswordSecretType, map[string]string{v1alpha1.ManagedByLabel: v1alpha1.ManagedByLatchkey}),
		secret("by-hand", v1alpha1.PasswordSecretType, nil),
		secret("somebody-elses", corev1.SecretTypeOpaque, nil),
	} {
		o.SetNamespace(namespace)
		Expect(client.IgnoreAlreadyExists(api.Create(ctx, o))).To(Succeed())
	}
}

// uninstall runs the script, and returns what it said.
func uninstall(ctx context.Context, arguments ...string) (string, error) {
	GinkgoHelper()
	command := exec.CommandContext(ctx, "./uninstall.sh", append([]string{"--timeout=60"}, arguments...)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "KUBECTL="+kubectl.Binary())
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err := command.Run()
	AddReportEntry("uninstall.sh "+strings.Join(arguments, " "), said.String(), ReportEntryVisibilityFailureOrVerbose)
	return said.String(), err
}

// expectNothing holds that all of Latchkey is gone, and what isn't Latchkey's isn't.
func expectNothing(ctx context.Context) {
	GinkgoHelper()
	for _, o := range installed(ctx) {
		if o.GetKind() == "Namespace" {
			continue
		}
		err := api.Get(ctx, client.ObjectKeyFromObject(o), o)
		Expect(apierrors.IsNotFound(err) || isNoMatch(err)).To(BeTrue(), "%s %s/%s: %v", o.GetKind(), o.GetNamespace(), o.GetName(), err)
	}
	crds, err := kubectl.Run(ctx, "get", "crd", "--output=name")
	Expect(err).NotTo(HaveOccurred())
	Expect(crds).NotTo(ContainSubstring(v1alpha1.GroupName))
	leases, err := kubectl.Run(ctx, "get", "leases", "--namespace", stack.Namespace, "--output=name")
	Expect(err).NotTo(HaveOccurred())
	Expect(leases).To(BeEmpty())
	secrets := &corev1.SecretList{}
	Expect(api.List(ctx, secrets)).To(Succeed())
	for _, s := range secrets.Items {
		Expect(s.Type).NotTo(BeEquivalentTo(v1alpha1.SigningKeysSecretType))
		Expect(s.Labels).NotTo(HaveKey(v1alpha1.ManagedByLabel))
	}
	for _, kept := range []string{"by-hand", "somebody-elses"} {
		Expect(api.Get(ctx, client.ObjectKey{Namespace: "team-a", Name: kept}, &corev1.Secret{})).To(Succeed())
	}
}

// isNoMatch tells that the API server doesn't know the kind any more.
func isNoMatch(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "no matches for kind") || strings.Contains(err.Error(), "could not find the requested resource"))
}

// aPod stands for a component's process: it goes when its Deployment does, after the process.
func aPod(ctx context.Context, component string, process *stack.Server) {
	GinkgoHelper()
	yes, no, nobody := true, false, int64(65532)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: component, Labels: map[string]string{
			"app.kubernetes.io/name": "latchkey", "app.kubernetes.io/component": component,
		}},
		Spec: corev1.PodSpec{
			ServiceAccountName: "latchkey-" + component,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, RunAsUser: &nobody, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{Name: component, Image: "latchkey", SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}}},
		},
	}
	Expect(api.Create(ctx, pod)).To(Succeed())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer GinkgoRecover()
		deployment := &unstructured.Unstructured{}
		deployment.SetAPIVersion("apps/v1")
		deployment.SetKind("Deployment")
		Eventually(func() error {
			return api.Get(ctx, types.NamespacedName{Namespace: stack.Namespace, Name: "latchkey-" + component}, deployment)
		}).WithContext(ctx).WithTimeout(2 * time.Minute).Should(MatchError(apierrors.IsNotFound, "deleted"))
		process.Stop()
		Expect(api.Delete(ctx, pod, client.GracePeriodSeconds(0))).To(Succeed())
	}()
	DeferCleanup(func() {
		process.Stop()
		<-ended
	})
}

// launch starts a process of Latchkey, as its Deployment would.
func launch(ctx context.Context, binary, dir string, command stack.Command, externalURL string) *stack.Server {
	GinkgoHelper()
	l := stack.Launch{Command: command, Binary: binary, Env: env, Dir: dir, ExternalURL: externalURL, Log: GinkgoWriter}
	if command == stack.Serve {
		l.Listen = strings.TrimPrefix(externalURL, "http://")
	}
	process, err := l.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	aPod(ctx, string(command), process)
	return process
}

var _ = Describe("uninstall.sh", Ordered, func() {
	It("leaves nothing of a running Latchkey, whose leader ends the logins", func(ctx SpecContext) {
		install(ctx)
		dir := GinkgoT().TempDir()
		binary, err := stack.Build(ctx, dir)
		Expect(err).NotTo(HaveOccurred())
		address, err := stack.FreeAddress()
		Expect(err).NotTo(HaveOccurred())
		samples, err := stack.ApplySamples(ctx, kubectl)
		Expect(err).NotTo(HaveOccurred())
		launch(ctx, binary, dir, stack.Controller, "http://"+address)
		serve := launch(ctx, binary, dir, stack.Serve, "http://"+address)
		for _, login := range samples.Logins {
			Eventually(func() error {
				_, err := stack.NewClient(serve.URL()).Login(ctx, login)
				return err
			}).WithContext(ctx).WithTimeout(time.Minute).Should(Succeed())
		}
		plant(ctx, "team-a")

		said, err := uninstall(ctx, "--patience=60")

		Expect(err).NotTo(HaveOccurred(), said)
		Expect(said).NotTo(ContainSubstring("taking their finalizer off"))
		expectNothing(ctx)
	}, NodeTimeout(5*time.Minute))

	It("takes the finalizers off where no leader runs, also when somebody has deleted everything at once and it hangs", func(ctx SpecContext) {
		install(ctx)
		plant(ctx, "team-a")
		for _, o := range installed(ctx) {
			if o.GetKind() != "Namespace" {
				Expect(client.IgnoreNotFound(api.Delete(ctx, o))).To(Or(Succeed(), Satisfy(isNoMatch)))
			}
		}
		Eventually(func() error { return api.List(ctx, list("User")) }).WithContext(ctx).ShouldNot(Succeed())
		Expect(api.Get(ctx, client.ObjectKey{Namespace: "team-a", Name: "s1"}, &v1alpha1.Session{})).To(Succeed(), "it hangs")

		said, err := uninstall(ctx, "--patience=2")

		Expect(err).NotTo(HaveOccurred(), said)
		Expect(said).To(ContainSubstring("no controller is running that would end the last 2 Sessions: taking their finalizer off"))
		expectNothing(ctx)
	}, NodeTimeout(3*time.Minute))

	It("changes nothing in a dry run; says who else holds a Session, takes no finalizer but ours, and ends when it is run again", func(ctx SpecContext) {
		install(ctx)
		plant(ctx, "team-a")
		held := &v1alpha1.Session{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: "team-a", Name: "s1"}, held)).To(Succeed())
		held.Finalizers = []string{"example.com/first", v1alpha1.SessionFinalizer, "example.com/last"}
		Expect(api.Update(ctx, held)).To(Succeed())
		everything := func() string {
			GinkgoHelper()
			out, err := kubectl.Run(ctx, "get", "deployments,services,secrets,leases,crd,clusterroles,lksession,lkuser,lkrole,lkrevoked,lkrealm",
				"--all-namespaces", "--output=custom-columns=KIND:.kind,NAME:.metadata.name,DELETED:.metadata.deletionTimestamp")
			Expect(err).NotTo(HaveOccurred())
			return out
		}
		before := everything()

		said, err := uninstall(ctx, "--dry-run", "--delete-namespace")
		Expect(err).NotTo(HaveOccurred(), said)
		Expect(said).To(And(ContainSubstring("would run: kubectl delete sessions.auth.latchkey.dev --all"), ContainSubstring("would run: kubectl delete namespace latchkey")))
		Expect(everything()).To(Equal(before))

		said, err = uninstall(ctx, "--patience=1")
		Expect(err).To(HaveOccurred(), said)
		Expect(said).To(ContainSubstring("1 Sessions are still there: other finalizers hold them"))
		Expect(api.Get(ctx, client.ObjectKeyFromObject(held), held)).To(Succeed())
		Expect(held.Finalizers).To(Equal([]string{"example.com/first", "example.com/last"}))

		held.Finalizers = nil
		Expect(api.Update(ctx, held)).To(Succeed())
		said, err = uninstall(ctx, "--delete-namespace")
		Expect(err).NotTo(HaveOccurred(), said)
		expectNothing(ctx)
		namespace := &corev1.Namespace{}
		Expect(api.Get(ctx, client.ObjectKey{Name: stack.Namespace}, namespace)).To(Succeed())
		Expect(namespace.DeletionTimestamp).NotTo(BeNil())
	}, NodeTimeout(3*time.Minute))
})
