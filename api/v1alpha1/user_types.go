package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// User is a person or machine that can log in to the Realm of its namespace.
// Its name is the user name; its UID is the identity that tokens are bound to, so
// a deleted and re-created user is another one and inherits nothing.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=lkuser,categories=latchkey
// +kubebuilder:printcolumn:name="Roles",type=string,JSONPath=`.spec.roles`
// +kubebuilder:printcolumn:name="Email",type=string,JSONPath=`.spec.email`,priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",fieldPath=".metadata",message="a user name has at most 63 characters, lower-case letters, digits and hyphens"
type User struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what an administrator declares. Latchkey writes it only for holders of adminRole, and for users who change
	// their password over HTTP.
	// +optional
	// +kubebuilder:default={}
	Spec UserSpec `json:"spec,omitzero"`
	// status is what Latchkey observes; nobody's rights depend on it.
	// +optional
	Status UserStatus `json:"status,omitzero"`
}

// UserSpec is what an administrator declares about a user.
type UserSpec struct {
	// displayName is what apps show; at most 128 characters, no control characters.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'^[^\x00-\x1f\x7f-\x9f]*$')`,message="a display name is one line of text, without control characters such as tabs"
	DisplayName string `json:"displayName,omitempty"`

	// email is the one address that apps see in an identity header; at most 254 characters of ASCII.
	// +optional
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:XValidation:rule="self.matches(r\"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$\")",message="an email address looks like ada@example.com: one address, in ASCII, at most 64 characters before the @"
	Email string `json:"email,omitempty"`

	// passwordSecretRef names the Secret with the user's password. Unset, or while that Secret can't be used: nobody can log in
	// as this user by a password, and Ready says why.
	// +optional
	PasswordSecretRef *PasswordSecretReference `json:"passwordSecretRef,omitempty"`

	// roles are the names of Roles of this namespace that the user holds.
	// An unknown one grants nothing, and Ready says which it is; the others keep their effect.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	Roles []GrantableRoleName `json:"roles,omitempty"`

	// disabled refuses every login, refresh and token of the user at once, and ends
	// the logins: enabling again revives none.
	// +optional
	Disabled bool `json:"disabled,omitempty"`
}

// PasswordSecretReference names a Secret of the User's namespace.
type PasswordSecretReference struct {
	// name is that of a Secret of type auth.latchkey.dev/password with the data key passwordHash (a PHC
	// string: argon2id, or bcrypt from a migration) or, on its way in, password.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$')`,message="the name of a Secret has lower-case letters, digits and, between them, hyphens and dots, such as ada-password"
	Name string `json:"name"`
}

// UserStatus is what Latchkey observes of a User.
type UserStatus struct {
	// observedGeneration is the metadata.generation that this status describes. While it differs from metadata.generation,
	// or is unset, the rest of status isn't about the present spec.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// passwordFingerprint identifies the password hash whose predecessor's logins have been revoked
	// (a truncated SHA-256 of the PHC string). A login with another one waits for it.
	// +optional
	PasswordFingerprint string `json:"passwordFingerprint,omitempty"`
	// conditions holds Ready, whose reason and message say what is wrong.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime > timestamp('1000-01-01T00:00:00Z'))",message="lastTransitionTime must be a time such as 2026-01-02T15:04:05Z"
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// UserList is a list of Users.
//
// +kubebuilder:object:root=true
type UserList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []User `json:"items"`
}
