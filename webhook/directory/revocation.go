package directory

import (
	"math"
	"slices"
	"time"
)

// Revocation refuses what it names: a token, a login, or the logins of a user that
// began at or before a moment. The zero Revocation names nothing; one that names
// several things refuses each.
type Revocation struct {
	TokenID   string    // jti
	SessionID string    // sid
	UserName  string    // "" is whatever the name of UserUID is
	UserUID   string    // "" is whoever bears UserName
	Before    time.Time // of a user: whole seconds
}

// Revoked reports whether a token is revoked: by its jti, by its sid, or because
// its login began at authTime and a revocation of its user covers that. Tokens of
// nobody are.
func (r *Realm) Revoked(tokenID, sessionID string, u *User, authTime time.Time) bool {
	if u == nil || r.revokedTokens.get(tokenID) != nil || r.revokedSessions.get(sessionID) != nil {
		return true
	}
	latest, covers := r.RevokedUserAt(u)
	return covers && !authTime.After(latest)
}

// RevokedUserAt returns the newest moment of all revocations that cover u. A login
// that would begin in that second or before it would be born dead.
func (r *Realm) RevokedUserAt(u *User) (latest time.Time, covers bool) {
	if u == nil {
		return time.Time{}, false
	}
	named, byName := r.revokedNames.get(u.Name).latest(u.Name)
	identified, byUID := r.revokedUIDs.get(u.UID).latest(u.Name)
	if byUID && (!byName || identified.After(named)) {
		return identified, true
	}
	return named, byName
}

// tally counts the revocations that name one token or login.
type tally struct {
	key   string
	count int // only for writers
}

// covered is until when logins are revoked of whoever has a name or a UID: one
// cover for each name that revocations give them, so one, but for mistakes.
type covered struct {
	key  string
	upTo []cover
}

// cover counts in seconds since 1970.
type cover struct {
	name    string
	latest  int64
	moments map[int64]int // of all revocations; only for writers
}

// latest returns the newest moment for a user of that name.
func (c *covered) latest(name string) (moment time.Time, covers bool) {
	if c == nil {
		return time.Time{}, false
	}
	for i := range c.upTo {
		if named := c.upTo[i].name; named != name && named != "" {
			continue
		}
		if latest := time.Unix(c.upTo[i].latest, 0).UTC(); !covers || latest.After(moment) {
			moment, covers = latest, true
		}
	}
	return moment, covers
}

// revocationRows hold the revocations of a namespace. Several may name the same,
// so that each is in force until the last of them is gone.
type revocationRows struct {
	realm *Realm
	items[Revocation]
}

func newRevocationRows(r *Realm) revocationRows { return revocationRows{r, items[Revocation]{}} }

func (r revocationRows) put(i Item[Revocation]) {
	before, found := r.items[i.Name]
	r.items[i.Name] = i
	if found && before.Value == i.Value { // most changes are of status
		return
	}
	r.count(i.Value, +1) // first, so that what both name is refused throughout
	if found {
		r.count(before.Value, -1)
	}
}

func (r revocationRows) remove(name string) {
	i := r.items[name]
	delete(r.items, name)
	r.count(i.Value, -1)
}

func (revocationRows) apply() {}

// count adds one revocation to what it names, or takes it away.
func (r revocationRows) count(v Revocation, by int) {
	if v.TokenID != "" {
		tell(r.realm.revokedTokens, v.TokenID, by)
	}
	if v.SessionID != "" {
		tell(r.realm.revokedSessions, v.SessionID, by)
	}
	switch {
	case v.UserUID != "":
		extend(r.realm.revokedUIDs, v.UserUID, v, by)
	case v.UserName != "":
		extend(r.realm.revokedNames, v.UserName, v, by)
	}
}

// tell adds one revocation of key, or takes it away.
func tell(x *index[tally], key string, by int) {
	t := x.get(key)
	if t == nil {
		t = &tally{key: key}
		x.put(t)
	}
	if t.count += by; t.count == 0 {
		x.remove(key)
	}
}

// extend replaces the entry of key by one that counts v too, or no more.
func extend(x *index[covered], key string, v Revocation, by int) {
	next := &covered{key: key}
	if before := x.get(key); before != nil {
		next.upTo = slices.Clone(before.upTo)
	}
	at := slices.IndexFunc(next.upTo, func(c cover) bool { return c.name == v.UserName })
	if at < 0 {
		at = len(next.upTo)
		next.upTo = append(next.upTo, cover{name: v.UserName, latest: math.MinInt64, moments: map[int64]int{}})
	}
	if next.upTo[at].count(v.Before.Unix(), by); len(next.upTo[at].moments) == 0 {
		next.upTo = slices.Delete(next.upTo, at, at+1)
	}
	if len(next.upTo) == 0 {
		x.remove(key)
		return
	}
	x.put(next)
}

// count adds one revocation up to moment, or takes it away.
func (c *cover) count(moment int64, by int) {
	if c.moments[moment] += by; c.moments[moment] > 0 {
		c.latest = max(c.latest, moment)
		return
	}
	delete(c.moments, moment)
	if moment == c.latest {
		c.latest = math.MinInt64
		for m := range c.moments {
			c.latest = max(c.latest, m)
		}
	}
}
