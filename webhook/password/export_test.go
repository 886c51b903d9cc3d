package password

// Shape is what verifying an argon2id hash costs.
type Shape struct {
	Params            Params
	SaltLength, Bytes int
}

// AsDecoy returns h as Dummy would mark it.
func AsDecoy(h Hash) Hash {
	h.decoy = true
	return h
}

// IsDecoy tells whether h is marked as Dummy does.
func IsDecoy(h Hash) bool { return h.decoy }

// ShapeOf shows the shape of h; the zero Shape if it is not argon2id.
func ShapeOf(h Hash) Shape {
	a, ok := h.scheme().(*argon2id)
	if !ok {
		return Shape{}
	}
	return Shape{Params: a.params, SaltLength: len(a.salt), Bytes: len(a.key)}
}
