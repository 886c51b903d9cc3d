package directory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

func TestActive(t *testing.T) {
	for sentence, c := range map[string]struct {
		user *directory.User
		want bool
	}{
		"a user with a name and a UID is active": {&directory.User{Name: "ann", UID: "1"}, true},
		"a disabled one isn't":                   {&directory.User{Name: "ann", UID: "1", Disabled: true}, false},
		"one that can't be read isn't":           {&directory.User{Name: "ann", UID: "1", Unusable: true}, false},
		"one without UID isn't":                  {&directory.User{Name: "ann"}, false},
		"the zero user isn't":                    {&directory.User{}, false},
		"nobody isn't":                           {nil, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := c.user.Active(); got != c.want {
				t.Errorf("Active() = %v, want %v", got, c.want)
			}
		})
	}
}

func TestAUserSaysWhatWasPut(t *testing.T) {
	for sentence, want := range map[string]directory.User{
		"with everything": {Name: "ann", UID: "7c9e", DisplayName: "Ann Ó Briain", Email: "ann@example.com", Roles: []string{"editor", "viewer"},
			PasswordSecret: "ann-password", CreatedAt: noon, Disabled: true, Unusable: true},
		"with nothing but a name":                    {Name: "ann", UID: "7c9e"},
		"with strings that are parts of one another": {Name: "ann", UID: "an", DisplayName: "nn", Email: "ann", PasswordSecret: "a"},
	} {
		t.Run(sentence, func(t *testing.T) {
			d, r := aRealm(t)
			d.Users().Put(item("ann", want.UID, 10, want))
			got := r.User("ann")
			if got.Name != want.Name || got.UID != want.UID || got.DisplayName != want.DisplayName || got.Email != want.Email ||
				!slices.Equal(got.Roles, want.Roles) || got.PasswordSecret != want.PasswordSecret || !got.CreatedAt.Equal(want.CreatedAt) ||
				got.Disabled != want.Disabled || got.Unusable != want.Unusable {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestAUserIsReplacedWhole(t *testing.T) {
	d, r := aRealm(t)
	d.Users().Put(item("ann", "1", 10, directory.User{Roles: []string{"viewer"}}))
	before := r.User("ann")
	d.Users().Put(item("ann", "1", 11, directory.User{Roles: []string{"editor", "admin", "admin"}}))
	if !slices.Equal(before.Roles, []string{"viewer"}) {
		t.Errorf("who read a user before a change sees %q", before.Roles)
	}
	if got := r.User("ann").Roles; !slices.Equal(got, []string{"admin", "editor"}) {
		t.Errorf("roles are %q, want each once, ascending", got)
	}
}

func TestSubject(t *testing.T) {
	viewer := directory.User{Roles: []string{"viewer", "ghost"}, Email: "ann@example.com"}
	with := func(change func(*directory.User)) directory.User {
		u := viewer
		change(&u)
		return u
	}
	for sentence, c := range map[string]struct {
		user                         directory.User
		name, uid, email, groups     string
		page, public, forEverybodyIn bool // may GET /viewer, /anonymous, /authenticated
	}{
		"a user has the grants of their roles and of everybody": {
			viewer, "ann", "1", "ann@example.com", "viewer", true, true, true},
		"groups are all effective roles, also included ones": {
			with(func(u *directory.User) { u.Roles = []string{"editor"} }), "ann", "1", "ann@example.com", "editor,viewer", true, true, true},
		"an address that isn't printable ASCII is left out": {
			with(func(u *directory.User) { u.Email = "änn@example.com" }), "ann", "1", "", "viewer", true, true, true},
		"an address that would begin another header is left out": {
			with(func(u *directory.User) { u.Email = "a@b\r\nX-Evil: 1" }), "ann", "1", "", "viewer", true, true, true},
		"a user without roles has what every user has": {
			directory.User{}, "ann", "1", "", "", false, true, true},
		"a disabled user has nothing, not even what everybody has": {
			with(func(u *directory.User) { u.Disabled = true }), "", "", "", "", false, false, false},
		"an unreadable user has nothing": {
			with(func(u *directory.User) { u.Unusable = true }), "", "", "", "", false, false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			d, r := aRealm(t)
			for v, role := range []directory.Role{aRole("viewer"), aRole("editor", "viewer"), aRole("anonymous"), aRole("authenticated")} {
				d.Roles().Put(item(role.Name, role.Name, directory.Version(v+1), role))
			}
			d.Users().Put(item("ann", "1", 10, c.user))
			s := r.Subject(r.User("ann"))
			for header, values := range map[string][2][]string{"User": {s.User, {c.name}}, "UID": {s.UID, {c.uid}},
				"Email": {s.Email, {c.email}}, "Groups": {s.Groups, {c.groups}}} {
				if !slices.Equal(values[0], values[1]) {
					t.Errorf("%s is %q, want %q", header, values[0], values[1])
				}
			}
			for path, want := range map[string]bool{"/viewer": c.page, "/anonymous": c.public, "/authenticated": c.forEverybodyIn} {
				if got := allows(t, s, path); got != want {
					t.Errorf("allows %s: %v, want %v", path, got, want)
				}
			}
		})
	}
}

func TestASubjectFollowsRolesAndUser(t *testing.T) {
	d, r := aRealm(t)
	d.Users().Put(item("ann", "1", 10, directory.User{Roles: []string{"viewer"}}))
	ann := r.User("ann")
	if allows(t, r.Subject(ann), "/viewer") {
		t.Error("a role without a Role object grants something")
	}
	d.Roles().Put(item("viewer", "r", 11, aRole("viewer")))
	if !allows(t, r.Subject(ann), "/viewer") {
		t.Error("a new Role doesn't reach who is known already")
	}
	if first, second := r.Subject(ann), r.Subject(ann); first != second {
		t.Error("a Subject is made anew although nothing changed")
	}
	d.Users().Put(item("ann", "1", 12, directory.User{Roles: []string{"viewer"}}))
	if r.User("ann") != ann {
		t.Error("a change of status makes another User")
	}
	stolen := *ann
	stolen.Roles = nil
	if allows(t, r.Subject(&stolen), "/viewer") {
		t.Error("a changed copy of a User has what the original has")
	}
	d.Users().Put(item("ann", "1", 13, directory.User{Disabled: true, Roles: []string{"viewer"}}))
	if allows(t, r.Subject(r.User("ann")), "/viewer") {
		t.Error("disabling doesn't end the grant")
	}
	if nobody := r.Subject(nil); allows(t, nobody, "/viewer") || !slices.Equal(nobody.User, []string{""}) {
		t.Error("nobody is somebody")
	}
}

// TestSubjectsFollowManyRoleChanges makes more policies than idle users may keep.
func TestSubjectsFollowManyRoleChanges(t *testing.T) {
	d, r := aRealm(t)
	d.Users().Put(item("ann", "1", 1, directory.User{Roles: []string{"viewer"}}))
	d.Users().Put(item("bob", "2", 2, directory.User{Roles: []string{"viewer"}}))
	for v := range directory.Version(100) {
		role := aRole("viewer")
		role.Rules[0].Paths = []string{fmt.Sprintf("/%d", v)}
		d.Roles().Put(item("viewer", "r", 10+v, role))
		for _, name := range []string{"ann", "bob"}[:1+v%2] {
			s := r.Subject(r.User(name))
			if !allows(t, s, fmt.Sprintf("/%d", v)) || v > 0 && allows(t, s, fmt.Sprintf("/%d", v-1)) {
				t.Fatalf("%s isn't judged by change %d", name, v)
			}
		}
	}
}

func TestRevocation(t *testing.T) {
	const second = time.Second
	sid := directory.Revocation{SessionID: "s1"}
	jti := directory.Revocation{TokenID: "t1"}
	byName := func(before time.Time) directory.Revocation {
		return directory.Revocation{UserName: "ann", Before: before}
	}
	byUID := func(name, uid string) directory.Revocation {
		return directory.Revocation{UserName: name, UserUID: uid, Before: noon}
	}
	put := func(revocations ...directory.Revocation) func(*directory.Table[directory.Revocation]) {
		return func(table *directory.Table[directory.Revocation]) {
			for n, r := range revocations {
				table.Put(item(fmt.Sprint("r", n), fmt.Sprint(n), directory.Version(n+1), r))
			}
		}
	}
	for sentence, c := range map[string]struct {
		writes func(*directory.Table[directory.Revocation])
		want   bool // whether ann's token t1 of login s1, begun at noon, is revoked
	}{
		"nothing revoked":                    {put(), false},
		"its jti":                            {put(jti), true},
		"its sid":                            {put(sid), true},
		"another jti and sid":                {put(directory.Revocation{TokenID: "s1"}, directory.Revocation{SessionID: "t1"}), false},
		"its user, a second before it began": {put(byName(noon.Add(-second))), false},
		"its user, in the second in which it began": {put(byName(noon)), true},
		"its user, later":                            {put(byName(noon.Add(second))), true},
		"its user by UID":                            {put(byUID("ann", "1")), true},
		"another user of that name":                  {put(byUID("ann", "2")), false},
		"a user of that UID under another name":      {put(byUID("bob", "1")), false},
		"that too, and the right one":                {put(byUID("bob", "1"), byUID("ann", "1")), true},
		"its user by UID where the name was lost":    {put(byUID("", "1")), true},
		"its user, earlier and later":                {put(byName(noon.Add(-second)), byName(noon.Add(second))), true},
		"its user by name earlier and by UID later":  {put(byName(noon.Add(-second)), byUID("ann", "1")), true},
		"what names several things refuses each":     {put(directory.Revocation{TokenID: "t1", SessionID: "x", UserName: "bob"}), true},
		"what names nothing":                         {put(directory.Revocation{}), false},
		"its user, before any time that can be told": {put(byName(time.Time{})), false},
		"one of two that name its sid was deleted":   {func(r *directory.Table[directory.Revocation]) { put(sid, sid)(r); r.Delete(team, "r0", "0", 9) }, true},
		"both of two that name its sid were deleted": {func(r *directory.Table[directory.Revocation]) { put(sid, sid)(r); r.Replace(nil, 9) }, false},
		"one of two that name its user was deleted": {func(r *directory.Table[directory.Revocation]) {
			put(byName(noon), byName(noon))(r)
			r.Delete(team, "r0", "0", 9)
		}, true},
		"the later of two was deleted": {func(r *directory.Table[directory.Revocation]) {
			put(byName(noon), byName(noon.Add(-second)))(r)
			r.Delete(team, "r0", "0", 9)
		}, false},
		"the earlier of two was deleted": {func(r *directory.Table[directory.Revocation]) {
			put(byName(noon), byName(noon.Add(-second)))(r)
			r.Delete(team, "r1", "1", 9)
		}, true},
		"the one of its UID was deleted": {func(r *directory.Table[directory.Revocation]) {
			put(byUID("ann", "1"))(r)
			r.Delete(team, "r0", "0", 9)
		}, false},
		"the object of that name now names its sid": {func(r *directory.Table[directory.Revocation]) { put(jti)(r); r.Put(item("r0", "9", 9, sid)) }, true},
		"the object of that name now names another": {func(r *directory.Table[directory.Revocation]) {
			put(jti)(r)
			r.Put(item("r0", "9", 9, byUID("bob", "2")))
		}, false},
		"its status changed": {func(r *directory.Table[directory.Revocation]) { put(jti)(r); r.Put(item("r0", "0", 9, jti)) }, true},
		"its status changed, and then it was deleted": {func(r *directory.Table[directory.Revocation]) {
			put(jti)(r)
			r.Put(item("r0", "0", 9, jti))
			r.Delete(team, "r0", "0", 10)
		}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			d, r := aRealm(t)
			d.Users().Put(item("ann", "1", 1, directory.User{}))
			c.writes(d.Revocations())
			if got := r.Revoked("t1", "s1", r.User("ann"), noon); got != c.want {
				t.Errorf("revoked: %v, want %v", got, c.want)
			}
		})
	}
}

func TestRevokedUserAt(t *testing.T) {
	d, r := aRealm(t)
	ann := &directory.User{Name: "ann", UID: "1"}
	if _, covers := r.RevokedUserAt(ann); covers {
		t.Error("somebody is revoked where nothing is")
	}
	d.Revocations().Put(item("a", "a", 1, directory.Revocation{UserName: "ann", Before: noon}))
	d.Revocations().Put(item("b", "b", 2, directory.Revocation{UserName: "ann", UserUID: "1", Before: noon.Add(time.Minute)}))
	if latest, covers := r.RevokedUserAt(ann); !covers || !latest.Equal(noon.Add(time.Minute)) {
		t.Errorf("ann is revoked up to %v, %v; want the later moment", latest, covers)
	}
	if latest, covers := r.RevokedUserAt(&directory.User{Name: "ann", UID: "2"}); !covers || !latest.Equal(noon) {
		t.Errorf("another ann is revoked up to %v, %v; want what names whoever bears the name", latest, covers)
	}
	if _, covers := r.RevokedUserAt(nil); covers {
		t.Error("nobody is covered by a revocation")
	}
	if !r.Revoked("t1", "s1", nil, noon) {
		t.Error("a token of nobody counts")
	}
}
