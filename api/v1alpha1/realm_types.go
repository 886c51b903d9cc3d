package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Realm makes its namespace a realm: the users, roles, revocations and keys of this
// namespace, and nobody else's. There is one per namespace, named default.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=lkrealm,categories=latchkey
// +kubebuilder:printcolumn:name="Issuer",type=string,JSONPath=`.status.issuer`
// +kubebuilder:printcolumn:name="Algorithm",type=string,JSONPath=`.spec.tokens.algorithm`
// +kubebuilder:printcolumn:name="Key",type=string,JSONPath=`.status.activeKeyID`,priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name == 'default'",fieldPath=".metadata",message="a namespace has one Realm, and its name is default"
// +kubebuilder:validation:XValidation:rule="!self.spec.tokens.accessTTL.matches('^([0-9]{1,6}(s|m|h))+$') || !self.spec.tokens.refreshTTL.matches('^([0-9]{1,6}(s|m|h))+$') || duration(self.spec.tokens.accessTTL) <= duration(self.spec.tokens.refreshTTL)",fieldPath=".spec.tokens.accessTTL",message="accessTTL must be at most refreshTTL"
// +kubebuilder:validation:XValidation:rule="!self.spec.sessions.cookieTTL.matches('^([0-9]{1,6}(s|m|h))+$') || !self.spec.tokens.refreshTTL.matches('^([0-9]{1,6}(s|m|h))+$') || duration(self.spec.sessions.cookieTTL) <= duration(self.spec.tokens.refreshTTL)",fieldPath=".spec.sessions.cookieTTL",message="cookieTTL must be at most tokens.refreshTTL"
// +kubebuilder:validation:XValidation:rule="!self.spec.tokens.refreshTTL.matches('^([0-9]{1,6}(s|m|h))+$') || !self.spec.keys.rotationPeriod.matches('^([0-9]{1,6}(s|m|h))+$') || duration(self.spec.tokens.refreshTTL).getSeconds() <= 16 * duration(self.spec.keys.rotationPeriod).getSeconds()",fieldPath=".spec.tokens.refreshTTL",message="refreshTTL must be at most 16 times keys.rotationPeriod"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.sessions.allowedRedirects) || self.spec.sessions.allowedRedirects.size() == 0 || has(self.spec.sessions.cookieDomain)",fieldPath=".spec.sessions.allowedRedirects",message="allowedRedirects needs sessions.cookieDomain, the parent domain that these hosts share"
// +kubebuilder:validation:XValidation:rule="[self.spec.identityHeaders.user, self.spec.identityHeaders.uid, self.spec.identityHeaders.email, self.spec.identityHeaders.groups].map(h, h.lowerAscii()).all(h, [self.spec.identityHeaders.user, self.spec.identityHeaders.uid, self.spec.identityHeaders.email, self.spec.identityHeaders.groups].exists_one(o, o.lowerAscii() == h))",fieldPath=".spec.identityHeaders",message="the four identity headers must have different names"
type Realm struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the realm's administrator declares; Latchkey never writes it.
	// +optional
	// +kubebuilder:default={}
	Spec RealmSpec `json:"spec,omitzero"`
	// status is what Latchkey observes; nobody's rights depend on it.
	// +optional
	Status RealmStatus `json:"status,omitzero"`
}

