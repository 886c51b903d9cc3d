// Package v1alpha1 holds the kinds of auth.latchkey.dev/v1alpha1: what a platform
// engineer writes (Realm, Role, User, RevokedToken) and what a login leaves behind
// (Session). Each kind has a file of its own; conditions.go names every condition
// type and reason. The schema refuses what it can see to be wrong and says what to
// write instead; what it can't see (a missing Secret, an unknown Role) becomes a
// condition and an Event.
//
// Whatever the schema admits must decode: one object that doesn't would make a typed
// LIST fail for everybody. So durations and times carry patterns that are narrower
// than the formats of OpenAPI.
//
// +kubebuilder:object:generate=true
// +groupName=auth.latchkey.dev
package v1alpha1
