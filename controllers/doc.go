// Package controllers is the catalog of what Latchkey does with its objects.
//
// Every replica feeds its directory (controllers/feed) and writes nothing. The controllers
// proper run on one replica, the leader; setup.go names each of them in a line, and
// options.go is what their manager caches. No controller knows another.
package controllers
