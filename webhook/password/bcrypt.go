package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	minBcryptCost = 4  // the least that there is
	maxBcryptCost = 14 // some 1 to 2 s of one core

	bcryptTextLength     = 60       // "$2b$" cost "$", 22 characters of salt, 31 of hash
	bcryptPasswordLength = 72       // what comes after these bytes, bcrypt does not see
	bcryptMemory         = 16 << 10 // Blowfish's state and copies, rounded up
)

// bcryptHash is bcrypt as OpenBSD defines it. $2a$, $2b$ and $2y$ are three
// names for one function; $2x$ and $2$ are others, with known bugs, and refused.
type bcryptHash struct {
	text []byte // canonical, cost within bounds
}

func parseBcrypt(phc string) (scheme, error) {
	if len(phc) != bcryptTextLength || (phc[2] != 'a' && phc[2] != 'b' && phc[2] != 'y') || phc[3] != '$' || phc[6] != '$' {
		return nil, errors.New("bcrypt: write it as $2b$ (or $2a$, $2y$), two digits of cost, $ and 53 characters")
	}
	cost, err := strconv.ParseUint(phc[4:6], 10, 8)
	if err != nil {
		return nil, errors.New("bcrypt: the cost is not a number of two digits")
	}
	if cost < minBcryptCost || cost > maxBcryptCost {
		return nil, fmt.Errorf("bcrypt: cost %d is not %d to %d", cost, minBcryptCost, maxBcryptCost)
	}
	encoding := base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").
		WithPadding(base64.NoPadding).Strict() // strict: no bits set beyond the last byte
	for _, part := range []string{phc[7:29], phc[29:]} {
		if _, err := encoding.DecodeString(part); err != nil {
			return nil, errors.New("bcrypt: the salt or the hash is not in bcrypt's base64, or has stray bits")
		}
	}
	return &bcryptHash{text: []byte(phc)}, nil
}

// verify refuses what bcrypt would confuse with another password: it ignores
// all beyond 72 bytes, and repeats the password with a NUL between, so that "a"
// and "a\x00a" hash alike. It computes all the same, lest the quick answer tell
// that there is such a user and that the hash is bcrypt.
func (b *bcryptHash) verify(password string) bool {
	fits := len(password) <= bcryptPasswordLength && !strings.Contains(password, "\x00")
	if !fits {
		password = ""
	}
	matches := bcrypt.CompareHashAndPassword(b.text, []byte(password)) == nil
	return matches && fits
}

func (*bcryptHash) weaker(Params) bool { return true }

func (*bcryptHash) memory() uint64 { return bcryptMemory }
