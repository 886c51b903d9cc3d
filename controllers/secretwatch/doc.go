// Package secretwatch tells controllers, on the leader, that a Secret of a realm changed.
//
// Secrets are in no cache: nobody may list them beyond the namespaces that hold a Realm,
// and no copy of a password hash or key belongs into a controller's memory. So a
// reflector per such namespace follows the metadata of two selections: the password
// Secrets (by type) and the one key Secret (by name). It keeps names and versions only
// and passes on names; who is told reads the Secret live.
//
// Read watcher.go for how Realms come and go, reflect.go for one selection of one namespace.
package secretwatch
