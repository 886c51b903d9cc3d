package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// RevokedToken refuses, on every replica, one access token, one login, or every login that a user
// began up to a moment. It can't be changed; deleting it ends the refusal of what hasn't expired by itself.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=lkrevoked,categories=latchkey
// +kubebuilder:printcolumn:name="User",type=string,JSONPath=`.spec.user.name`
// +kubebuilder:printcolumn:name="Session",type=string,JSONPath=`.spec.sessionID`,priority=1
// +kubebuilder:printcolumn:name="Token",type=string,JSONPath=`.spec.tokenID`,priority=1
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.spec.reason`
// +kubebuilder:printcolumn:name="Enforced",type=string,JSONPath=`.status.replicas`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",fieldPath=".metadata",message="the name of a RevokedToken has at most 63 characters, lower-case letters, digits and hyphens"
// +kubebuilder:validation:XValidation:rule="self.spec == oldSelf.spec",fieldPath=".spec",message="a RevokedToken can't be changed: delete it and make another"
// +kubebuilder:validation:XValidation:rule="(has(self.spec.tokenID) ? 1 : 0) + (has(self.spec.sessionID) ? 1 : 0) + (has(self.spec.user) ? 1 : 0) == 1",fieldPath=".spec",message="name exactly one of tokenID, sessionID and user"
type RevokedToken struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec names what is refused. It is immutable.
	// +required
	Spec RevokedTokenSpec `json:"spec"`
	// status says how far the refusal has spread.
	// +optional
	Status RevokedTokenStatus `json:"status,omitzero"`
}

// RevokedTokenSpec names exactly one of tokenID, sessionID and user.
type RevokedTokenSpec struct {
	// tokenID is the jti claim of one access token. It alone is refused: the login that it belongs to goes on.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_-]+$`
	TokenID string `json:"tokenID,omitempty"`

	// sessionID is the sid claim of one login, which is also the name of its Session. Every token of it is refused, and the
	// Session goes.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	SessionID string `json:"sessionID,omitempty"`

	// user names every login of a user that began at or before a moment.
	// +optional
	User *RevokedUser `json:"user,omitempty"`

	// reason is for people; at most 512 characters. Leave it out instead of making it empty.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Reason string `json:"reason,omitempty"`

	// expiresAt is when this object may be collected. Unset: 2160h after its creation, the longest
	// that anything can live. Latchkey never computes it from settings that may change.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +kubebuilder:validation:XValidation:rule="self > timestamp('1000-01-01T00:00:00Z')",message="expiresAt must be a time such as 2026-01-02T15:04:05Z"
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
}

// RevokedUser names logins of a user.
type RevokedUser struct {
	// name is the metadata.name of the User, who needn't exist any more.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`
	// uid restricts the revocation to the User with that metadata.uid. Unset: whoever bears the name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Type=string
	UID types.UID `json:"uid,omitempty"`
	// issuedBefore is the last moment at which a login began that is refused, in whole seconds.
	// Unset, or in the future: the creation of this object.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +kubebuilder:validation:XValidation:rule="self > timestamp('1000-01-01T00:00:00Z')",message="issuedBefore must be a time such as 2026-01-02T15:04:05Z"
	IssuedBefore *metav1.Time `json:"issuedBefore,omitempty"`
}

// RevokedTokenStatus says how far a refusal has spread.
type RevokedTokenStatus struct {
	// observedGeneration is the metadata.generation that this status describes. While it differs from metadata.generation,
	// or is unset, the rest of status isn't about the present spec.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// replicas says how many of the serving replicas that may be answering refuse already, as in 3/3.
	// +optional
	Replicas string `json:"replicas,omitempty"`
	// enforcedAt is when the leader knew that all of them do.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +kubebuilder:validation:XValidation:rule="self > timestamp('1000-01-01T00:00:00Z')",message="enforcedAt must be a time such as 2026-01-02T15:04:05Z"
	EnforcedAt *metav1.Time `json:"enforcedAt,omitempty"`
	// conditions holds Enforced, and Ready, which says the same to tools that know no other condition.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime > timestamp('1000-01-01T00:00:00Z'))",message="lastTransitionTime must be a time such as 2026-01-02T15:04:05Z"
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// RevokedTokenList is a list of RevokedTokens.
//
// +kubebuilder:object:root=true
type RevokedTokenList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []RevokedToken `json:"items"`
}
