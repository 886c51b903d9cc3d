package token

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted, embedded, makes a secret-bearing type print as "[redacted]": with
// every verb of fmt, as JSON and in slog. Document.Marshal is the one way in
// which material leaves the package.
type redacted struct{}

const redaction = "[redacted]"

// Format writes "[redacted]", whatever the verb and flags.
func (redacted) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redaction) }

// MarshalJSON returns "[redacted]" as a JSON string.
func (redacted) MarshalJSON() ([]byte, error) { return []byte(`"` + redaction + `"`), nil }

// LogValue returns "[redacted]".
func (redacted) LogValue() slog.Value { return slog.StringValue(redaction) }

// sealed holds a secret where no walk over a value's fields finds it. fmt can't
// call Format on what stands in somebody's unexported field; there it prints the
// fields themselves and, with a verb that doesn't fit, what pointers lead to. Of
// a function it knows the address only.
type sealed[T any] func() T

func seal[T any](secret T) sealed[T] { return func() T { return secret } }
