package install_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/hack/child"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// node plays what a cluster with nodes does for Latchkey's Deployments: each gets one Pod, which is a process here.
type node struct {
	*cluster
	// addresses are where processes listen, by the flag that says so. There is no network of Pods, so that each is on a
	// free port of this machine, and where one asks another by the name of a Service it is told where that is.
	addresses map[string]string
	running   map[string]*running
	stop      func()
}

// running is a Pod that was started.
type running struct {
	process    *child.Process
	operations string // address
	volumes    []volume
	available  bool
}

const (
	listen     = "--listen"
	grpc       = "--grpc-listen"
	kubernetes = "--kubernetes-listen"
)

// newNode looks after Deployments until the spec ends.
func newNode(c *cluster) *node {
	GinkgoHelper()
	n := &node{cluster: c, addresses: map[string]string{}, running: map[string]*running{}}
	for _, flag := range []string{listen, grpc, kubernetes} {
		address, err := stack.FreeAddress()
		Expect(err).NotTo(HaveOccurred())
		n.addresses[flag] = address
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	n.stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
		for _, r := range n.running {
			r.process.Stop()
		}
	})
	DeferCleanup(n.stop)
	done.Go(func() {
		defer GinkgoRecover()
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			n.sync(context.WithoutCancel(ctx)) // what was begun when the spec ends is finished
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	return n
}

// sync starts what isn't running, refreshes what is mounted, and reports who is ready.
func (n *node) sync(ctx context.Context) {
	deployments := &appsv1.DeploymentList{}
	if n.Client.List(ctx, deployments, client.InNamespace(stack.Namespace)) != nil {
		return // the API server is busy; the next turn asks again
	}
	for i := range deployments.Items {
		d := &deployments.Items[i]
		r := n.running[d.Name]
		if r == nil {
			n.start(ctx, d)
			continue
		}
		for _, v := range r.volumes {
			v.refresh(ctx, n.Client)
		}
		if !r.available && isReady(ctx, r.operations) {
			r.available = n.report(ctx, d)
		}
	}
	for name, r := range n.running {
		if !slices.ContainsFunc(deployments.Items, func(d appsv1.Deployment) bool { return d.Name == name }) {
			r.process.Stop() // a Deployment that is gone takes its Pods along
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: podName(name)}}
			Expect(client.IgnoreNotFound(n.Client.Delete(ctx, pod, client.GracePeriodSeconds(0)))).To(Succeed())
			delete(n.running, name)
			continue
		}
		select {
		case <-r.process.Done():
			Fail(fmt.Sprintf("%s ended: %v", name, r.process.Err()))
		default:
		}
	}
}

func podName(deployment string) string { return deployment + "-0" }

// start makes the Pod of a Deployment, and the process that its container would be.
func (n *node) start(ctx context.Context, d *appsv1.Deployment) {
	pod := &corev1.Pod{ObjectMeta: *d.Spec.Template.ObjectMeta.DeepCopy(), Spec: *d.Spec.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = d.Namespace, podName(d.Name)
	key := client.ObjectKeyFromObject(pod)
	if n.Client.Get(ctx, key, pod) != nil {
		if err := n.Client.Create(ctx, pod); err != nil {
			return // its ServiceAccount may come later
		}
	}
	dir := filepath.Join(n.home, pod.Name)
	volumes := volumesOf(pod, dir)
	for _, v := range volumes {
		if !v.refresh(ctx, n.Client) {
			return // a kubelet waits until the Secret is there
		}
	}
	operations, err := stack.FreeAddress()
	Expect(err).NotTo(HaveOccurred())
	container := pod.Spec.Containers[0]
	arguments := container.Args
	for _, v := range volumes {
		arguments = v.mount(arguments)
	}
	cmd := exec.Command(binary, append(arguments, n.elsewhere(container.Args[0], operations)...)...)
	cmd.Env = append(variables(pod), "KUBECONFIG="+n.identity(ctx, pod, dir))
	cmd.Stdout, cmd.Stderr = GinkgoWriter, GinkgoWriter
	process, err := child.Start(pod.Name, cmd)
	Expect(err).NotTo(HaveOccurred())
	n.running[d.Name] = &running{process: process, operations: operations, volumes: volumes}
}

// elsewhere are the flags that a process gets beside its own: where to listen, and where to find whom it knows as a Service.
func (n *node) elsewhere(command, operations string) []string {
	flags := []string{"--ops-listen=" + operations}
	switch command {
	case "serve":
		flags = append(flags, listen+"="+n.addresses[listen], grpc+"="+n.addresses[grpc])
	case "kubernetes":
		flags = append(flags, kubernetes+"="+n.addresses[kubernetes], "--service-url=http://"+n.addresses[listen])
	case "controller":
		if n.has("--kubernetes-url") {
			flags = append(flags, "--kubernetes-url=https://"+n.addresses[kubernetes])
		}
	}
	return flags
}

// has says whether the controllers know a flag.
func (n *node) has(flag string) bool {
	help, err := exec.Command(binary, "controller", "--help").Output()
	Expect(err).NotTo(HaveOccurred())
	return strings.Contains(string(help), flag)
}

// variables are a container's environment; nothing of this process' is in it.
func variables(pod *corev1.Pod) []string {
	fields := map[string]string{"metadata.namespace": pod.Namespace, "metadata.name": pod.Name, "metadata.uid": string(pod.UID)}
	var all []string
	for _, v := range pod.Spec.Containers[0].Env {
		value := v.Value
		if v.ValueFrom != nil {
			var known bool
			value, known = fields[v.ValueFrom.FieldRef.FieldPath]
			Expect(known).To(BeTrue(), "nobody plays the field of "+v.Name)
		}
		all = append(all, v.Name+"="+value)
	}
	return all
}

// identity is a kubeconfig with a token of the Pod's ServiceAccount, bound to the Pod as a kubelet's is.
func (n *node) identity(ctx context.Context, pod *corev1.Pod, dir string) string {
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: new(int64(3600)),
		BoundObjectRef:    &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID},
	}}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Spec.ServiceAccountName}}
	Expect(n.Client.SubResource("token").Create(ctx, account, request)).To(Succeed())
	content := clientcmdapi.NewConfig()
	content.Clusters["here"] = &clientcmdapi.Cluster{Server: n.Config.Host, CertificateAuthorityData: n.Config.CAData}
	content.AuthInfos["here"] = &clientcmdapi.AuthInfo{Token: request.Status.Token}
	content.Contexts["here"] = &clientcmdapi.Context{Cluster: "here", AuthInfo: "here"}
	content.CurrentContext = "here"
	Expect(os.MkdirAll(dir, 0o700)).To(Succeed())
	file := filepath.Join(dir, "kubeconfig")
	Expect(clientcmd.WriteToFile(*content, file)).To(Succeed())
	return file
}

// report writes the status that the cluster's own controllers would: all Pods are there.
func (n *node) report(ctx context.Context, d *appsv1.Deployment) bool {
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: d.Generation, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1,
		Conditions: []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable", Message: "played by the test",
			LastUpdateTime: metav1.Now(), LastTransitionTime: metav1.Now(),
		}},
	}
	return n.Client.Status().Update(ctx, d) == nil
}

func isReady(ctx context.Context, operations string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/readyz", operations), nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