// RealmSpec is what an administrator declares about a realm.
type RealmSpec struct {
	// issuer is the URL in the iss claim of every token, without credentials, query or fragment.
	// Unset: the service's external URL, plus /realms/<namespace> unless this is the default realm.
	// Changing it ends every token that was issued before.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'^https?://([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]*:[0-9A-Fa-f:]*\])(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?$')`,message="an issuer is an http or https URL such as https://auth.example.com/realms/team-a, without credentials, query, fragment, // or escapes in the path"
	Issuer string `json:"issuer,omitempty"`

	// audiences are the aud claim of access tokens (RFC 7519 section 4.1.3), in printable ASCII without
	// spaces. Unset: the issuer.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	// +kubebuilder:validation:items:XValidation:rule=`self.matches(r'^[!-~]+$')`,message="an audience is printable ASCII without spaces, such as https://app.example.com"
	Audiences []string `json:"audiences,omitempty"`

	// tokens says how access and refresh tokens are made.
	// +optional
	// +kubebuilder:default={}
	Tokens RealmTokens `json:"tokens,omitzero"`

	// sessions says how long and how many logins live, and where browsers may go.
	// +optional
	// +kubebuilder:default={}
	Sessions RealmSessions `json:"sessions,omitzero"`

	// identityHeaders names the headers that tell apps who calls.
	// +optional
	// +kubebuilder:default={}
	IdentityHeaders RealmIdentityHeaders `json:"identityHeaders,omitzero"`

	// basicAuth lets the check endpoint accept Authorization: Basic, for clients that can do nothing else. Default false: who
	// sends it counts as not logged in.
	// +optional
	// +kubebuilder:default=false
	BasicAuth bool `json:"basicAuth,omitempty"`

	// keys says how signing keys are rotated and distrusted.
	// +optional
	// +kubebuilder:default={}
	Keys RealmKeys `json:"keys,omitzero"`

	// passwords bounds the passwords that are set through Latchkey.
	// +optional
	// +kubebuilder:default={}
	Passwords RealmPasswords `json:"passwords,omitzero"`

	// lockout bounds how often wrong passwords may be tried.
	// +optional
	// +kubebuilder:default={}
	Lockout RealmLockout `json:"lockout,omitzero"`

	// adminRole is the Role whose holders manage users over HTTP. Without a Role of that name nobody does.
	// +optional
	// +kubebuilder:default=admin
	AdminRole GrantableRoleName `json:"adminRole,omitempty"`

	// introspectionRole is the Role whose holders may introspect tokens (RFC 7662), beside
	// the holders of adminRole. Unset: only they.
	// +optional
	IntrospectionRole GrantableRoleName `json:"introspectionRole,omitempty"`
}

// RealmTokens says how access and refresh tokens are made.
type RealmTokens struct {
	// algorithm signs access tokens (RFC 7518, RFC 8037). HS256 is for those who must: whoever
	// verifies such tokens could also mint them. A change makes a new key; old tokens verify until they expire.
	// +optional
	// +kubebuilder:default=ES256
	// +kubebuilder:validation:Enum=ES256;EdDSA;RS256;HS256
	Algorithm string `json:"algorithm,omitempty"`

	// accessTTL is how long an access token lives: 1m to 24h, at most refreshTTL. Default 30m.
	// +optional
	// +kubebuilder:default="30m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,6}(s|m|h))+$') && duration(self) >= duration('1m') && duration(self) <= duration('24h')",message="accessTTL must be between 1m and 24h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^([0-9]+(s|m|h))+$`
	AccessTTL metav1.Duration `json:"accessTTL,omitzero"`

	// refreshTTL is how long a login lives: 1h to 2160h, at most 16 rotation periods. Default 168h.
	// +optional
	// +kubebuilder:default="168h"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,6}(s|m|h))+$') && duration(self) >= duration('1h') && duration(self) <= duration('2160h')",message="refreshTTL must be between 1h and 2160h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^([0-9]+(s|m|h))+$`
	RefreshTTL metav1.Duration `json:"refreshTTL,omitzero"`

	// passwordGrant allows POST /token with grant_type=password, for first-party clients only
	// (RFC 9700 advises against it elsewhere). Default true.
	// +optional
	// +kubebuilder:default=true
	PasswordGrant *bool `json:"passwordGrant,omitempty"`
}

