package v1alpha1

// Condition types. All have positive polarity: True is the good state.
const (
	// ConditionReady summarises an object: it does what its spec says. Of a RevokedToken it is Enforced once more, for
	// tools that know no other condition.
	ConditionReady = "Ready"
	// ConditionKeysReady says that a Realm has a usable key document.
	ConditionKeysReady = "KeysReady"
	// ConditionEnforced says that every replica refuses what a RevokedToken names.
	ConditionEnforced = "Enforced"
)

// Reasons of User's Ready.
const (
	ReasonReady                   = "Ready"
	ReasonDisabled                = "Disabled"
	ReasonNoPassword              = "NoPassword"
	ReasonPasswordSecretNotFound  = "PasswordSecretNotFound"
	ReasonPasswordSecretWrongType = "PasswordSecretWrongType"
	ReasonPasswordHashInvalid     = "PasswordHashInvalid"
	ReasonUnknownRole             = "UnknownRole"
	// ReasonNoRealm: the namespace holds no Realm, so nothing in it is in force.
	ReasonNoRealm = "NoRealm"
	// ReasonPasswordSecretUnreachable: Latchkey may not read or write the password Secret (RBAC of the realm's namespace).
	ReasonPasswordSecretUnreachable = "PasswordSecretUnreachable"
)

// Reasons of Role's Ready (with ReasonReady).
const (
	ReasonUnknownInclude = "UnknownInclude"
	ReasonIncludeCycle   = "IncludeCycle"
	// ReasonNotYetInForce, also of Realm's Ready: a replica that may be answering still judges by an earlier generation.
	ReasonNotYetInForce = "NotYetInForce"
)

// Reasons of RevokedToken's Enforced.
const (
	// ReasonEnforced: every replica that may be answering refuses.
	ReasonEnforced = "Enforced"
	// ReasonWaitingForReplica: a replica that is in touch hasn't followed yet.
	ReasonWaitingForReplica = "WaitingForReplica"
	// ReasonReplicaUnreachable: a replica is out of touch and may still answer by what it knew.
	ReasonReplicaUnreachable = "ReplicaUnreachable"
	// ReasonReplicaAssumedGone: a replica went without word, so nobody can say for sure that it doesn't answer.
	ReasonReplicaAssumedGone = "ReplicaAssumedGone"
	// ReasonLeasesUnreachable: the leader can't list the replicas' Leases, so it knows nothing of them.
	ReasonLeasesUnreachable = "LeasesUnreachable"
)

// Reasons of Realm's Ready and KeysReady (with ReasonReady).
const (
	// ReasonKeysNotReady: see KeysReady for why.
	ReasonKeysNotReady = "KeysNotReady"
	// ReasonKeysCreated: a first key generation was just made.
	ReasonKeysCreated = "KeysCreated"
	// ReasonKeysReplaced: the key Secret was deleted or foreign, so every token made before is dead.
	ReasonKeysReplaced = "KeysReplaced"
	// ReasonKeyRotated: another key signs, and tokens of the one before hold until they expire.
	ReasonKeyRotated = "KeyRotated"
	// ReasonRotationWaits: a key is due to sign and a replica that may be answering doesn't know it yet, or
	// there is no room for another key; the present one goes on signing.
	ReasonRotationWaits = "RotationWaits"
	// ReasonKeysInvalid: the key document can't be read; the last good one stays in use.
	ReasonKeysInvalid = "KeysInvalid"
	// ReasonKeysUnreachable: Latchkey may not read or write the key Secret (RBAC of the realm's namespace).
	ReasonKeysUnreachable = "KeysUnreachable"
	// ReasonDistrustInFuture: keys.distrustBefore lay in the future and counted as the moment it was seen.
	ReasonDistrustInFuture = "DistrustInFuture"
)

// Reasons of Events that aren't reasons of conditions.
const (
	ReasonPasswordHashed = "PasswordHashed"
	ReasonLoginsRevoked  = "LoginsRevoked"
	ReasonSessionRevoked = "SessionRevoked"
	// ReasonSessionNotRevoked: a deleted Session waits, because the API server refuses its RevokedToken.
	ReasonSessionNotRevoked = "SessionNotRevoked"
)
