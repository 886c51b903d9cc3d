package webhookcert

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"
)

var (
	begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	names = []string{"latchkey-kubernetes.latchkey.svc", "127.0.0.1"}
)

func renewed(t *testing.T, a authorities, leaf pair, now time.Time) (authorities, pair) {
	t.Helper()
	a, err := a.renewed(now)
	if err != nil {
		t.Fatal(err)
	}
	if leaf, err = a.leafRenewed(leaf, names, now); err != nil {
		t.Fatal(err)
	}
	return a, leaf
}

func verifies(trusted bundle, leaf pair, at time.Time) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(trusted)
	for _, name := range names {
		if _, err := leaf.cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: at}); err != nil {
			return err
		}
	}
	return nil
}

func TestWhatIsGoodIsKept(t *testing.T) {
	first, leaf := renewed(t, authorities{}, pair{}, begin)
	_, another := renewed(t, authorities{}, pair{}, begin)
	for sentence, c := range map[string]struct {
		stored                  authorities
		leaf                    pair
		after                   time.Duration
		authorityKept, leafKept bool
		next                    bool
		trusted                 int
	}{
		"at once": {first, leaf, 0, true, true, false, 1},
		"while the leaf has more than 30 of its 90 days":                                      {first, leaf, 59 * day, true, true, false, 1},
		"but the leaf when 30 days are left":                                                  {first, leaf, 60 * day, true, false, false, 1},
		"but a leaf of another authority":                                                     {first, another, day, true, false, false, 1},
		"but a leaf that can't be read":                                                       {first, pair{}, day, true, false, false, 1},
		"and the next authority is made when 2 years are left of this one":                    {first, leaf, authorityLife - nextMade + day, true, false, true, 2},
		"but an authority that has ended is none":                                             {first, leaf, authorityLife + day, false, false, false, 1},
		"but where the authority is gone another one signs, and the one before stays trusted": {authorities{trusted: first.trusted}, leaf, day, false, false, false, 2},
	} {
		t.Run(sentence, func(t *testing.T) {
			a, l := renewed(t, c.stored, c.leaf, begin.Add(c.after))
			if kept := string(a.signing.certPEM) == string(first.signing.certPEM); kept != c.authorityKept {
				t.Errorf("the authority is kept: %t", kept)
			}
			if kept := string(l.certPEM) == string(leaf.certPEM); kept != c.leafKept {
				t.Errorf("the leaf is kept: %t", kept)
			}
			if a.next.exists() != c.next {
				t.Errorf("there is a next authority: %t", a.next.exists())
			}
			if got := strings.Count(string(a.trusted), "BEGIN CERTIFICATE"); got != c.trusted {
				t.Errorf("%d authorities are trusted, not %d", got, c.trusted)
			}
			if err := verifies(a.trusted, l, begin.Add(c.after)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestALeafIsOfTheNamesThatAreAskedFor(t *testing.T) {
	a, leaf := renewed(t, authorities{}, pair{}, begin)
	other, err := a.leafRenewed(leaf, append([]string{"another.example.com"}, names...), begin)
	if err != nil {
		t.Fatal(err)
	}
	if string(other.certPEM) == string(leaf.certPEM) || other.cert.VerifyHostname("another.example.com") != nil {
		t.Error("the leaf isn't of the name that came to it")
	}
}

// Whoever took the bundle at some time within the last year trusts what is served, also by a Pod that mounts a new leaf
// a month late.
func TestForTwentyFiveYearsABundleOfLastYearVerifiesWhatIsServed(t *testing.T) {
	const step = 7 * day
	var a authorities
	var leaf pair
	var bundles []bundle
	var leaves []pair
	signers := map[string]bool{}
	for now := begin; now.Before(begin.Add(25 * 365 * day)); now = now.Add(step) {
		a, leaf = renewed(t, a, leaf, now)
		signers[string(a.signing.certPEM)] = true
		bundles, leaves = append(bundles, a.trusted), append(leaves, leaf)
		for _, served := range []pair{leaf, leaves[max(0, len(leaves)-4)]} {
			for _, ago := range []int{1, 26, 52} { // weeks, that somebody took the bundle
				if err := verifies(bundles[max(0, len(bundles)-ago)], served, now); err != nil {
					t.Fatalf("at %s, with a bundle of %d weeks ago: %v", now, ago, err)
				}
			}
		}
		if got := strings.Count(string(a.trusted), "BEGIN CERTIFICATE"); got > 3 {
			t.Fatalf("at %s: %d authorities are trusted", now, got)
		}
	}
	if len(signers) != 3 {
		t.Errorf("%d authorities signed in 25 years", len(signers))
	}
}

func TestAPairPrintsNoKey(t *testing.T) {
	a, _ := renewed(t, authorities{}, pair{}, begin)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, a.signing); strings.Contains(text, "PRIVATE") || strings.Contains(text, "PublicKey") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
