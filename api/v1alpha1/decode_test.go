package v1alpha1_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// baseline is a valid manifest, of which the property below varies the leaves with this prefix, one at a time.
type baseline struct{ manifest, leaves string }

var baselines = []baseline{
	{aRealm(""), "spec"},
	{aRealm(""), "status"},
	{aUser("passwordSecretRef: {name: ada}"), "spec"},
	{aUser(""), "status"},
	{aRole(""), "spec.description"},
	{aRole(""), "spec.includes"},
	{aRole(""), "status"},
	{aRoleWithHosts("'*'"), "spec.rules"},
	{aRoleInKubernetes("resources: [pods]"), "spec.kubernetesRules"},
	{aRevokedToken("tokenID: a"), "spec.tokenID"},
	{aRevokedToken("sessionID: a"), "spec.sessionID"},
	{aRevokedToken("user: {name: ada}"), "spec.user"},
	{aRevokedToken("user: {name: ada}"), "spec.reason"},
	{aRevokedToken("user: {name: ada}"), "spec.expiresAt"},
	{aRevokedToken("user: {name: ada}"), "status"},
	{aSession(""), "spec"},
}

// A typed LIST fails for everybody when one object doesn't decode, and a typed write fails when
// what was decoded isn't what stands there. So whatever the API server admits must survive both.
var _ = Describe("Whatever the API server admits decodes, and a typed client may write it back:", func() {
	for _, base := range baselines {
		kind := parsed(base.manifest, "").GetKind()
		for _, leaf := range leavesOf(kind, base.leaves) {
			It(leaf.path+" of "+kind, func(ctx SpecContext) {
				namespace := aNamespace(ctx)
				random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 0))
				admitted, refused := 0, 0
				for _, value := range valuesFor(leaf.schema, random) {
					object := parsed(base.manifest, namespace)
					if !write(ctx, object, leaf.path, value) {
						refused++
						continue
					}
					admitted++
					survives(ctx, object, leaf.path+": "+value)
				}
				Expect(refused).NotTo(BeZero(), "the schema takes anything here")
				if known(leaf.schema) {
					Expect(admitted).NotTo(BeZero(), "the property was never tried")
				}
			})
		}
	}
})

// leavesOf lists the fields of a kind, below a prefix, that hold neither fields nor items.
func leavesOf(kind, prefix string) []node {
	var leaves []node
	for _, n := range walk(node{schema: schemaOf(kinds[kind])}) {
		if strings.HasPrefix(n.path, prefix) && n.schema.Properties == nil && n.schema.Items == nil {
			leaves = append(leaves, n)
		}
	}
	return leaves
}

// write makes an object whose leaf has this JSON value, and tells whether the API server took it.
// The text goes out as it stands: a client's own encoding would mend some of it.
func write(ctx SpecContext, object *unstructured.Unstructured, path, value string) bool {
	GinkgoHelper()
	resource := []string{"apis", v1alpha1.GroupName, "v1alpha1", "namespaces", object.GetNamespace(),
		kinds[object.GetKind()].Spec.Names.Plural}
	var err error
	if field, isStatus := strings.CutPrefix(path, "status."); isStatus {
		Expect(client.IgnoreAlreadyExists(api.Create(ctx, object))).To(Succeed())
		body := map[string]any{"status": set(map[string]any{}, strings.Split(field, "."), value)}
		err = raw.Patch(types.MergePatchType).AbsPath(append(resource, object.GetName(), "status")...).Body(encoded(body)).Do(ctx).Error()
	} else {
		body := set(object.DeepCopy().Object, strings.Split(path, "."), value)
		err = raw.Post().AbsPath(resource...).SetHeader("Content-Type", "application/json").Body(encoded(body)).Do(ctx).Error()
	}
	if err != nil {
		Expect(apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)).To(BeTrue(), "%s: %s: %v", path, value, err)
	}
	return err == nil
}

// items are complete items of lists in a status, of which one leaf is varied.
var items = map[string]map[string]any{
	"conditions": {"type": "Ready", "status": "True", "reason": "Ready", "message": "", "lastTransitionTime": "2026-01-02T15:04:05Z"},
	"keys":       {"id": "a", "algorithm": "ES256", "state": "active", "createdAt": "2026-01-02T15:04:05Z"},
}

// set puts a JSON value at a path below a field container; a list on the way has one item.
func set(container any, path []string, value string) any {
	fields, ok := container.(map[string]any)
	if !ok {
		fields = map[string]any{}
	}
	name, isList := strings.CutSuffix(path[0], "[]")
	inner := fields[name]
	if isList {
		inner = maps.Clone(items[name])
		if list, ok := fields[name].([]any); ok && len(list) > 0 {
			inner = list[0]
		}
	}
	switch {
	case len(path) > 1:
		inner = set(inner, path[1:], value)
	default:
		inner = json.RawMessage(value)
	}
	if isList {
		inner = []any{inner}
	}
	fields[name] = inner
	return fields
}

func encoded(body any) []byte {
	GinkgoHelper()
	text, err := json.Marshal(body)
	Expect(err).NotTo(HaveOccurred())
	return text
}

// survives reads, lists and writes an object by its Go type, and removes it.
func survives(ctx SpecContext, object *unstructured.Unstructured, what string) {
	GinkgoHelper()
	typed := newTyped(object.GroupVersionKind())
	Expect(api.Get(ctx, client.ObjectKeyFromObject(object), typed)).To(Succeed(), what)
	Expect(api.List(ctx, newTypedList(object.GroupVersionKind()), client.InNamespace(object.GetNamespace()))).To(Succeed(), what)
	typed.SetLabels(map[string]string{"written": "back"})
	Expect(api.Update(ctx, typed)).To(Succeed(), what)
	if object.GetKind() != "Session" {
		Expect(api.Status().Update(ctx, typed)).To(Succeed(), what)
	}
	Expect(api.Delete(ctx, typed)).To(Succeed())
}

func newTyped(kind schema.GroupVersionKind) client.Object {
	GinkgoHelper()
	object, err := testenv.Scheme().New(kind)
	Expect(err).NotTo(HaveOccurred())
	return object.(client.Object)
}

func newTypedList(kind schema.GroupVersionKind) client.ObjectList {
	GinkgoHelper()
	kind.Kind += "List"
	list, err := testenv.Scheme().New(kind)
	Expect(err).NotTo(HaveOccurred())
	return list.(client.ObjectList)
}
