// Package realm keeps Realm.status true, on the leader: the resolved issuer, the key
// generations, and the conditions KeysReady and Ready, which it owns.
//
// It has the key Secret kept by whoever does that (controllers/signingkey) and reports what
// came of it. What it tells about keys it derives from the document and from what status said
// before, not from what it did: so a leader that dies between the two tells the same in the end.
//
// Read setup.go for what wakes it, reconciler.go for the steps, keys.go for what it says of keys.
package realm
