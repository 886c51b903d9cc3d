package directory_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

type (
	table = directory.Table[directory.User]
	item_ = directory.Item[directory.User]
)

// ann is a version of the user ann; versions are told apart by what she says.
func ann(uid string, v directory.Version, says string) item_ {
	return item("ann", uid, v, directory.User{DisplayName: says})
}

func TestTable(t *testing.T) {
	for sentence, c := range map[string]struct {
		writes func(*table)
		want   string // what ann says; "" if she isn't there
	}{
		"an object is there once it was put": {
			func(u *table) { u.Put(ann("1", 10, "first")) }, "first"},
		"a newer version replaces an older one": {
			func(u *table) { u.Put(ann("1", 10, "first")); u.Put(ann("1", 11, "second")) }, "second"},
		"an older watch event never overwrites a newer answer": {
			func(u *table) { u.Put(ann("1", 11, "second")); u.Put(ann("1", 10, "first")) }, "second"},
		"the same version changes nothing": {
			func(u *table) { u.Put(ann("1", 10, "first")); u.Put(ann("1", 10, "other")) }, "first"},
		"the watch deletes": {
			func(u *table) { u.Put(ann("1", 10, "first")); u.Delete(team, "ann", "1", 12) }, ""},
		"the watch deletes what is newer than the deletion, if it is the same object": {
			func(u *table) { u.Put(ann("1", 13, "late")); u.Delete(team, "ann", "1", 12) }, ""},
		"the deletion of an object spares the one that was made after it": {
			func(u *table) { u.Put(ann("2", 13, "another")); u.Delete(team, "ann", "1", 12) }, "another"},
		"the deletion of an object takes an older one of that name, whose own deletion was missed": {
			func(u *table) { u.Put(ann("1", 10, "first")); u.Delete(team, "ann", "2", 12) }, ""},
		"an answer that comes after the watch has delivered the deletion brings nothing back": {
			func(u *table) { u.Delete(team, "ann", "1", 12); u.Put(ann("1", 11, "late")) }, ""},
		"an answer that is newer than all that the watch has delivered counts": {
			func(u *table) { u.Delete(team, "ann", "1", 12); u.Put(ann("2", 13, "another")) }, "another"},
		"a deletion in another namespace doesn't hide what is older here": {
			func(u *table) { u.Delete("elsewhere", "ann", "9", 50); u.Put(ann("1", 10, "first")) }, "first"},
		"what is no newer than a bookmark and isn't there was deleted": {
			func(u *table) { u.Follow(20); u.Put(ann("1", 20, "late")) }, ""},
		"a local deletion takes effect": {
			func(u *table) { u.Put(ann("1", 10, "first")); u.Forget(team, "ann", "1", 10) }, ""},
		"a local deletion isn't undone by a late event": {
			func(u *table) {
				u.Put(ann("1", 10, "first"))
				u.Forget(team, "ann", "1", 10)
				u.Put(ann("1", 11, "late"))
			}, ""},
		"a local deletion of what wasn't seen yet holds when it comes": {
			func(u *table) { u.Forget(team, "ann", "1", 0); u.Put(ann("1", 10, "first")) }, ""},
		"a local deletion spares another object of that name": {
			func(u *table) { u.Put(ann("2", 10, "another")); u.Forget(team, "ann", "1", 9) }, "another"},
		"a local deletion doesn't hinder an object that is made after it": {
			func(u *table) {
				u.Put(ann("1", 10, "first"))
				u.Forget(team, "ann", "1", 10)
				u.Put(ann("2", 12, "another"))
			}, "another"},
		"a local deletion isn't undone by a list from before it": {
			func(u *table) {
				u.Put(ann("1", 10, "first"))
				u.Forget(team, "ann", "1", 10)
				u.Replace([]item_{ann("1", 10, "first")}, 15)
				u.Put(ann("1", 16, "late"))
			}, ""},
		"a local deletion isn't undone by the watch that follows a list from before the object": {
			func(u *table) {
				u.Put(ann("1", 10, "first"))
				u.Forget(team, "ann", "1", 10)
				u.Replace(nil, 5)
				u.Put(ann("1", 10, "late"))
			}, ""},
		"a deletion of nothing known by no UID is no deletion": {
			func(u *table) { u.Forget(team, "ann", "", 0); u.Put(ann("", 10, "first")) }, "first"},
		"no tombstone is kept once the watch has delivered the deletion": {
			func(u *table) {
				u.Forget(team, "ann", "1", 10)
				u.Delete(team, "ann", "1", 12)
				u.Put(ann("1", 13, "impossible"))
			}, "impossible"},
		"no tombstone is kept of what the watch had delivered before": {
			func(u *table) {
				u.Delete(team, "ann", "1", 12)
				u.Forget(team, "ann", "1", 10)
				u.Put(ann("1", 13, "impossible"))
			}, "impossible"},
		"a list replaces what is older": {
			func(u *table) { u.Put(ann("1", 10, "first")); u.Replace([]item_{ann("1", 12, "listed")}, 15) }, "listed"},
		"a list removes what it doesn't hold": {
			func(u *table) { u.Put(ann("1", 10, "first")); u.Replace(nil, 15) }, ""},
		"a list keeps what was written since": {
			func(u *table) { u.Put(ann("1", 20, "since")); u.Replace(nil, 15) }, "since"},
		"a list doesn't overwrite what was written since": {
			func(u *table) { u.Put(ann("1", 20, "since")); u.Replace([]item_{ann("1", 10, "listed")}, 15) }, "since"},
		"an answer that comes after a list which doesn't hold the object brings nothing back": {
			func(u *table) { u.Replace(nil, 15); u.Put(ann("1", 14, "late")) }, ""},
		"a list from a rewritten history is taken as it is": {
			func(u *table) {
				u.Replace([]item_{ann("1", 100, "lost")}, 100)
				u.Replace([]item_{ann("1", 30, "restored")}, 40)
			}, "restored"},
		"a list from a rewritten history removes what it doesn't hold": {
			func(u *table) { u.Replace([]item_{ann("1", 100, "lost")}, 100); u.Replace(nil, 40) }, ""},
		"the watch goes on after a list from a rewritten history": {
			func(u *table) {
				u.Replace([]item_{ann("1", 100, "lost")}, 100)
				u.Forget(team, "ann", "1", 100)
				u.Replace(nil, 40)
				u.Put(ann("1", 41, "restored"))
			}, "restored"},
		"a list of one namespace removes there what it doesn't hold": {
			func(u *table) { u.Put(ann("1", 10, "first")); u.ReplaceNamespace(team, nil, 15) }, ""},
		"a list of another namespace removes nothing here": {
			func(u *table) { u.Put(ann("1", 10, "first")); u.ReplaceNamespace("elsewhere", nil, 15) }, "first"},
		"a list of another namespace brings nothing here": {
			func(u *table) { u.ReplaceNamespace("elsewhere", []item_{ann("1", 10, "first")}, 15) }, ""},
		"a dropped namespace is empty, however new what it held": {
			func(u *table) { u.Put(ann("1", 99, "first")); u.DropNamespace(team) }, ""},
		"a dropped namespace starts anew": {
			func(u *table) {
				u.ReplaceNamespace(team, []item_{ann("1", 10, "first")}, 15)
				u.DropNamespace(team)
				u.Put(ann("1", 10, "again"))
			}, "again"},
	} {
		t.Run(sentence, func(t *testing.T) {
			d, r := aRealm(t)
			c.writes(d.Users())
			got := ""
			if u := r.User("ann"); u != nil {
				got = u.DisplayName
			}
			if got != c.want {
				t.Errorf("ann says %q, want %q", got, c.want)
			}
			if want := min(len(c.want), 1); d.Users().Len() != want {
				t.Errorf("the table holds %d objects, want %d", d.Users().Len(), want)
			}
		})
	}
}

