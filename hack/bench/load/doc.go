// Package load asks one HTTP server over and over, by as little work of its own as
// possible: requests are built before the clock starts, and of an answer it reads what
// proves that it is the right one. A single wrong answer ends everything with an error.
//
//	request.go      requests, and what must come back
//	connection.go   one keep-alive connection
//	client.go       many of them, for a while
package load
