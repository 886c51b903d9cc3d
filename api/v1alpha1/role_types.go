package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Role says what its holders may reach over HTTP (and, with the Kubernetes integration, in the
// API server). Rules only allow: any match allows, no match denies. The names anonymous (held by
// everybody, also without a token) and authenticated (held by every valid user) are reserved:
// Roles of these names hold rules only.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=lkrole,categories=latchkey
// +kubebuilder:printcolumn:name="Includes",type=string,JSONPath=`.spec.includes`
// +kubebuilder:printcolumn:name="Description",type=string,JSONPath=`.spec.description`,priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",fieldPath=".metadata",message="a role name has at most 63 characters, lower-case letters, digits and hyphens"
// +kubebuilder:validation:XValidation:rule="!(self.metadata.name in ['anonymous', 'authenticated']) || !has(self.spec.includes) || self.spec.includes.size() == 0",fieldPath=".spec.includes",message="anonymous and authenticated hold rules only: write the rules here instead of including roles"
// +kubebuilder:validation:XValidation:rule="!(self.metadata.name in ['anonymous', 'authenticated']) || !has(self.spec.kubernetesRules) || self.spec.kubernetesRules.size() == 0",fieldPath=".spec.kubernetesRules",message="anonymous and authenticated hold rules only: put kubernetesRules in a Role that is given to users"
type Role struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what an administrator declares; Latchkey never writes it.
	// +optional
	// +kubebuilder:default={}
	Spec RoleSpec `json:"spec,omitzero"`
	// status is what Latchkey observes; nobody's rights depend on it.
	// +optional
	Status RoleStatus `json:"status,omitzero"`
}

// RoleSpec is what an administrator declares about a role.
type RoleSpec struct {
	// description tells people what the Role is for, in at most 512 characters.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Description string `json:"description,omitempty"`

	// includes are other Roles of this namespace whose grants this one has too. An unknown one
	// grants nothing, and a cycle grants nothing beyond its members; Ready says so.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	Includes []GrantableRoleName `json:"includes,omitempty"`

	// rules are what holders may reach over HTTP.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Rules []Rule `json:"rules,omitempty"`

	// kubernetesRules are what holders may do in the API server, where the Kubernetes
	// integration is on.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	KubernetesRules []KubernetesRule `json:"kubernetesRules,omitempty"`
}

// Rule allows requests that match one of its hosts, one of its paths and one of its methods.
type Rule struct {
	// hosts are exact lower-case names (app.example.com), one wildcard label (*.example.com) or * for all. No port.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Hosts []HostPattern `json:"hosts"`

	// paths are absolute and matched decoded: * is one whole segment, ** only last and any number of
	// segments, also none. /a is not /a/.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Paths []PathPattern `json:"paths"`

	// methods are upper-case HTTP methods, or * for all. GET covers HEAD.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Methods []MethodPattern `json:"methods"`
}

// HostPattern is an exact host in lower case, one wildcard label before a domain, an IPv6 address in
// brackets, or *; without port, and with labels of at most 63 characters.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule=`self.matches(r'^(\*|(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*|\[[0-9a-f:]*:[0-9a-f:.]*\])$')`,message="a host looks like app.example.com, *.example.com (one label), * (all) or [2001:db8::1]: lower case, no port, labels of at most 63 characters"
// +kubebuilder:validation:XValidation:rule="!self.startsWith('[') || !self.endsWith(']') || isIP(self.substring(1, self.size() - 1))",message="in brackets stands an IPv6 address"
type HostPattern string

// PathPattern is an absolute path in which * stands for one segment and a last ** for any number. It has
// no empty segment, none of dots and spaces only, and none of ?, #, ;, %, backslash, what programs take
// for a slash, and the control characters: it is plain as docs/security/paths.md says.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=512
// +kubebuilder:validation:XValidation:rule=`self.matches(r'^/$|^/\*\*$|^(/(\*|[^/*?#;%\\\x00-\x1f\x7f-\x9f;¥₩⁄∕∖／＼﹨℀℁℅℆]+))+(/|/\*\*)?$')`,message="a path looks like /reports/*/pdf or /api/**: it begins with /, * is a whole segment, ** only the last, without //, ?, #, ;, %, backslash, look-alike of a slash or control character"
// +kubebuilder:validation:XValidation:rule=`!self.matches(r'/\+*[.\pZ\p{Cf}․-…︙︰﹒．][+.\pZ\p{Cf}․-…︙︰﹒．]*(/|$)|/\([A-Za-z]\(')`,message="a path has no segment of dots and spaces only, and none that begins like (S(: write the path that the app sees"
type PathPattern string

// MethodPattern is an upper-case HTTP method or *.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=32
// +kubebuilder:validation:XValidation:rule=`self.matches(r'^(\*|[A-Z][A-Z-]*)$')`,message="a method is in upper case, such as GET, or * for all"
type MethodPattern string

// KubernetesRule allows API server requests, with the meaning of RBAC's PolicyRule.
type KubernetesRule struct {
	// apiGroups are API groups; "" is the core group, * all.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=253
	APIGroups []string `json:"apiGroups,omitempty"`
	// resources are plural names, also with a subresource (pods/log), or *.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=253
	Resources []string `json:"resources,omitempty"`
	// resourceNames restrict the rule to objects of these names. Unset: all.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=253
	ResourceNames []string `json:"resourceNames,omitempty"`
	// namespaces restrict the rule to these namespaces, or * for all and for cluster-scoped requests. Unset: the Role's own.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=63
	Namespaces []string `json:"namespaces,omitempty"`
	// verbs are API verbs (get, list, watch, create, …) or *.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=63
	Verbs []string `json:"verbs"`
	// nonResourceURLs are paths such as /metrics; a last * covers all that begins so.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=512
	NonResourceURLs []string `json:"nonResourceURLs,omitempty"`
}

// RoleStatus is what Latchkey observes of a Role.
type RoleStatus struct {
	// observedGeneration is the metadata.generation that this status describes. While it differs from metadata.generation,
	// or is unset, the rest of status isn't about the present spec.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// effectiveRoles are this Role and all that it includes, sorted.
	// +optional
	// +listType=atomic
	EffectiveRoles []string `json:"effectiveRoles,omitempty"`
	// replicas says how many of the serving replicas that may be answering judge by this generation, as in 3/3.
	// A replica that starts later rewrites nothing: it knows the generation before it answers.
	// +optional
	Replicas string `json:"replicas,omitempty"`
	// conditions holds Ready, whose reason and message say what is wrong.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime > timestamp('1000-01-01T00:00:00Z'))",message="lastTransitionTime must be a time such as 2026-01-02T15:04:05Z"
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// RoleList is a list of Roles.
//
// +kubebuilder:object:root=true
type RoleList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Role `json:"items"`
}
