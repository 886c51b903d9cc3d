package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Session is one successful login; its name is the sid claim of that login's tokens. Nothing in it
// can be replayed. Deleting it ends the login everywhere.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:shortName=lksession,categories=latchkey
// +kubebuilder:printcolumn:name="User",type=string,JSONPath=`.spec.user.name`
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.spec.expiresAt`
// +kubebuilder:printcolumn:name="Address",type=string,JSONPath=`.spec.client.address`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",fieldPath=".metadata",message="the name of a Session has at most 63 characters, lower-case letters, digits and hyphens"
// +kubebuilder:validation:XValidation:rule="self.spec.user == oldSelf.spec.user && self.spec.expiresAt == oldSelf.spec.expiresAt",fieldPath=".spec",message="user and expiresAt of a Session can't be changed: delete it to end the login"
type Session struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is written by the service that logged the user in.
	// +required
	Spec SessionSpec `json:"spec"`
}

// SessionSpec describes one login.
type SessionSpec struct {
	// user is who logged in. Immutable.
	User SessionUser `json:"user"`

	// expiresAt is the absolute end of the login. Immutable.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +kubebuilder:validation:XValidation:rule="self > timestamp('1000-01-01T00:00:00Z')",message="expiresAt must be a time such as 2026-01-02T15:04:05Z"
	ExpiresAt metav1.Time `json:"expiresAt"`

	// cookieExpiresAt is the end of the browser's part of it. Unset: not a browser login.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +kubebuilder:validation:XValidation:rule="self > timestamp('1000-01-01T00:00:00Z')",message="cookieExpiresAt must be a time such as 2026-01-02T15:04:05Z"
	CookieExpiresAt *metav1.Time `json:"cookieExpiresAt,omitempty"`

	// client is where the login came from, for its user to recognise.
	// +optional
	Client SessionClient `json:"client,omitzero"`

	// passwordFingerprint identifies the password hash that the login was made with; a changed
	// password ends refresh.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	PasswordFingerprint string `json:"passwordFingerprint,omitempty"`

	// refresh is how far the chain of refresh tokens has come.
	// +optional
	Refresh SessionRefresh `json:"refresh,omitzero"`
}

// SessionUser is who logged in.
type SessionUser struct {
	// name is the metadata.name of the User.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`
	// uid is the metadata.uid of the User: another one of the name, made later, isn't who logged in.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Type=string
	UID types.UID `json:"uid"`
}

// SessionClient is where a login came from.
type SessionClient struct {
	// userAgent is the client's User-Agent, printable and cut to 256 characters.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	UserAgent string `json:"userAgent,omitempty"`
	// address is the client's IP address.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Address string `json:"address,omitempty"`
}

// SessionRefresh is the highest generation of refresh token that was presented.
type SessionRefresh struct {
	// generation is 0 at login; the first refresh token has generation 1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Generation int64 `json:"generation,omitempty"`
	// tokenID is the jti of the token of that generation that was presented; none at login.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	TokenID string `json:"tokenID,omitempty"`
	// at is when that token was presented first. Unset: at login.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +kubebuilder:validation:XValidation:rule="self > timestamp('1000-01-01T00:00:00Z')",message="at must be a time such as 2026-01-02T15:04:05Z"
	At *metav1.Time `json:"at,omitempty"`
}

// SessionList is a list of Sessions.
//
// +kubebuilder:object:root=true
type SessionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Session `json:"items"`
}
