package v1alpha1

// GrantableRoleName names a Role of the same namespace that somebody can be given: not a reserved one.
// It has lower-case letters, digits and, between them, hyphens. A Role that doesn't exist grants nothing.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule=`self.matches(r'^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,message="a role name has lower-case letters, digits and, between them, hyphens, such as report-reader"
// +kubebuilder:validation:XValidation:rule="!(self in ['anonymous', 'authenticated'])",message="anonymous and authenticated are reserved: everybody holds them already, so leave the name out"
type GrantableRoleName string

// Names that Latchkey gives to what it makes. Other tools may rely on them.
const (
	// RealmName is the one name a Realm may have.
	RealmName = "default"

	// AnonymousRole is the Role held by every caller, also without a token.
	AnonymousRole = "anonymous"
	// AuthenticatedRole is the Role held by every valid user.
	AuthenticatedRole = "authenticated"

	// SigningKeysSecretName is the Secret of a realm's namespace that holds its key document.
	SigningKeysSecretName = "latchkey-signing-keys"
	// SigningKeysSecretType is the type of that Secret.
	SigningKeysSecretType = "auth.latchkey.dev/signing-keys"
	// SigningKeysDataKey is the data key of the document in that Secret.
	SigningKeysDataKey = "keys.json"

	// PasswordSecretType is the type a Secret must have for a User to name it: types are
	// immutable, so nobody aims a User at an unrelated Secret.
	PasswordSecretType = "auth.latchkey.dev/password"
	// PasswordHashDataKey holds a PHC string (argon2id, or bcrypt from a migration).
	PasswordHashDataKey = "passwordHash"
	// PasswordDataKey holds a plaintext password on its way in; the leader hashes and removes it.
	PasswordDataKey = "password"

	// SessionFinalizer lets the leader write a RevokedToken before a Session goes.
	SessionFinalizer = "auth.latchkey.dev/revoke"
	// SessionUserLabel carries the name of a Session's user.
	SessionUserLabel = "auth.latchkey.dev/user"
	// SessionUserUIDLabel carries the UID of a Session's user.
	SessionUserUIDLabel = "auth.latchkey.dev/user-uid"
	// SessionExpiresAnnotation carries a Session's spec.expiresAt (RFC 3339), so that
	// metadata alone is enough to collect it.
	SessionExpiresAnnotation = "auth.latchkey.dev/expires-at"

	// ManagedByLabel marks Secrets made by the users endpoint, which collects orphans of its own only.
	ManagedByLabel = "app.kubernetes.io/managed-by"
	// ManagedByLatchkey is that label's value.
	ManagedByLatchkey = "latchkey"
)
