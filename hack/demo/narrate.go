package main

import (
	"fmt"
	"io"
	"os"
)

// say tells people what the demo is doing.
func say(to io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(to, "demo: "+format+"\n", args...) // nobody listening is no reason to stop
}

// tail is the last n lines of text.
func tail(text []byte, n int) []byte {
	end := len(text)
	for i := end - 1; i >= 0; i-- {
		if text[i] == '\n' && i != end-1 {
			if n--; n == 0 {
				return text[i+1:]
			}
		}
	}
	return text
}

// readAll reads a file from its beginning, also one that has been removed meanwhile.
func readAll(file *os.File) []byte {
	info, err := file.Stat()
	if err != nil {
		return []byte(err.Error())
	}
	text, err := io.ReadAll(io.NewSectionReader(file, 0, info.Size()))
	if err != nil {
		return []byte(err.Error())
	}
	return text
}
