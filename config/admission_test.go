package config_test

import (
	"context"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

const (
	serve      = "system:serviceaccount:latchkey:latchkey-serve"
	controller = "system:serviceaccount:latchkey:latchkey-controller"
)

// as is a client with which the administrator acts as somebody else.
func as(user string) client.Client {
	GinkgoHelper()
	config := rest.CopyConfig(environment.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	return clientWith(config)
}

func clientWith(config *rest.Config) client.Client {
	GinkgoHelper()
	c, err := client.New(config, client.Options{Scheme: testenv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// replicaOf is the client of the service in a Pod, by a token that is bound to it as a kubelet has it made.
func replicaOf(ctx context.Context, pod string) client.Client {
	GinkgoHelper()
	deployment := ofKind[appsv1.Deployment](render("default"), "Deployment")
	serving := slices.IndexFunc(deployment, func(d *appsv1.Deployment) bool { return d.Name == "latchkey-serve" })
	object := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "latchkey", Name: pod}, Spec: deployment[serving].Spec.Template.Spec}
	Expect(api.Create(ctx, object)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(api.Delete(ctx, object, client.GracePeriodSeconds(0))).To(Succeed())
	})
	return clientWith(tokenOf(ctx, &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod, UID: object.UID}))
}

func tokenOf(ctx context.Context, bound *authenticationv1.BoundObjectReference) *rest.Config {
	GinkgoHelper()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{BoundObjectRef: bound}}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "latchkey", Name: "latchkey-serve"}}
	Expect(api.SubResource("token").Create(ctx, account, request)).To(Succeed())
	config := rest.AnonymousClientConfig(environment.Config)
	config.BearerToken = request.Status.Token
	return config
}

func aLease(name string) *coordinationv1.Lease {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "latchkey", Name: name}}
}

// denied is what the API server says of a policy's refusal.
func denied(policy, message string) string {
	return "ValidatingAdmissionPolicy '" + policy + "' with binding '" + policy + "' denied request: " + message
}