// RealmSessions bounds logins.
//
// +kubebuilder:validation:XValidation:rule="!has(self.cookieDomain) || !has(self.allowedRedirects) || self.allowedRedirects.all(h, h == self.cookieDomain || h.endsWith('.' + self.cookieDomain))",fieldPath=".allowedRedirects",message="each host of allowedRedirects must be cookieDomain or lie within it"
type RealmSessions struct {
	// cookieTTL is how long a browser login lasts: 1m or more, at most tokens.refreshTTL. Default 12h.
	// +optional
	// +kubebuilder:default="12h"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,6}(s|m|h))+$') && duration(self) >= duration('1m') && duration(self) <= duration('2160h')",message="cookieTTL must be between 1m and 2160h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^([0-9]+(s|m|h))+$`
	CookieTTL metav1.Duration `json:"cookieTTL,omitzero"`

	// maxPerUser is how many logins a user may have at once; the oldest is ended. Default 20.
	// +optional
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxPerUser int32 `json:"maxPerUser,omitempty"`

	// maxLoginsPerHour is how many successful logins a user may make per hour and replica; more are 429. Default 1000.
	// +optional
	// +kubebuilder:default=1000
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	MaxLoginsPerHour int32 `json:"maxLoginsPerHour,omitempty"`

	// refreshLeeway is how long a sibling of a raced refresh token still counts: 2s to 60s. Default 10s.
	// +optional
	// +kubebuilder:default="10s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,6}(s|m|h))+$') && duration(self) >= duration('2s') && duration(self) <= duration('60s')",message="refreshLeeway must be between 2s and 60s"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^([0-9]+(s|m|h))+$`
	RefreshLeeway metav1.Duration `json:"refreshLeeway,omitzero"`

	// cookieDomain is the parent domain that apps share, such as example.com. Unset: the cookie
	// belongs to the login host alone, and the login page sends nobody to another host.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$')`,message="cookieDomain looks like example.com: lower case, at least two labels, no dot or wildcard before it, no port"
	CookieDomain string `json:"cookieDomain,omitempty"`

	// allowedRedirects are the hosts that the login page may send a browser back to, such as
	// app.example.com or *.example.com (one label, and no international one); the issuer's own host always is.
	// Each lies within cookieDomain.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule=`self.matches(r'^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$')`,message="a redirect is a host such as app.example.com or *.example.com: lower case, no scheme, port or path"
	AllowedRedirects []string `json:"allowedRedirects,omitempty"`
}

// HeaderName is an HTTP field name of letters, digits and hyphens: without underscore, which proxies drop or alias.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=64
// +kubebuilder:validation:XValidation:rule=`self.matches(r'^[A-Za-z0-9-]+$')`,message="a header name has letters, digits and hyphens, and no underscore, such as Remote-User"
// +kubebuilder:validation:XValidation:rule="!(self.lowerAscii() in ['age', 'allow', 'authorization', 'cache-control', 'connection', 'cookie', 'date', 'etag', 'expect', 'expires', 'forwarded', 'from', 'host', 'keep-alive', 'last-modified', 'location', 'max-forwards', 'origin', 'pragma', 'range', 'referer', 'retry-after', 'server', 'set-cookie', 'strict-transport-security', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent', 'vary', 'via', 'www-authenticate', 'x-real-ip', 'x-request-id']) && !self.lowerAscii().matches('^(accept$|accept-|access-control-|content-|if-|proxy-|sec-|x-accel-|x-content-|x-envoy-|x-http-|x-latchkey-|x-original-)') && (!self.lowerAscii().startsWith('x-forwarded-') || self.lowerAscii() in ['x-forwarded-user', 'x-forwarded-preferred-username', 'x-forwarded-email', 'x-forwarded-groups'])",message="this header has a meaning of its own in HTTP, to proxies or in Latchkey: choose another, such as Remote-User"
type HeaderName string

// RealmIdentityHeaders names the headers of an allowing answer; the four differ.
type RealmIdentityHeaders struct {
	// user carries the user's name. Default X-Auth-Request-User.
	// +optional
	// +kubebuilder:default="X-Auth-Request-User"
	User HeaderName `json:"user,omitempty"`
	// uid carries the user's UID. Default X-Auth-Request-Uid.
	// +optional
	// +kubebuilder:default="X-Auth-Request-Uid"
	UID HeaderName `json:"uid,omitempty"`
	// email carries the user's email address. Default X-Auth-Request-Email.
	// +optional
	// +kubebuilder:default="X-Auth-Request-Email"
	Email HeaderName `json:"email,omitempty"`
	// groups carries the effective roles, sorted, comma-separated. Default X-Auth-Request-Groups.
	// +optional
	// +kubebuilder:default="X-Auth-Request-Groups"
	Groups HeaderName `json:"groups,omitempty"`
}

// RealmKeys says how signing keys are rotated and distrusted.
type RealmKeys struct {
	// rotationPeriod is how long a key signs: 1h to 8760h. Default 720h.
	// +optional
	// +kubebuilder:default="720h"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,6}(s|m|h))+$') && duration(self) >= duration('1h') && duration(self) <= duration('8760h')",message="rotationPeriod must be between 1h and 8760h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^([0-9]+(s|m|h))+$`
	RotationPeriod metav1.Duration `json:"rotationPeriod,omitzero"`

	// distrustBefore ends the trust in every key that was made before it: they neither sign nor
	// verify, and a new one signs at once. The declarative emergency rotation. A time in the
	// future counts, once, as the moment it was first seen.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +kubebuilder:validation:XValidation:rule="self > timestamp('1000-01-01T00:00:00Z')",message="distrustBefore must be a time such as 2026-01-02T15:04:05Z"
	DistrustBefore *metav1.Time `json:"distrustBefore,omitempty"`
}

