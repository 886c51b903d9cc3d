package lockout_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/lockout"
)

var (
	began = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	// rules give back one try of a network every 16 s: times below are exact in binary.
	rules = lockout.Rules{Failures: 4, Window: 64 * time.Second, Duration: 10 * time.Minute}
)

// step is one try and what it must come to.
type step struct {
	after time.Duration // since the step before
	by    lockout.Try
	right bool
	rules lockout.Rules // zero: rules
	want  lockout.Outcome
	locks []lockout.Lock
}

func from(network string) lockout.Try {
	return lockout.Try{Realm: "r", User: "alice", Network: lockout.NetworkOf(netip.MustParseAddr(network))}
}

func at(device string) lockout.Try {
	t := from("192.0.2.1") // which must not matter
	t.Device = device
	return t
}

func of(user string, t lockout.Try) lockout.Try { t.User = user; return t }
func in(realm string, t lockout.Try) lockout.Try {
	t.Realm = realm
	return t
}

func wrong(by lockout.Try, locks ...lockout.Lock) step {
	return step{by: by, want: lockout.Wrong, locks: locks}
}
func right(by lockout.Try) step { return step{by: by, right: true, want: lockout.Right} }

// refused is a right password that nobody may know of.
func refused(by lockout.Try) step { return step{by: by, right: true} }

func (s step) later(by time.Duration) step    { s.after = by; return s }
func (s step) under(rules lockout.Rules) step { s.rules = rules; return s }
func steps(parts ...[]step) (all []step) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
func network(until time.Duration) lockout.Lock { return lock(lockout.Network, until) }

func lock(kind lockout.Kind, until time.Duration) lockout.Lock {
	return lockout.Lock{Kind: kind, Until: began.Add(until)}
}

func times(n int, s step) (all []step) {
	for range n {
		all = append(all, s)
	}
	return all
}

// crowd is one wrong try from each of n networks.
func crowd(n int) (all []step) {
	for i := range n {
		all = append(all, wrong(from(fmt.Sprintf("10.0.%d.1", i))))
	}
	return all
}

