// Package token makes and judges the tokens of a realm.
//
// It owns the key document, the signing and verifying keys made from it, and
// the claims of the four token types. It is pure: no Kubernetes, no network,
// no clock; time and randomness are given to it. It does not know users, roles
// or revocations: a verified token says who signed what and when, and the
// directory says whether that still counts.
//
// In reading order:
//
//   - document.go: the generations of keys that a realm has, and what makes a
//     document acceptable; encoding.go is its JSON, generate.go makes and
//     retires generations, algorithm.go says what a key of an algorithm is.
//   - ring.go: the keys of a document that are trusted, found by the exact
//     first segment of a token; jwks.go publishes the public ones.
//   - claims.go: what a token says, and the bounds that hold for it on both
//     sides: Sign makes nothing that Verify would refuse.
//   - sign.go, verify.go: the two directions.
//   - cache.go: what was verified once is remembered, and judged anew.
//   - redact.go: why none of this can be printed.
//
// # Headers are compared, never interpreted
//
// Only Latchkey signs these tokens, so the first segment of a token must equal,
// byte for byte, the header that one of the realm's keys puts on tokens of the
// type that is asked for. That one map lookup selects key and algorithm; there
// is no alg, typ, kid, crit, jku or jwk from a stranger to be misled by
// (RFC 8725 sections 3.1 to 3.11). The media-type form "application/at+jwt" and
// other spellings, which RFC 9068 section 4 lets a general verifier accept, are
// refused for the same reason.
package token
