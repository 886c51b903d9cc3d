package webhook

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// member is a member of a JSON object that may be absent, null or a value. null is the
// zero value, as a merge patch (RFC 7396) means it.
type member[T any] struct {
	sent  bool
	value T
}

// UnmarshalJSONFrom notes that the member was there, and reads it.
func (m *member[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	m.sent = true
	return json.UnmarshalDecode(d, &m.value)
}

// apply sets what the member is about, if it was there.
func (m member[T]) apply(to *T) {
	if m.sent {
		*to = m.value
	}
}
