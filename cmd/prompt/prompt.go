// Package prompt asks a person for what must not stand on a command line, where the shell's history and
// everybody who lists processes would see it.
package prompt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// longest is the most, in bytes, that is read of one line: far more than any password may have.
const longest = 4096

// IsTerminal reports whether a person types what in reads.
func IsTerminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Password reads one line, without echo where a person types it; only then label is written to out.
// When ctx ends first, the terminal is left as it was.
func Password(ctx context.Context, in io.Reader, out io.Writer, label string) (string, error) {
	if !IsTerminal(in) {
		return Line(in)
	}
	fd := int(in.(*os.File).Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read the terminal's state: %w", err)
	}
	fmt.Fprint(out, label)
	defer fmt.Fprintln(out)
	type line struct {
		text []byte
		err  error
	}
	typed := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		typed <- line{text, err}
	}()
	select {
	case l := <-typed:
		if errors.Is(l.err, io.EOF) {
			return "", errors.New("nothing was typed")
		}
		return string(l.text), l.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}

// Line reads one line, without its end. Of what comes after it nothing is promised.
func Line(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, longest)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read a line: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
