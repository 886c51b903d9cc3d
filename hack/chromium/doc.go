// Package chromium drives headless Chromium as a person would: it types, presses keys and looks at
// what is there. Whatever a page does beside that – requests, messages on the console, cookies – it
// writes down. A browser resolves no name that it isn't told, so nothing leaves this machine.
//
//	find.go    the binary
//	start.go   a browser process
//	tab.go     one person's window, and what they do in it
//	record.go  what a window requested and complained about
//	look.go    sizes, light and dark
//	reduce.go  pictures of few colours, so of few bytes
package chromium
