package webhookcert_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/controllers/webhookcert"
)

var (
	begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	names = []string{"latchkey-kubernetes.latchkey.svc"}
)

const day = 24 * time.Hour

func plan(t *testing.T, stored webhookcert.State, names []string, now time.Time) webhookcert.State {
	t.Helper()
	wanted, err := webhookcert.Plan(stored, names, now)
	if err != nil {
		t.Fatal(err)
	}
	return wanted
}

func TestWhatIsStoredIsKeptUntilItNoLongerFits(t *testing.T) {
	first := plan(t, webhookcert.State{}, names, begin)
	other := plan(t, webhookcert.State{}, names, begin)
	for name, c := range map[string]struct {
		stored      webhookcert.State
		names       []string
		after       time.Duration
		authorities int
		kept        bool
	}{
		"it is kept while it is young":                           {first, names, 59 * day, 1, true},
		"the leaf is renewed at 60 days":                         {first, names, 60 * day, 1, false},
		"the leaf is made anew for other names":                  {first, []string{"other"}, day, 1, false},
		"the leaf is made anew for an address":                   {first, []string{names[0], "127.0.0.1"}, day, 1, false},
		"the leaf of another authority is made anew":             {webhookcert.State{Authorities: first.Authorities, Leaf: other.Leaf}, names, day, 1, false},
		"the leaf is made anew where the authorities are gone":   {webhookcert.State{Leaf: first.Leaf}, names, day, 1, false},
		"an authority has no successor before it has two years":  {first, names, 8*365*day - day, 1, false},
		"an authority has a successor when two years are left":   {first, names, 8 * 365 * day, 2, false},
		"an authority that has expired is dropped, however late": {first, names, 10 * 365 * day, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := plan(t, c.stored, c.names, begin.Add(c.after))
			if len(got.Authorities) != c.authorities {
				t.Errorf("%d authorities, want %d", len(got.Authorities), c.authorities)
			}
			if kept := got.Leaf == c.stored.Leaf; kept != c.kept {
				t.Errorf("the leaf is kept: %t, want %t", kept, c.kept)
			}
		})
	}
}

// Whoever took the bundle at some time within the last year trusts what is served, also by a Pod
// that mounts a new leaf three weeks late.
func TestForTwentyFiveYearsABundleOfLastYearVerifiesWhatIsServed(t *testing.T) {
	type moment struct {
		at    time.Time
		roots *x509.CertPool
		leaf  *x509.Certificate
	}
	var past []moment
	var state webhookcert.State
	for now := begin; now.Before(begin.Add(25 * 365 * day)); now = now.Add(7 * day) {
		state = plan(t, state, names, now)
		roots := x509.NewCertPool()
		for _, a := range state.Authorities {
			roots.AddCert(a.Certificate)
		}
		past = append(past, moment{now, roots, state.Leaf.Certificate})
		served := []*x509.Certificate{past[len(past)-1].leaf, past[max(0, len(past)-4)].leaf}
		for _, copied := range []moment{past[max(0, len(past)-52)], past[len(past)-1]} {
			for _, leaf := range served {
				if _, err := leaf.Verify(x509.VerifyOptions{Roots: copied.roots, DNSName: names[0], CurrentTime: now}); err != nil {
					t.Fatalf("at %s with the bundle of %s: %v", now, copied.at, err)
				}
			}
		}
	}
}
