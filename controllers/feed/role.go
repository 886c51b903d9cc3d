package feed

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// decodeRole says what a Role grants: one that can't be read, nothing. So does one
// that is being deleted: whoever deletes a Role takes its grants away, and
// somebody's finalizer must not give them back.
func decodeRole(meta *metav1.ObjectMeta, raw json.RawMessage) (directory.Role, error) {
	var spec v1alpha1.RoleSpec
	if err := decode(raw, &spec); err != nil || meta.DeletionTimestamp != nil {
		return directory.Role{}, err
	}
	role := directory.Role{Name: meta.Name, Includes: texts(spec.Includes)}
	for _, r := range spec.Rules {
		role.Rules = append(role.Rules, rule(r))
	}
	for _, r := range spec.KubernetesRules {
		role.KubernetesRules = append(role.KubernetesRules, policy.KubernetesRule(r))
	}
	return role, nil
}

func rule(r v1alpha1.Rule) policy.Rule {
	return policy.Rule{Hosts: texts(r.Hosts), Paths: texts(r.Paths), Methods: texts(r.Methods)}
}
