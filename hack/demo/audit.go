package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// audit takes the log lines of Latchkey's processes, keeps all of them in a file, and shows the
// audit lines to people.
type audit struct {
	file *os.File

	mu    sync.Mutex
	shown io.Writer // nil: nobody looks yet
	gone  func(error)
}

// follow shows audit lines on w from now on, and calls gone when nobody reads them any more.
func (a *audit) follow(w io.Writer, gone func(error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shown, a.gone = w, gone
}

// of is where a process writes its log, a whole line at a time; its name may be empty where it is alone.
func (a *audit) of(process string) io.Writer { return &auditOf{a, process} }

type auditOf struct {
	audit   *audit
	process string
}

// Write implements io.Writer.
func (o *auditOf) Write(line []byte) (int, error) {
	a := o.audit
	a.mu.Lock()
	defer a.mu.Unlock()
	n, err := a.file.Write(line)
	if text, ok := readable(line); ok && a.shown != nil {
		if _, err := fmt.Fprintln(a.shown, strings.TrimSpace(o.process+" "+text)); err != nil {
			a.shown = nil
			a.gone(err)
		}
	}
	return n, err
}

// readable turns an audit line into "12:30:01 login user=vera …"; other lines aren't for the audit log.
func readable(line []byte) (string, bool) {
	var entry struct {
		Time       time.Time
		Msg, Event string
	}
	if json.Unmarshal(line, &entry) != nil || entry.Msg != "audit" {
		return "", false
	}
	var rest strings.Builder
	decoder := json.NewDecoder(bytes.NewReader(line))
	if _, err := decoder.Token(); err != nil { // the opening brace
		return "", false
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return "", false
		}
		var value any
		if err := decoder.Decode(&value); err != nil {
			return "", false
		}
		switch name {
		case "time", "level", "msg", "event":
		default:
			fmt.Fprintf(&rest, " %v=%v", name, value)
		}
	}
	return entry.Time.Local().Format(time.TimeOnly) + " " + entry.Event + rest.String(), true
}
