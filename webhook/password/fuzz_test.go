package password_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/password"
)

// What Parse may admit, said a second time and in another way.
var (
	argon2idForm = regexp.MustCompile(`^\$argon2id\$v=19\$m=([1-9][0-9]{0,5}),t=([1-9][0-9]?),p=([1-9][0-9]?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$`)
	bcryptForm   = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$`)
)

// FuzzParse: no text makes Parse panic, what it admits is within bounds and in
// the one form that an encoder writes, and can be verified without a panic. The
// last is tried where it is cheap only.
func FuzzParse(f *testing.F) {
	f.Add(argon2idText)
	f.Add(bcryptText)
	f.Fuzz(func(t *testing.T, phc string) {
		h, err := password.Parse(phc)
		if err != nil {
			if h.Memory() != 0 || h.Verify("") {
				t.Fatalf("%q is refused and leaves a hash", phc)
			}
			return
		}
		if h.Memory() > password.MaxMemory {
			t.Fatalf("%q needs %d bytes", phc, h.Memory())
		}
		cheap := strings.Contains(phc, "$04$")
		switch shape := password.ShapeOf(h); {
		case shape == (password.Shape{}):
			if !bcryptForm.MatchString(phc) {
				t.Fatalf("%q is admitted as bcrypt", phc)
			}
		default:
			checkArgon2id(t, phc, shape)
			cheap = shape.Params.MemoryKiB*shape.Params.Time <= 4096
		}
		if cheap {
			h.Verify("")
			h.Verify("a\x00a")
			h.Verify(strings.Repeat("x", 73))
		}
	})
}

func checkArgon2id(t *testing.T, phc string, got password.Shape) {
	t.Helper()
	parts := argon2idForm.FindStringSubmatch(phc)
	if parts == nil {
		t.Fatalf("%q is admitted as argon2id", phc)
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(parts[1+i]) // digits only
	}
	m, p := n[0], n[2]
	want := password.Shape{
		Params:     password.Params{MemoryKiB: uint32(m), Time: uint32(n[1]), Parallelism: uint8(p)},
		SaltLength: len(parts[4]) * 6 / 8,
		Bytes:      len(parts[5]) * 6 / 8,
	}
	if got != want || m < 8*p || m > 131072 || n[1] > 16 || p > 16 || got.SaltLength > 64 || got.Bytes > 64 {
		t.Fatalf("%q is admitted as %+v", phc, got)
	}
}

// FuzzParseArgon2idBounds: a well-formed argon2id hash is admitted if, and only
// if, each number is within its bounds.
func FuzzParseArgon2idBounds(f *testing.F) {
	f.Add(uint64(19456), uint64(2), uint64(1), []byte("sixteen bytes of"), []byte("thirty-two bytes of hash, or so…"))
	f.Fuzz(func(t *testing.T, m, time, p uint64, salt, key []byte) {
		phc := fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", m, time, p,
			base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
		within := 1 <= p && p <= 16 && 1 <= time && time <= 16 && 8*p <= m && m <= 131072 &&
			8 <= len(salt) && len(salt) <= 64 && 16 <= len(key) && len(key) <= 64
		if h, err := password.Parse(phc); (err == nil) != within {
			t.Fatalf("%s: %v", phc, err)
		} else if within && h.Memory() != m<<10 {
			t.Fatalf("%s needs %d bytes", phc, h.Memory())
		}
	})
}