func TestJudge(t *testing.T) {
	here, elsewhere := from("192.0.2.1"), from("198.51.100.1")
	locked := steps(times(3, wrong(here)), []step{wrong(here, network(10*time.Minute))})
	narrow, wide, short := rules, rules, rules
	narrow.Failures, wide.Failures, short.Duration = 2, 8, time.Minute
	for name, all := range map[string][]step{
		"a right password is right":                          {right(here)},
		"the last try that is left locks":                    locked,
		"a right password is refused while locked":           steps(locked, []step{refused(here)}),
		"a refused try doesn't make the lock longer":         steps(locked, times(9, refused(here).later(time.Minute)), []step{right(here).later(time.Minute)}),
		"after the lock the budget begins anew":              steps(locked, []step{wrong(here).later(10 * time.Minute)}, times(2, wrong(here)), []step{wrong(here, network(20*time.Minute))}),
		"a try before the last doesn't lock":                 steps(times(3, wrong(here)), times(9, right(here))),
		"right passwords use up nothing":                     steps(times(3, wrong(here)), times(99, right(here)), []step{wrong(here, network(10*time.Minute))}),
		"a right password gives nothing back":                steps(times(3, wrong(here)), []step{right(here), wrong(here, network(10*time.Minute)), refused(here)}),
		"what is used comes back within the window":          steps(times(3, wrong(here)), []step{wrong(here).later(16 * time.Second), wrong(here, network(10*time.Minute+16*time.Second))}),
		"a whole window gives back everything":               steps(times(3, wrong(here)), []step{wrong(here).later(64 * time.Second)}, times(2, wrong(here)), []step{wrong(here, network(11*time.Minute+4*time.Second))}),
		"one address of a network locks the others":          steps(locked, []step{refused(from("192.0.2.200"))}),
		"another network goes on (L21)":                      steps(locked, []step{right(elsewhere), wrong(elsewhere), right(elsewhere)}),
		"another user goes on":                               steps(locked, []step{right(of("bob", here)), wrong(of("bob", here))}),
		"the same UID of another realm goes on":              steps(locked, []step{right(in("other", here)), wrong(in("other", here))}),
		"a device goes on, whatever its network did (L21)":   steps(locked, []step{right(at("laptop")), wrong(at("laptop"))}),
		"a device locks by itself, and no network with it":   steps(times(3, wrong(at("laptop"))), []step{wrong(at("laptop"), lock(lockout.Device, 10*time.Minute)), refused(at("laptop")), right(here), right(at("phone"))}),
		"ten times the budget from anywhere locks everybody": steps(crowd(39), []step{wrong(elsewhere, lock(lockout.Shared, 10*time.Minute)), refused(here), refused(from("2001:db8::1"))}),
		"a device goes on when everybody is locked (L21)":    steps(crowd(39), []step{wrong(elsewhere, lock(lockout.Shared, 10*time.Minute)), right(at("laptop")), wrong(at("laptop"))}),
		"devices don't use up what networks share":           steps(crowd(39), times(3, wrong(at("laptop"))), times(3, wrong(at("phone"))), []step{right(here)}),
		"what a network refuses doesn't use up what is shared": steps(locked, times(99, step{by: here}), crowd(35),
			[]step{wrong(elsewhere, lock(lockout.Shared, 10*time.Minute))}),
		"one try can lock both": steps(crowd(36), times(3, wrong(elsewhere)), []step{wrong(elsewhere, network(10*time.Minute), lock(lockout.Shared, 10*time.Minute))}),

		"a smaller budget counts what was used":       {wrong(here), wrong(here, network(10*time.Minute)).under(narrow)},
		"a budget that is smaller than its use locks": steps(times(3, wrong(here)), []step{right(here).under(narrow), wrong(here, network(10*time.Minute)).under(narrow)}),
		"a larger budget counts what was used":        steps(times(3, wrong(here)), times(4, wrong(here).under(wide)), []step{wrong(here, network(10*time.Minute)).under(wide)}),
		"a shorter duration ends a lock":              steps(locked, []step{refused(here).later(59 * time.Second).under(short), right(here).later(time.Second).under(short)}),
		"a longer duration doesn't bring a lock back": steps(
			times(3, wrong(here).under(short)), []step{wrong(here, network(time.Minute)).under(short), right(here).later(2 * time.Minute)}),
		"a clock that goes back gives nothing back": steps(times(3, wrong(here)), []step{wrong(here, network(-50*time.Minute)).later(-time.Hour)}),

		"the zero rules let nobody in":     {refused(here).under(lockout.Rules{Failures: -1})},
		"no failures let nobody in":        {refused(here).under(lockout.Rules{Window: 1, Duration: 1})},
		"no window lets nobody in":         {refused(here).under(lockout.Rules{Failures: 1, Duration: 1})},
		"no duration lets nobody in":       {refused(here).under(lockout.Rules{Failures: 1, Window: 1})},
		"the zero try is nobody's":         {refused(lockout.Try{})},
		"no network is a network, too":     steps(times(3, wrong(of("alice", lockout.Try{}))), []step{wrong(of("alice", lockout.Try{}), network(10*time.Minute)), refused(of("alice", lockout.Try{})), right(of("alice", in("", here)))}),
		"one failure locks where one does": {wrong(here, network(10*time.Minute)).under(lockout.Rules{Failures: 1, Window: time.Hour, Duration: 10 * time.Minute})},
	} {
		t.Run(name, func(t *testing.T) {
			b := lockout.New(1000)
			now := began
			for i, s := range all {
				now = now.Add(s.after)
				under := s.rules
				if under == (lockout.Rules{}) {
					under = rules
				}
				got, locks := b.Judge(s.by, under, s.right, now)
				if got != s.want || !reflect.DeepEqual(locks, s.locks) {
					t.Fatalf("step %d: got %d and %v, want %d and %v", i, got, locks, s.want, s.locks)
				}
			}
		})
	}
}

func TestTheZeroOutcomeIsARefusal(t *testing.T) {
	var zero lockout.Outcome
	if zero != lockout.Refused {
		t.Errorf("it is %d", zero)
	}
}

func TestOnlyWrongTriesAreRemembered(t *testing.T) {
	b := lockout.New(1000)
	for i := range 500 {
		b.Judge(of(fmt.Sprint(i), from("192.0.2.1")), rules, true, began)
	}
	if n := b.Len(); n != 0 {
		t.Errorf("right passwords left %d budgets", n)
	}
	for range 100 {
		b.Judge(from("192.0.2.1"), rules, false, began)
	}
	if n := b.Len(); n != 2 {
		t.Errorf("100 wrong tries for one user from one network left %d budgets, not that and the shared one", n)
	}
}

func TestABotnetLeavesLittle(t *testing.T) {
	b := lockout.New(1 << 16)
	for i := range 100_000 {
		b.Judge(from(fmt.Sprintf("%d.%d.%d.1", 1+i>>16, i>>8&255, i&255)), rules, false, began)
	}
	if n := b.Len(); n != 41 {
		t.Errorf("100,000 networks left %d budgets of one user, not 40 and the shared one", n)
	}
}

func TestNetworkOf(t *testing.T) {
	for name, tt := range map[string][2]string{
		"IPv4 counts by its /24":         {"192.0.2.77", "192.0.2.0/24"},
		"IPv4 within IPv6 is IPv4":       {"::ffff:192.0.2.77", "192.0.2.0/24"},
		"IPv6 counts by its /64":         {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		"a zone makes no second network": {"fe80::1%eth0", "fe80::/64"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := lockout.NetworkOf(netip.MustParseAddr(tt[0])).String(); got != tt[1] {
				t.Errorf("got %s", got)
			}
		})
	}
	if got := lockout.NetworkOf(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("no address is of %s", got)
	}
}
