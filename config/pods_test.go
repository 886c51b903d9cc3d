package config_test

import (
	"os"
	"path/filepath"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// podOf is a Pod that a Deployment would make.
func podOf(d *appsv1.Deployment) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: d.Namespace, Name: d.Name, Labels: d.Spec.Template.Labels},
		Spec:       *d.Spec.Template.Spec.DeepCopy(),
	}
}

var _ = Describe("A Deployment of config/default", func() {
	for _, name := range []string{"latchkey-controller", "latchkey-kubernetes", "latchkey-serve"} {
		Describe(name, func() {
			var deployment *appsv1.Deployment
			BeforeEach(func() {
				for _, d := range ofKind[appsv1.Deployment](render("default"), "Deployment") {
					if d.Name == name {
						deployment = d
					}
				}
				Expect(deployment).NotTo(BeNil())
			})

			It("makes Pods that the restricted profile lets in", func(ctx SpecContext) {
				Expect(api.Create(ctx, podOf(deployment), client.DryRunAll)).To(Succeed())
			})

			DescribeTable("would not be let in", func(ctx SpecContext, weaken func(*corev1.PodSpec, *corev1.SecurityContext)) {
				pod := podOf(deployment)
				weaken(&pod.Spec, pod.Spec.Containers[0].SecurityContext)
				Expect(api.Create(ctx, pod, client.DryRunAll)).To(MatchError(ContainSubstring("violates PodSecurity")))
			},
				Entry("as root", func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.SecurityContext.RunAsNonRoot = nil }),
				Entry("with any syscall", func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.SecurityContext.SeccompProfile = nil }),
				Entry("with capabilities", func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.Capabilities = nil }),
				Entry("with escalation", func(_ *corev1.PodSpec, c *corev1.SecurityContext) { c.AllowPrivilegeEscalation = nil }),
				Entry("with the host's network", func(p *corev1.PodSpec, _ *corev1.SecurityContext) { p.HostNetwork = true }),
			)

			It("has a read-only root and nothing to write to", func() {
				pod := deployment.Spec.Template.Spec
				if name != "latchkey-kubernetes" { // which has its certificate
					Expect(pod.Volumes).To(BeEmpty())
				}
				for _, volume := range pod.Volumes {
					Expect(volume.VolumeSource).To(HaveField("Secret", HaveField("SecretName", "latchkey-kubernetes-tls")))
				}
				Expect(pod.Containers).To(HaveLen(1))
				for _, mount := range pod.Containers[0].VolumeMounts {
					Expect(mount.ReadOnly).To(BeTrue())
				}
				Expect(pod.Containers[0].SecurityContext.ReadOnlyRootFilesystem).To(HaveValue(BeTrue()))
			})

			It("keeps the Go heap under the memory limit", func() {
				container := deployment.Spec.Template.Spec.Containers[0]
				goLimit := resource.MustParse(regexp.MustCompile("B$").ReplaceAllString(env(container, "GOMEMLIMIT"), ""))
				limit := container.Resources.Limits.Memory()
				Expect(float64(goLimit.Value()) / float64(limit.Value())).To(BeNumerically("~", 0.9, 0.02))
			})

			It("knows its namespace, and is probed on the operations port", func() {
				container := deployment.Spec.Template.Spec.Containers[0]
				Expect(container.Env).To(ContainElement(And(HaveField("Name", "POD_NAMESPACE"), HaveField("ValueFrom.FieldRef.FieldPath", "metadata.namespace"))))
				Expect(container.Ports).To(ContainElement(And(HaveField("Name", "ops"), HaveField("ContainerPort", int32(9090)))))
				Expect(container.LivenessProbe.HTTPGet).To(HaveValue(And(HaveField("Path", "/healthz"), HaveField("Port.StrVal", "ops"))))
				Expect(container.ReadinessProbe.HTTPGet).To(HaveValue(And(HaveField("Path", "/readyz"), HaveField("Port.StrVal", "ops"))))
			})

			It("is started with flags that the program has", func() {
				var flags []byte
				for _, file := range []string{"flags.go", "kubernetesflags.go"} {
					text, err := os.ReadFile(filepath.Join(testenv.Root(), "cmd", "latchkey", file))
					Expect(err).NotTo(HaveOccurred())
					flags = append(flags, text...)
				}
				args := deployment.Spec.Template.Spec.Containers[0].Args
				Expect(args[0]).To(Equal(deployment.Labels["app.kubernetes.io/component"]))
				Expect(args).To(ContainElement("--external-url=https://auth.example.com"))
				for _, arg := range args[1:] {
					flag := regexp.MustCompile(`^--([a-z-]+)=`).FindStringSubmatch(arg)
					Expect(flag).To(HaveLen(2), arg)
					Expect(string(flags)).To(ContainSubstring(`"`+flag[1]+`"`), arg)
				}
			})

			It("spreads its two replicas, and keeps one of them through a drain", func() {
				own := labels.Set(deployment.Spec.Template.Labels)
				Expect(deployment.Spec.Replicas).To(HaveValue(Equal(int32(2))))
				for _, spread := range deployment.Spec.Template.Spec.TopologySpreadConstraints {
					Expect(selects(spread.LabelSelector, own)).To(BeTrue())
				}
				Expect(deployment.Spec.Template.Spec.TopologySpreadConstraints).To(HaveLen(2))
				Expect(ofKind[policyv1.PodDisruptionBudget](render("default"), "PodDisruptionBudget")).To(ContainElement(
					Satisfy(func(b *policyv1.PodDisruptionBudget) bool {
						return selects(b.Spec.Selector, own) && b.Spec.MinAvailable.IntValue() == 1
					})))
			})
		})
	}

	It("tells a serving replica which Pod it is, and a controller nothing that it doesn't ask", func() {
		for _, d := range ofKind[appsv1.Deployment](render("default"), "Deployment") {
			from := map[string]string{}
			for _, e := range d.Spec.Template.Spec.Containers[0].Env {
				if e.ValueFrom != nil {
					from[e.Name] = e.ValueFrom.FieldRef.FieldPath
				}
			}
			want := map[string]string{"POD_NAMESPACE": "metadata.namespace"}
			if d.Name == "latchkey-serve" {
				want["POD_NAME"], want["POD_UID"] = "metadata.name", "metadata.uid"
			}
			Expect(from).To(Equal(want), d.Name)
		}
	})

	DescribeTable("is behind its Service only on what others ask", func(service, deployment string, ports ...any) {
		objects := render("default")
		services := map[string]*corev1.Service{}
		for _, s := range ofKind[corev1.Service](objects, "Service") {
			services[s.Name] = s
		}
		Expect(services).To(HaveLen(2))
		Expect(services).To(HaveKeyWithValue(service, HaveField("Spec.Ports", ConsistOf(ports...))))
		for _, d := range ofKind[appsv1.Deployment](objects, "Deployment") {
			behind := labels.SelectorFromSet(services[service].Spec.Selector).Matches(labels.Set(d.Spec.Template.Labels))
			Expect(behind).To(Equal(d.Name == deployment), d.Name)
		}
	},
		Entry("for proxies, apps and browsers", "latchkey", "latchkey-serve",
			And(HaveField("Port", int32(8080)), HaveField("TargetPort.StrVal", "http"), HaveField("AppProtocol", HaveValue(Equal("http")))),
			And(HaveField("Port", int32(9191)), HaveField("TargetPort.StrVal", "grpc"), HaveField("AppProtocol", HaveValue(Equal("kubernetes.io/h2c"))))),
		Entry("for the API server", "latchkey-kubernetes", "latchkey-kubernetes",
			And(HaveField("Port", int32(443)), HaveField("TargetPort.StrVal", "https"), HaveField("AppProtocol", HaveValue(Equal("https"))))),
	)

	It("waits with its certificate mounted, of which it sees no more than what it serves", func() {
		for _, d := range ofKind[appsv1.Deployment](render("default"), "Deployment") {
			if d.Name != "latchkey-kubernetes" {
				continue
			}
			pod := d.Spec.Template.Spec
			Expect(pod.Volumes).To(HaveLen(1))
			Expect(pod.Volumes[0].Secret.Optional).To(BeNil())
			Expect(pod.Volumes[0].Secret.Items).To(ConsistOf(HaveField("Path", "tls.crt"), HaveField("Path", "tls.key")))
			mounted := pod.Containers[0].VolumeMounts[0].MountPath
			Expect(pod.Containers[0].Args).To(ContainElements("--kubernetes-tls-cert-file="+mounted+"/tls.crt", "--kubernetes-tls-key-file="+mounted+"/tls.key"))
		}
	})

	It("is reached on no port but those that a NetworkPolicy names (S07)", func() {
		policies := map[string]networkingv1.NetworkPolicySpec{}
		for _, p := range ofKind[networkingv1.NetworkPolicy](render("default"), "NetworkPolicy") {
			policies[p.Name] = p.Spec
		}
		Expect(policies).To(HaveLen(6))
		Expect(policies["default-deny"].PodSelector).To(Equal(metav1.LabelSelector{}))
		Expect(policies["default-deny"].PolicyTypes).To(ConsistOf(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress))
		Expect(policies["default-deny"].Ingress).To(BeEmpty())
		Expect(policies["default-deny"].Egress).To(BeEmpty())
		Expect(policies["latchkey-public"].Ingress).To(ConsistOf(And(HaveField("From", BeEmpty()), HaveField("Ports", ConsistOf(HaveField("Port.IntVal", int32(8080)), HaveField("Port.IntVal", int32(9191)))))))
		Expect(policies["latchkey-operations"].Ingress).To(ConsistOf(And(HaveField("From", HaveLen(1)), HaveField("Ports", ConsistOf(HaveField("Port.IntVal", int32(9090)))))))
		Expect(policies["latchkey-api-server"].Ingress).To(BeEmpty())
		Expect(policies["latchkey-kubernetes-leader"].Ingress).To(BeEmpty())
		Expect(policies["latchkey-kubernetes-leader"].Egress).To(ConsistOf(And(HaveField("To", HaveLen(1)), HaveField("Ports", ConsistOf(HaveField("Port.IntVal", int32(9443)))))))
		Expect(policies["latchkey-kubernetes"].Ingress).To(ConsistOf(And(HaveField("From", BeEmpty()), HaveField("Ports", ConsistOf(HaveField("Port.IntVal", int32(9443)))))))
		Expect(policies["latchkey-kubernetes"].Egress).To(ConsistOf(And(HaveField("To", HaveLen(1)), HaveField("Ports", ConsistOf(HaveField("Port.IntVal", int32(8080)))))))
	})
})

func selects(selector *metav1.LabelSelector, set labels.Set) bool {
	GinkgoHelper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	Expect(err).NotTo(HaveOccurred())
	return s.Matches(set)
}

func env(container corev1.Container, name string) string {
	for _, e := range container.Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}
