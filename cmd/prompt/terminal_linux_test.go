package prompt_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/latchkey-auth/latchkey/cmd/prompt"
)

// aTerminal is a terminal that the test types at, and its other end, which a command reads.
func aTerminal(t *testing.T) (keyboard, command *os.File) {
	t.Helper()
	keyboard, command, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close(); command.Close() })
	return keyboard, command
}

// echoes reports whether a terminal shows what is typed.
func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// awaitSilence returns when a terminal shows no longer what is typed.
func awaitSilence(t *testing.T, terminal *os.File) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); echoes(t, terminal); {
		if time.Now().After(deadline) {
			t.Fatal("the terminal goes on showing what is typed")
		}
	}
}

func TestAPasswordIsNotShownWhileItIsTyped(t *testing.T) {
	keyboard, command := aTerminal(t)
	var out bytes.Buffer
	typed := make(chan string, 1)
	go func() {
		secret, err := prompt.Password(t.Context(), command, &out, "Password: ")
		if err != nil {
			t.Error(err)
		}
		typed <- secret
	}()
	awaitSilence(t, command)
	if _, err := keyboard.WriteString("correct horse\n"); err != nil {
		t.Fatal(err)
	}
	if secret := <-typed; secret != "correct horse" {
		t.Errorf("read %q", secret)
	}
	if out.String() != "Password: \n" {
		t.Errorf("asked by %q", out.String())
	}
	if !echoes(t, command) {
		t.Error("the terminal was left without echo")
	}
	if _, err := command.WriteString("done"); err != nil { // so that there is something to see
		t.Fatal(err)
	}
	shown := make([]byte, 100)
	n, err := keyboard.Read(shown)
	if err != nil || string(shown[:n]) != "done" {
		t.Errorf("the terminal showed %q, %v", shown[:n], err)
	}
}

func TestAnInterruptedQuestionLeavesTheTerminalAsItWas(t *testing.T) {
	_, command := aTerminal(t)
	ctx, interrupt := context.WithCancel(t.Context())
	asked := make(chan error, 1)
	go func() {
		_, err := prompt.Password(ctx, command, &bytes.Buffer{}, "Password: ")
		asked <- err
	}()
	awaitSilence(t, command)
	interrupt()
	if err := <-asked; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if !echoes(t, command) {
		t.Error("the terminal was left without echo")
	}
}
