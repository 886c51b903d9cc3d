// Package controllers is the catalog of what Latchkey does with its objects.
//
// Every replica feeds its directory (controllers/feed) and writes nothing but its Lease
// (controllers/replica), by which the leader knows what is in force (controllers/acknowledgement).
// The controllers proper run on one replica, the leader; setup.go names each of them in a line, and
// options.go is what their manager caches. No controller knows another.
package controllers
