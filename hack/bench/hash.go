package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/password"
)

// measureHash is the process that verifies passwords with argon2id and does nothing else; it
// prints how many a second.
func measureHash(args []string, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("want a time, not %q", args)
	}
	atLeast, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	text, err := password.Default().Make(benchPassword)
	if err != nil {
		return err
	}
	hash, err := password.Parse(text)
	if err != nil {
		return err
	}
	n, began := 0, time.Now()
	for time.Since(began) < atLeast {
		if !hash.Verify(benchPassword) {
			return errors.New("a hash that was just made doesn't hold")
		}
		n++
	}
	return json.NewEncoder(out).Encode(float64(n) / time.Since(began).Seconds())
}
