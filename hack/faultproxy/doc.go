// Package faultproxy is a TCP proxy on loopback whose only use is to fail: tests put one in front of a
// server, for each of its clients, and then break that client's network. It knows nothing of what it
// carries, so TLS passes through it.
//
//	proxy.go  a listener, and what it was told to do
//	conn.go   one connection, and the two directions in which bytes wait
package faultproxy
