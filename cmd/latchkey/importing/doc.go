// Package importing turns the user files of other products into Users and their password
// Secrets, as manifests to apply.
//
// It talks to no API server, changes no hash and makes none: who knew their password before
// knows it after. What it can't take it leaves out and says why; nothing that it says holds a
// password or a hash.
//
//	htpasswd.go   Apache's and nginx's user files
//	authelia.go   Authelia's users_database.yml
//	convert.go    an entry of either to a User and its Secret, or the reason why not
//	hash.go       which hashes are taken, and what the others are called
//	bounds.go     what the kinds admit, in the schema's words
//	manifests.go  the YAML
package importing
