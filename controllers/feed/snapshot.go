package feed

import (
	"encoding/json"
	"fmt"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// Objects are what somebody read once of some realms: whole objects, in the API
// server's JSON.
type Objects struct{ Realms, Users, Roles []json.RawMessage }

// Snapshot returns a directory that says what a Feed's would that has just read
// these objects, for whoever explains the decisions that follow from them. It knows
// no keys and no revocations. The URL is the service's, and only issuers depend on
// it. Each error is about an object that can't be read, and denies what it names.
func Snapshot(o Objects, externalURL string) (*directory.Directory, []error) {
	d := directory.New()
	realms, problems := entries(o.Realms, onlyTheOne(translator(realmDecoder(externalURL, ""))))
	d.Settings().Replace(realms, 0)
	users, more := entries(o.Users, translator(decodeUser))
	d.Users().Replace(users, 0)
	problems = append(problems, more...)
	roles, more := entries(o.Roles, translator(decodeRole))
	d.Roles().Replace(roles, 0)
	return d, append(problems, more...)
}

// ReadRole returns what a Role object grants. The zero Role, which stands beside
// an error and for an object that is being deleted, grants nothing.
func ReadRole(whole json.RawMessage) (directory.Role, error) {
	var o object
	if err := json.Unmarshal(whole, &o); err != nil {
		return directory.Role{}, err
	}
	return decodeRole(&o.ObjectMeta, o.Spec)
}

// entries translates whole objects. One of which not even the name can be read
// doesn't count.
func entries[T any](whole []json.RawMessage, translate func(any) (entry[T], bool)) (items []directory.Item[T], problems []error) {
	for i, data := range whole {
		var o object
		if err := json.Unmarshal(data, &o); err != nil {
			problems = append(problems, fmt.Errorf("read object %d: %w", i, err))
			continue
		}
		e, _ := translate(&o)
		if e.err != nil {
			problems = append(problems, fmt.Errorf("read %s %q: %w", o.Kind, o.Name, e.err))
		}
		if !e.absent {
			items = append(items, e.Item)
		}
	}
	return items, problems
}
