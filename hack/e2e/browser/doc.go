// Package browser holds the stories of people with browsers: Chromium, two apps of one domain behind a
// real proxy, and Latchkey's own pages, all over TLS under real names. Nothing leaves this machine.
//
//	suite_test.go       what runs, once for all stories
//	front_test.go       TLS, and which name leads where
//	verbs_test.go       the verbs that stories are told with
//	login_test.go       from an app to the login page and exactly back
//	denied_test.go      who is known and may not
//	account_test.go     sign-out, sessions, passwords
//	cookies_test.go     cookies that are blocked, out of date, or can't be shared
//	abuse_test.go       what pages of neighbours try
//	redirect_test.go    addresses to go back to that lead elsewhere
//	keyboard_test.go    without a mouse, without JavaScript
//	accessible_test.go  names, contrast and width of every page
//	pictures_test.go    the pictures of docs/images
package browser
