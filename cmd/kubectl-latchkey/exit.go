package main

import (
	"errors"
	"fmt"
	"io"
)

// Exit codes, so that a script can tell a no from a question that nobody could answer.
const (
	exitNo     = 1 // the answer is no, and it is printed
	exitFailed = 2 // there is no answer
)

// errNo ends a subcommand whose printed answer is a no.
var errNo = errors.New("no")

// exitCode reports what went wrong, if something did, and returns the process's exit code.
func exitCode(w io.Writer, err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errNo):
		return exitNo
	}
	fmt.Fprintln(w, "error:", err)
	return exitFailed
}
