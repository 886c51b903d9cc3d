package webhook

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

func TestTheMemoryOfBasicCredentialsIsBounded(t *testing.T) {
	m := newBasicMemory()
	for i := range uint64(10 * maxBasics) {
		var n basicName
		binary.LittleEndian.PutUint64(n[:], i)
		m.verified.Set(n, basicEntry{})
	}
	m.verified.CleanUp()
	if size := m.verified.EstimatedSize(); size > maxBasics || size < maxBasics/2 {
		t.Errorf("%d are remembered", size)
	}
}

// knownRealm is a realm with the user alice, whose password is in the Secret alice-1, and what else is put.
func knownRealm(put ...func(*directory.Directory)) *directory.Realm {
	d := directory.New()
	d.Settings().Put(directory.Item[directory.Settings]{Namespace: "a", Name: "default", UID: "realm", Version: 1, Value: directory.Settings{Issuer: "https://a"}})
	d.Users().Put(directory.Item[directory.User]{Namespace: "a", Name: "alice", UID: "1", Version: 1, Value: directory.User{PasswordSecret: "alice-1"}})
	for _, p := range put {
		p(d)
	}
	return d.Realm("a")
}

var began = time.Date(2026, 1, 1, 12, 0, 0, 500_000_000, time.UTC)

func TestRememberedCredentialsCountAsLongAsNothingChanged(t *testing.T) {
	user := func(v directory.Version, uid string, u directory.User) func(*directory.Directory) {
		return func(d *directory.Directory) {
			d.Users().Put(directory.Item[directory.User]{Namespace: "a", Name: "alice", UID: uid, Version: v, Value: u})
		}
	}
	revoked := func(what directory.Revocation) func(*directory.Directory) {
		return func(d *directory.Directory) {
			d.Revocations().Put(directory.Item[directory.Revocation]{Namespace: "a", Name: "r", UID: "r", Version: 1, Value: what})
		}
	}
	second := began.Truncate(time.Second)
	for sentence, tc := range map[string]struct {
		change func(*directory.Directory)
		after  time.Duration // since they were verified
		want   bool
	}{
		"at once":                        {func(*directory.Directory) {}, 0, true},
		"just before a minute is over":   {func(*directory.Directory) {}, time.Minute - 1, true},
		"not when a minute is over":      {func(*directory.Directory) {}, time.Minute, false},
		"not before they were verified":  {func(*directory.Directory) {}, -1, false},
		"also with other roles":          {user(2, "1", directory.User{PasswordSecret: "alice-1", Roles: []string{"admin"}}), 0, true},
		"not with another Secret":        {user(2, "1", directory.User{PasswordSecret: "alice-2"}), 0, false},
		"not without a Secret":           {user(2, "1", directory.User{}), 0, false},
		"not when disabled":              {user(2, "1", directory.User{PasswordSecret: "alice-1", Disabled: true}), 0, false},
		"not when unreadable":            {user(2, "1", directory.User{PasswordSecret: "alice-1", Unusable: true}), 0, false},
		"not for another user":           {user(2, "2", directory.User{PasswordSecret: "alice-1"}), 0, false},
		"not when revoked in the second": {revoked(directory.Revocation{UserUID: "1", Before: second}), 0, false},
		"not when revoked later":         {revoked(directory.Revocation{UserName: "alice", Before: second.Add(5 * time.Second)}), 0, false},
		"also when revoked before":       {revoked(directory.Revocation{UserUID: "1", Before: second.Add(-time.Second)}), 0, true},
		"also when another is revoked":   {revoked(directory.Revocation{UserName: "bob", Before: second.Add(time.Second)}), 0, true},
		"also when a login is revoked":   {revoked(directory.Revocation{SessionID: "sid"}), 0, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			m, pair := newBasicMemory(), basicPair{"alice", "secret"}
			before := knownRealm()
			if !m.remember(m.nameOf(before, before.User("alice"), pair), before, before.User("alice"), began) {
				t.Fatal("not even remembered")
			}
			after := knownRealm(tc.change)
			live := after.User("alice")
			name := m.nameOf(after, live, pair)
			if got := m.holds(name, after, live, began.Add(tc.after)); got != tc.want {
				t.Errorf("counts: %v", got)
			}
			if !tc.want && m.holds(name, before, before.User("alice"), began) && live.UID == "1" {
				t.Error("what no longer counted is kept")
			}
			// What changes while the password is hashed isn't remembered to begin with.
			if tc.after == 0 {
				if got := m.remember(name, after, before.User("alice"), began); got != tc.want {
					t.Errorf("remembered: %v", got)
				}
			}
		})
	}
}

func TestWhoIsGoneIsNotRemembered(t *testing.T) {
	m, realm := newBasicMemory(), knownRealm()
	alice := realm.User("alice")
	gone := knownRealm(func(d *directory.Directory) { d.Users().Delete("a", "alice", "1", 2) })
	if m.remember(m.nameOf(realm, alice, basicPair{"alice", "secret"}), gone, alice, began) {
		t.Error("a user who was deleted meanwhile is remembered")
	}
	if m.holds(m.nameOf(gone, nil, basicPair{"alice", "secret"}), gone, nil, began) {
		t.Error("nobody is remembered")
	}
}

func TestCredentialsHaveNamesOfTheirOwn(t *testing.T) {
	m, realm := newBasicMemory(), knownRealm()
	one, other := &directory.User{UID: "1"}, &directory.User{UID: "2"}
	names := map[basicName]string{}
	for sentence, name := range map[string]basicName{
		"credentials":                       m.nameOf(realm, one, basicPair{"alice", "secret"}),
		"another user's":                    m.nameOf(realm, other, basicPair{"alice", "secret"}),
		"nobody's":                          m.nameOf(realm, nil, basicPair{"alice", "secret"}),
		"another name":                      m.nameOf(realm, one, basicPair{"alic", "secret"}),
		"another password":                  m.nameOf(realm, one, basicPair{"alice", "secreT"}),
		"the same text with another split":  m.nameOf(realm, one, basicPair{"alices", "ecret"}),
		"the same of another process's key": newBasicMemory().nameOf(realm, one, basicPair{"alice", "secret"}),
	} {
		if same, found := names[name]; found {
			t.Errorf("%s and %s have one name", sentence, same)
		}
		names[name] = sentence
	}
	if names[m.nameOf(realm, one, basicPair{"alice", "secret"})] != "credentials" {
		t.Error("the same credentials have two names")
	}
}