var _ = Describe("A policy of admission", func() {
	BeforeEach(func(ctx SpecContext) { // an API server takes a moment to know them
		Eventually(func(g Gomega) {
			opaque := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "opaque"}}
			g.Expect(as(serve).Create(ctx, aLease("latchkey-leader"), client.DryRunAll)).To(MatchError(ContainSubstring("latchkey-replica-leases")))
			g.Expect(as(serve).Create(ctx, opaque, client.DryRunAll)).To(MatchError(ContainSubstring("latchkey-own-secrets")))
		}).WithTimeout(20 * time.Second).Should(Succeed())
	})

	It("is bound, denies, and fails closed", func(ctx SpecContext) {
		policies := &admissionregistrationv1.ValidatingAdmissionPolicyList{}
		Expect(api.List(ctx, policies)).To(Succeed())
		Expect(policies.Items).To(HaveLen(4))
		for _, p := range policies.Items {
			Expect(p.Name).To(HavePrefix("latchkey-"))
			Expect(*p.Spec.FailurePolicy).To(Equal(admissionregistrationv1.Fail), p.Name)
			binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
			Expect(api.Get(ctx, client.ObjectKey{Name: p.Name}, binding)).To(Succeed())
			Expect(binding.Spec.PolicyName).To(Equal(p.Name))
			Expect(binding.Spec.ValidationActions).To(ConsistOf(admissionregistrationv1.Deny), p.Name)
			Expect(binding.Spec.MatchResources).To(BeNil(), p.Name)
		}
	})

	It("Q24: lets a replica in a Pod write its own Lease, and no other", func(ctx SpecContext) {
		message := denied("latchkey-replica-leases", "a replica writes no Lease but its own, latchkey-replica- and the name of its Pod: leave --replica-name out in Pods")
		mallory := replicaOf(ctx, "latchkey-serve-mallory")
		own := aLease("latchkey-replica-latchkey-serve-mallory")
		Expect(mallory.Create(ctx, own)).To(Succeed())
		own.Labels = map[string]string{"a": "b"}
		Expect(mallory.Update(ctx, own)).To(Succeed())

		other, leader := aLease("latchkey-replica-latchkey-serve-other"), aLease("latchkey-leader")
		for _, lease := range []*coordinationv1.Lease{other, leader} {
			Expect(mallory.Create(ctx, lease.DeepCopy())).To(MatchError(ContainSubstring(message)))
			Expect(api.Create(ctx, lease)).To(Succeed())
			lease.Labels = own.Labels
			Expect(mallory.Update(ctx, lease)).To(MatchError(ContainSubstring(message)))
			Expect(mallory.Delete(ctx, lease)).To(MatchError(ContainSubstring(message)))
			Expect(as(controller).Delete(ctx, lease)).To(Succeed(), "the leader's account does")
		}
		Expect(mallory.Delete(ctx, own)).To(Succeed())
	})

	It("lets a replica outside of Pods write Leases of replicas alone", func(ctx SpecContext) {
		outside := clientWith(tokenOf(ctx, nil))
		lease := aLease("latchkey-replica-outside")
		Expect(outside.Create(ctx, lease)).To(Succeed())
		Expect(outside.Delete(ctx, lease)).To(Succeed())
		Expect(outside.Create(ctx, aLease("latchkey-leader"))).To(MatchError(ContainSubstring("a replica writes no Lease but its own")))
	})

	secret := func(name, kind string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name}, Type: corev1.SecretType(kind), Data: map[string][]byte{"x": []byte("y")}}
	}
	It("Q24: lets Latchkey's accounts write Secrets of its own types alone", func(ctx SpecContext) {
		message := denied("latchkey-own-secrets", "Latchkey's accounts write Secrets of Latchkey alone: passwords, and the controllers also signing keys and the certificates of latchkey-kubernetes")
		for _, kind := range []string{"Opaque", v1alpha1.SigningKeysSecretType} {
			theirs := secret("theirs", kind)
			Expect(as(serve).Create(ctx, theirs.DeepCopy())).To(MatchError(ContainSubstring("denied request: ")), kind)
			Expect(api.Create(ctx, theirs)).To(Succeed())
			Expect(as(serve).Delete(ctx, theirs)).To(MatchError(ContainSubstring(message)), kind)
			Expect(api.Delete(ctx, theirs)).To(Succeed())
		}
		for _, account := range []string{serve, controller} {
			password := secret("password", v1alpha1.PasswordSecretType)
			Expect(as(account).Create(ctx, password)).To(Succeed())
			Expect(as(account).Delete(ctx, password)).To(Succeed())
		}
		keys := secret("keys", v1alpha1.SigningKeysSecretType)
		Expect(as(controller).Create(ctx, keys)).To(Succeed())
		keys.Data["x"] = []byte("z")
		Expect(as(controller).Update(ctx, keys)).To(Succeed())
		Expect(as(controller).Delete(ctx, keys)).To(Succeed())
		Expect(as(controller).Create(ctx, secret("theirs", "Opaque"))).To(MatchError(ContainSubstring(message)))
		Expect(as(controller).Create(ctx, secret("latchkey-kubernetes-tls", "Opaque"))).To(MatchError(ContainSubstring("denied request")), "it stands in Latchkey's own namespace")
	})

	It("lets nobody write signing keys but the leader, and who may escalate to restore them", func(ctx SpecContext) {
		message := denied("latchkey-signing-keys", "only latchkey-controller writes signing keys. To restore them, have verb escalate on roles.auth.latchkey.dev in this namespace; for new ones, raise spec.keys.distrustBefore of the Realm")
		secrets := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"*"}}
		mayInTeamA(ctx, "tess", secrets)
		mayInTeamA(ctx, "rita", secrets, rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"roles"}, Verbs: []string{"escalate"}})

		Expect(as("tess").Create(ctx, secret("keys", v1alpha1.SigningKeysSecretType))).To(MatchError(ContainSubstring(message)))
		restored := secret("keys", v1alpha1.SigningKeysSecretType)
		Expect(as("rita").Create(ctx, restored)).To(Succeed())
		restored.Data["x"] = []byte("forged")
		Expect(as("tess").Update(ctx, restored.DeepCopy())).To(MatchError(ContainSubstring(message)))
		Expect(as("tess").Get(ctx, client.ObjectKeyFromObject(restored), restored)).To(Succeed())
		restored.Labels = map[string]string{"backup": "yes"}
		Expect(as("tess").Update(ctx, restored)).To(Succeed(), "what isn't a key is no concern of the policy")
		Expect(as("tess").Delete(ctx, restored)).To(Succeed())
		Expect(as("tess").Create(ctx, secret("other", "Opaque"))).To(Succeed())
		Expect(as("tess").Delete(ctx, secret("other", "Opaque"))).To(Succeed())
	})

	It("lets nobody name the role of a realm's administrators but who may grant every Role", func(ctx SpecContext) {
		message := denied("latchkey-admin-role", "spec.adminRole: its holders give any Role over HTTP, so naming it needs verb grant on all roles.auth.latchkey.dev of this namespace, without resourceNames")
		realms := rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"realms"}, Verbs: []string{"*"}}
		grant := rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"roles"}, Verbs: []string{"grant"}}
		one := grant
		one.ResourceNames = []string{"viewer"}
		mayInTeamA(ctx, "tom", realms, one)
		mayInTeamA(ctx, "gwen", realms, grant)
		realm := &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: v1alpha1.RealmName}}
		Expect(api.Get(ctx, client.ObjectKeyFromObject(realm), realm)).To(Succeed())
		name := func(role string) client.Patch {
			return client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"adminRole":"`+role+`"}}`))
		}
		Expect(as("tom").Patch(ctx, realm.DeepCopy(), name("viewer"), client.DryRunAll)).To(MatchError(ContainSubstring(message)))
		Expect(as("tom").Patch(ctx, realm.DeepCopy(), name("admin"))).To(Succeed(), "it is that already")
		Expect(as("gwen").Patch(ctx, realm.DeepCopy(), name("viewer"), client.DryRunAll)).To(Succeed())

		fresh := &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: "elsewhere", Name: v1alpha1.RealmName}}
		mayIn(ctx, "elsewhere", "tom", realms)
		Expect(as("tom").Create(ctx, fresh.DeepCopy(), client.DryRunAll)).To(Succeed(), "with the default")
		fresh.Spec.AdminRole = "viewer"
		err := as("tom").Create(ctx, fresh)
		Expect(err).To(MatchError(ContainSubstring(message)))
		Expect(apierrors.IsForbidden(err)).To(BeTrue())
	})
})

func mayInTeamA(ctx context.Context, user string, rules ...rbacv1.PolicyRule) {
	GinkgoHelper()
	mayIn(ctx, "team-a", user, rules...)
}

// mayIn lets a user do what rules say in a namespace while the spec runs.
func mayIn(ctx context.Context, namespace, user string, rules ...rbacv1.PolicyRule) {
	GinkgoHelper()
	meta := metav1.ObjectMeta{Namespace: namespace, Name: "spec-" + strings.ToLower(user)}
	for _, object := range []client.Object{
		&rbacv1.Role{ObjectMeta: meta, Rules: rules},
		&rbacv1.RoleBinding{ObjectMeta: meta, Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: user}},
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name}},
	} {
		Expect(api.Create(ctx, object)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(api.Delete(ctx, object)).To(Succeed()) })
	}
}
