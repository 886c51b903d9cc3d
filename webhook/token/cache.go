package token

import (
	"errors"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"
)

// Cache remembers tokens whose signature was verified, by their text, so that
// the next request with one costs a lookup. It is bounded, may serve all realms,
// and its reads take no lock. The zero Cache remembers nothing.
//
// Only what no clock and no caller can change is taken from memory; on a hit too
// the key must still be trusted by the Ring that is asked, and type, issuer,
// audience and times are compared anew.
type Cache struct {
	tokens *otter.Cache[string, *verified]
}

// NewCache returns a Cache of at most about entries tokens; with none, or fewer,
// each token is verified each time.
func NewCache(entries int) *Cache {
	if entries <= 0 {
		return &Cache{}
	}
	return &Cache{tokens: otter.Must(&otter.Options[string, *verified]{MaximumSize: entries})}
}

// Verify returns what r.Verify would. The claims are shared with other callers
// and must not be modified. raw may be part of a larger buffer: the Cache keeps a
// copy.
func (c *Cache) Verify(r *Ring, raw string, e Expect, now time.Time) (*Claims, error) {
	v, hit := c.recall(r, raw, e.Type, now)
	if !hit {
		var err error
		if v, err = r.authenticate(raw, e.Type, now); err != nil {
			return nil, err
		}
	}
	switch err := v.meets(e, now); {
	case err == nil && hit:
		return &v.claims, nil
	case err == nil:
		c.remember(raw, v)
		return &v.claims, nil
	case hit && errors.Is(err, ErrExpired):
		c.tokens.Invalidate(raw)
		return nil, err
	default:
		return nil, err
	}
}

// recall returns what is remembered of raw, if r still trusts the very key that
// verified it.
func (c *Cache) recall(r *Ring, raw string, t Type, now time.Time) (*verified, bool) {
	if c == nil || c.tokens == nil || len(raw) > MaxSize {
		return nil, false
	}
	v, ok := c.tokens.GetIfPresent(raw)
	if !ok || r.find(v.by.header, t, now) != v.by {
		return nil, false
	}
	return v, true
}

func (c *Cache) remember(raw string, v *verified) {
	if c != nil && c.tokens != nil {
		c.tokens.Set(strings.Clone(raw), v)
	}
}
