package importing

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Authelia reads the users_database.yml of Authelia's file provider: below users a mapping of
// names to password, displayname, email, groups and disabled. What newer versions keep beside
// these (given_name, address, extra, …) is noted and left aside.
func Authelia(file []byte, o Options) (Result, error) {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return Result{}, errNoUsers
	case err != nil: // the library's words may hold a part of the file
		return Result{}, errors.New("the file isn't YAML: Authelia's own `authelia config validate`, or any other YAML reader, says where")
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return Result{}, errors.New("the file holds more than one YAML document: Authelia reads the first alone, so take the others out")
	}
	var users *yaml.Node
	var aside []string
	for _, m := range members(document.Content[0]) {
		if m.key.Value == "users" && users == nil {
			users = m.value
			continue
		}
		aside = append(aside, shown(m.key.Value))
	}
	if users == nil || users.Kind != yaml.MappingNode {
		return Result{}, errors.New("the file has no mapping users: is it the file of authentication_backend.file.path?")
	}
	var entries []entry
	for _, m := range members(users) {
		entries = append(entries, autheliaEntry(m))
	}
	if len(entries) > 0 {
		entries[0].aside = append(entries[0].aside, aside...)
	}
	if o.NoGroups {
		for i := range entries {
			entries[i].groups = nil
		}
	}
	return convert(entries, o)
}

// member is a key of a mapping and what it stands for.
type member struct{ key, value *yaml.Node }

// members are those of a mapping, in the order of the file.
func members(mapping *yaml.Node) []member {
	if mapping.Kind != yaml.MappingNode {
		return nil
	}
	var all []member
	for pair := range slices.Chunk(mapping.Content, 2) {
		all = append(all, member{pair[0], resolved(pair[1])})
	}
	return all
}

// resolved is what an alias stands for. Aliases of aliases are none in YAML.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// autheliaEntry reads one user. Whatever has another form than Authelia's refuses the user: to
// guess at disabled would be worse.
func autheliaEntry(m member) entry {
	e := entry{line: m.key.Line, name: m.key.Value}
	if e.name == "<<" {
		e.problem = "a merge key can't stand among the users"
		return e
	}
	var fields map[string]yaml.Node // heeds merge keys, and refuses a key that is there twice
	if m.value.Kind != yaml.MappingNode || m.value.Decode(&fields) != nil {
		e.problem = "it isn't a mapping whose keys are all different"
		return e
	}
	for key := range fields {
		node := fields[key]
		value := resolved(&node)
		understood := true
		switch key {
		case "password":
			e.hash, understood = text(value)
		case "displayname":
			e.displayName, understood = text(value)
		case "email":
			e.email, understood = text(value)
		case "groups":
			e.groups, understood = texts(value)
		case "disabled":
			understood = value.Decode(&e.disabled) == nil
		default:
			e.aside = append(e.aside, shown(key))
		}
		if !understood {
			e.problem = key + " has another form than Authelia's"
		}
	}
	slices.Sort(e.aside)
	return e
}

// text is a scalar as it is written, "" for null.
func text(n *yaml.Node) (string, bool) {
	if n.Tag == "!!null" {
		return "", true
	}
	return n.Value, n.Kind == yaml.ScalarNode
}

// texts are the scalars of a sequence, none for null.
func texts(n *yaml.Node) ([]string, bool) {
	if n.Tag == "!!null" {
		return nil, true
	}
	if n.Kind != yaml.SequenceNode {
		return nil, false
	}
	var all []string
	for _, item := range n.Content {
		one, isText := text(resolved(item))
		if !isText {
			return nil, false
		}
		all = append(all, one)
	}
	return all, true
}

// shown is a key as remarks may hold it: in a file that is broken, a password may stand where a key should.
func shown(key string) string {
	if !keyForm.MatchString(key) {
		return "a key unlike Authelia's"
	}
	return key
}

var keyForm = regexp.MustCompile(`^[a-z_]{1,32}$`)