func TestRealmsAreThoseThatHoldARealmObject(t *testing.T) {
	d := directory.New()
	d.Users().Put(item("ann", "1", 10, directory.User{}))
	if d.Realm(team) != nil || len(d.Realms()) != 0 {
		t.Error("a namespace with a user but no Realm is a realm")
	}
	for v, namespace := range []string{"b", team, "a"} {
		d.Settings().Put(directory.Item[directory.Settings]{Namespace: namespace, Name: "default", UID: namespace,
			Version: directory.Version(v + 1), Value: directory.Settings{Issuer: "https://" + namespace}})
	}
	if got, want := d.Realms(), []string{"a", "b", team}; !slices.Equal(got, want) {
		t.Errorf("realms are %q, want %q", got, want)
	}
	r := d.Realm(team)
	if r.Namespace() != team || r.User("ann") == nil {
		t.Error("a user that came before the Realm object isn't in the realm")
	}
	d.Settings().Delete(team, "default", team, 10)
	if d.Realm(team) != nil {
		t.Error("a realm is there although its object was deleted")
	}
	if r.Settings().Unusable == "" {
		t.Error("who still holds a deleted realm may use its settings")
	}
}

func TestUsersAreFoundHoweverManyComeAndGo(t *testing.T) {
	d, r := aRealm(t)
	const many = 3000
	name := func(i int) string {
		return "user-" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
	}
	there := map[string]bool{}
	for i := range many {
		d.Users().Put(item(name(i), name(i), directory.Version(i+1), directory.User{}))
		there[name(i)] = true
	}
	for i := range many {
		if i%100 != 0 {
			d.Users().Delete(team, name(i), name(i), directory.Version(many+i))
			delete(there, name(i))
		}
	}
	for i := range many {
		if got := r.User(name(i)) != nil; got != there[name(i)] {
			t.Fatalf("user %s is there: %v, want %v", name(i), got, there[name(i)])
		}
	}
	if got := d.Users().Len(); got != len(slices.Collect(maps.Keys(there))) {
		t.Errorf("%d users, want %d", got, len(there))
	}
}
