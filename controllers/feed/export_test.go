package feed

import (
	"encoding/json"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// What a feed makes of an object, given as the API server's JSON.

func parsed(data []byte) (o object) {
	if err := json.Unmarshal(data, &o); err != nil {
		panic(err)
	}
	return o
}

func DecodeUser(data []byte) (directory.User, error) {
	o := parsed(data)
	return decodeUser(&o.ObjectMeta, o.Spec)
}

func DecodeRole(data []byte) (directory.Role, error) {
	o := parsed(data)
	return decodeRole(&o.ObjectMeta, o.Spec)
}

func DecodeRevocation(data []byte) (directory.Revocation, error) {
	o := parsed(data)
	return decodeRevocation(&o.ObjectMeta, o.Spec)
}

func DecodeRealm(data []byte, externalURL, defaultRealm string) (directory.Settings, error) {
	o := parsed(data)
	return realmDecoder(externalURL, defaultRealm)(&o.ObjectMeta, o.Spec)
}

// DecodeKeys returns whether the Secret counts at all for the Realm of that UID.
func DecodeKeys(data []byte, realmUID string) (document token.Document, counts bool, err error) {
	var s secret
	if err := json.Unmarshal(data, &s); err != nil {
		panic(err)
	}
	e := keyEntry(&s, realmUID)
	return e.Value, !e.absent, e.err
}

// DecodedSecret returns a Secret as it is held while it is being read.
func DecodedSecret(data []byte) any {
	var s secret
	if err := json.Unmarshal(data, &s); err != nil {
		panic(err)
	}
	return &s
}
