// Package credential gets access tokens for the person at a command line, and keeps their login between two
// commands: a password is typed once for each login, not once for each command.
//
//   - login.go: whose login, at which realm of which service
//   - service.go: what the service is asked, and over what it is
//   - store.go: where logins are kept, and who may use one at a time
//   - source.go: a token, from what is kept or from a password
//
// What is kept stands for the person until the login ends, so it lies in files that only they can read.
// Nothing of it is printed, and no error quotes it.
package credential