// RealmPasswords bounds passwords that are set through Latchkey.
type RealmPasswords struct {
	// minLength is the least number of characters: 8 to 128. Default 12.
	// +optional
	// +kubebuilder:default=12
	// +kubebuilder:validation:Minimum=8
	// +kubebuilder:validation:Maximum=128
	MinLength int32 `json:"minLength,omitempty"`
}

// RealmLockout bounds guessing.
type RealmLockout struct {
	// failures is how many wrong passwords one source may try for one user within window. Default 10.
	// +optional
	// +kubebuilder:default=10
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Failures int32 `json:"failures,omitempty"`
	// window is the time within which failures add up: 1m to 24h. Default 15m.
	// +optional
	// +kubebuilder:default="15m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,6}(s|m|h))+$') && duration(self) >= duration('1m') && duration(self) <= duration('24h')",message="window must be between 1m and 24h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^([0-9]+(s|m|h))+$`
	Window metav1.Duration `json:"window,omitzero"`
	// duration is how long tries are refused then: 1m to 24h. Default 15m.
	// +optional
	// +kubebuilder:default="15m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,6}(s|m|h))+$') && duration(self) >= duration('1m') && duration(self) <= duration('24h')",message="duration must be between 1m and 24h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^([0-9]+(s|m|h))+$`
	Duration metav1.Duration `json:"duration,omitzero"`
}

// RealmStatus is what Latchkey observes of a Realm.
type RealmStatus struct {
	// observedGeneration is the metadata.generation that this status describes. While it differs from metadata.generation,
	// or is unset, the rest of status isn't about the present spec.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// issuer is the iss claim of tokens as it was resolved from spec.issuer and the service's external URL.
	// +optional
	Issuer string `json:"issuer,omitempty"`
	// activeKeyID is the id, among keys, of the one that signs now.
	// +optional
	ActiveKeyID string `json:"activeKeyID,omitempty"`
	// keys are the generations of the key document, oldest first; never their material.
	// +optional
	// +listType=map
	// +listMapKey=id
	Keys []RealmKeyStatus `json:"keys,omitempty"`
	// replicas says how many of the serving replicas that may be answering judge by this generation, as in 3/3.
	// A replica that starts later rewrites nothing: it knows the generation before it answers.
	// +optional
	Replicas string `json:"replicas,omitempty"`
	// conditions are Ready and KeysReady.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime > timestamp('1000-01-01T00:00:00Z'))",message="lastTransitionTime must be a time such as 2026-01-02T15:04:05Z"
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// RealmKeyStatus describes one key generation.
type RealmKeyStatus struct {
	// id is the kid header of tokens that this key signs.
	ID string `json:"id"`
	// algorithm is the JWS algorithm by which it signs.
	Algorithm string `json:"algorithm"`
	// state is next (published, and not signing yet), active (the one that signs) or retired (it verifies what it signed).
	State string `json:"state"`
	// createdAt is when the key was made; spec.keys.distrustBefore goes by it.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +kubebuilder:validation:XValidation:rule="self > timestamp('1000-01-01T00:00:00Z')",message="createdAt must be a time such as 2026-01-02T15:04:05Z"
	CreatedAt metav1.Time `json:"createdAt"`
	// activatesAt is when the key begins, or began, to sign.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +kubebuilder:validation:XValidation:rule="self > timestamp('1000-01-01T00:00:00Z')",message="activatesAt must be a time such as 2026-01-02T15:04:05Z"
	ActivatesAt *metav1.Time `json:"activatesAt,omitempty"`
	// expiresAt is when the key is forgotten: nothing that it has signed lives any longer.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +kubebuilder:validation:XValidation:rule="self > timestamp('1000-01-01T00:00:00Z')",message="expiresAt must be a time such as 2026-01-02T15:04:05Z"
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
}

// RealmList is a list of Realms.
//
// +kubebuilder:object:root=true
type RealmList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Realm `json:"items"`
}
