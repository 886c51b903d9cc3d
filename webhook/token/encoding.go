package token

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const documentVersion = 1

// documentJSON is the data key keys.json of the Secret latchkey-signing-keys.
type documentJSON struct {
	Version        int              `json:"version"`
	DistrustBefore time.Time        `json:"distrustBefore,omitzero"`
	Generations    []generationJSON `json:"generations"`
}

type generationJSON struct {
	ID          string    `json:"id"`
	Algorithm   Algorithm `json:"algorithm"`
	State       State     `json:"state"`
	CreatedAt   time.Time `json:"createdAt"`
	ActivatesAt time.Time `json:"activatesAt"`
	ExpiresAt   time.Time `json:"expiresAt"`
	SigningKey  []byte    `json:"signingKey,omitempty"` // PKCS#8 DER; HS256: 32 bytes, also when retired
	PublicKey   []byte    `json:"publicKey,omitempty"`  // PKIX DER; HS256: none
	InternalKey []byte    `json:"internalKey"`          // 32 bytes
}

// ParseDocument reads a key document, version 1, as strictly as it can: unknown,
// duplicate and case-folded members are refused, ids are unique, exactly one
// generation is active, each key is one for its algorithm, and a public key
// belongs to its private one. A retired generation holds no private key, and may
// have lost its public one too. Errors name the generation and the field, and
// never quote a value. Whether the active generation is distrusted is not judged
// here: see Document.Distrusts.
func ParseDocument(data []byte) (Document, error) {
	var in documentJSON
	if err := json.Unmarshal(data, &in, json.RejectUnknownMembers(true)); err != nil {
		return Document{}, fmt.Errorf("parse key document: %w", whereOnly(err))
	}
	if in.Version != documentVersion {
		return Document{}, fmt.Errorf("parse key document: version: must be %d, not %d", documentVersion, in.Version)
	}
	d := Document{DistrustBefore: in.DistrustBefore.UTC()}
	for i, g := range in.Generations {
		generation, err := g.decode()
		if err != nil {
			return Document{}, fmt.Errorf("parse key document: %w", inGeneration(i, g.ID, err))
		}
		d.Generations = append(d.Generations, generation)
	}
	if err := d.validate(); err != nil {
		return Document{}, fmt.Errorf("parse key document: %w", err)
	}
	return d, nil
}

// Marshal writes d, secrets included, as ParseDocument reads it. It fails if
// ParseDocument would refuse the result.
func (d Document) Marshal() ([]byte, error) {
	if err := d.validate(); err != nil {
		return nil, fmt.Errorf("marshal key document: %w", err)
	}
	out := documentJSON{Version: documentVersion, DistrustBefore: d.DistrustBefore.UTC()}
	for i, g := range d.Generations {
		generation, err := g.encode()
		if err != nil {
			return nil, fmt.Errorf("marshal key document: %w", inGeneration(i, g.ID, err))
		}
		out.Generations = append(out.Generations, generation)
	}
	return json.Marshal(out)
}

func (in generationJSON) decode() (Generation, error) {
	material, err := in.decodeKeys()
	return Generation{
		ID:          in.ID,
		Algorithm:   in.Algorithm,
		State:       in.State,
		CreatedAt:   in.CreatedAt.UTC(),
		ActivatesAt: in.ActivatesAt.UTC(),
		ExpiresAt:   in.ExpiresAt.UTC(),
		keys:        seal(material),
	}, err
}

// decodeKeys leaves to keys.validate what follows from algorithm and state.
// The causes of x509 are dropped: they describe the bytes.
func (in generationJSON) decodeKeys() (keys, error) {
	k := keys{internal: in.InternalKey}
	if in.Algorithm == HS256 {
		if len(in.PublicKey) > 0 {
			return keys{}, errors.New("publicKey: there is none for HS256")
		}
		if len(in.SigningKey) > 0 {
			k.verifying = in.SigningKey
		}
		if len(in.SigningKey) > 0 && in.State != Retired {
			k.signing = in.SigningKey
		}
		return k, nil
	}
	var err error
	if len(in.SigningKey) > 0 {
		if k.signing, err = x509.ParsePKCS8PrivateKey(in.SigningKey); err != nil {
			return keys{}, errors.New("signingKey: not a private key in PKCS#8 DER")
		}
	}
	if len(in.PublicKey) > 0 {
		if k.verifying, err = x509.ParsePKIXPublicKey(in.PublicKey); err != nil {
			return keys{}, errors.New("publicKey: not a public key in PKIX DER")
		}
	}
	if k.signing != nil && !sameKey(verifyingKey(k.signing), k.verifying) {
		return keys{}, errors.New("publicKey: is missing, or does not belong to the signingKey")
	}
	return k, nil
}

func (g Generation) encode() (out generationJSON, err error) {
	k := g.keys()
	out = generationJSON{
		ID:          g.ID,
		Algorithm:   g.Algorithm,
		State:       g.State,
		CreatedAt:   g.CreatedAt.UTC(),
		ActivatesAt: g.ActivatesAt.UTC(),
		ExpiresAt:   g.ExpiresAt.UTC(),
		InternalKey: k.internal,
	}
	if g.Algorithm == HS256 {
		out.SigningKey, _ = k.verifying.([]byte)
		return out, nil
	}
	if k.signing != nil {
		if out.SigningKey, err = x509.MarshalPKCS8PrivateKey(k.signing); err != nil {
			return generationJSON{}, errors.New("signingKey: can't be encoded")
		}
	}
	if k.verifying != nil {
		if out.PublicKey, err = x509.MarshalPKIXPublicKey(k.verifying); err != nil {
			return generationJSON{}, errors.New("publicKey: can't be encoded")
		}
	}
	return out, nil
}

// whereOnly keeps of an error of the JSON library what can't hold material: its
// kind and place. The library quotes values, and names that are not ours.
func whereOnly(err error) error {
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return fmt.Errorf("byte %d: duplicate member", syntactic.ByteOffset)
		}
		return fmt.Errorf("byte %d: not JSON", syntactic.ByteOffset)
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		if errors.Is(err, json.ErrUnknownName) {
			return fmt.Errorf("byte %d: unknown member", semantic.ByteOffset)
		}
		return fmt.Errorf("%s: a value of the wrong type or form", semantic.JSONPointer) // of known names only
	}
	return errors.New("not JSON")
}
