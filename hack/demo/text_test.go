package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestReadable(t *testing.T) {
	local := time.Date(2026, 3, 1, 12, 30, 1, 0, time.UTC).Local().Format(time.TimeOnly)
	tests := map[string]struct {
		line, want string
	}{
		"an audit line keeps the order of what it says": {
			line: `{"time":"2026-03-01T12:30:01.5Z","level":"INFO","msg":"audit","event":"login","request":"r1","user":"vera","ok":true,"n":3}`,
			want: local + " login request=r1 user=vera ok=true n=3",
		},
		"another line is not for the audit log": {line: `{"time":"2026-03-01T12:30:01Z","msg":"listening"}`},
		"what isn't JSON is not for it either":  {line: "panic: oh"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := readable([]byte(test.line))
			if got != test.want || ok != (test.want != "") {
				t.Errorf("got %q, %t, want %q", got, ok, test.want)
			}
		})
	}
}

func TestQuotedIsOneWordOfTheShell(t *testing.T) {
	for _, value := range []string{"", "plain", "http://127.0.0.1:80 http://127.0.0.1:81", "it's", `a"b$c` + "`d`\\", "* ~ #"} {
		out, err := exec.Command("sh", "-c", "printf %s "+quoted(value)).Output()
		if err != nil || string(out) != value {
			t.Errorf("%q: the shell reads %s as %q (%v)", value, quoted(value), out, err)
		}
	}
	if strings.Contains(quoted("plain"), "'") {
		t.Error("a plain word needs no quotes")
	}
}

func TestTail(t *testing.T) {
	tests := map[string]struct {
		text string
		n    int
		want string
	}{
		"more lines than asked for": {"a\nb\nc\n", 2, "b\nc\n"},
		"fewer":                     {"a\nb\n", 5, "a\nb\n"},
		"a last line without end":   {"a\nb\nc", 2, "b\nc"},
		"nothing":                   {"", 3, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := string(tail([]byte(test.text), test.n)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
