package acknowledgement_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/controllers/acknowledgement"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

const waitedFor = "100"

func kind(f replica.Followed) bool { return f.Kind("revokedtokens", waitedFor) }

// A builder for replicas: one that runs, renews and has followed nothing, and what differs.
type trait func(*acknowledgement.Replica)

func aReplica(name string, traits ...trait) acknowledgement.Replica {
	r := acknowledgement.Replica{State: replica.State{Name: name, Incarnation: name + "-1", Pod: replica.Pod{Name: name, UID: "u"}}}
	for _, t := range traits {
		t(&r)
	}
	return r
}

func passed(r *acknowledgement.Replica) { r.Followed = following("100") }
func beyond(r *acknowledgement.Replica) { r.Followed = following("1000") }
func before(r *acknowledgement.Replica) { r.Followed = following("99") }
func ended(r *acknowledgement.Replica)  { r.Incarnation = "" }
func lost(r *acknowledgement.Replica)   { r.Silent = replica.OutOfTouch }
func podGone(r *acknowledgement.Replica) {
	r.PodGone = true
}
func vanished(r *acknowledgement.Replica) { r.Vanished = true }

func following(resourceVersion string) replica.Followed {
	return replica.Followed{Kinds: map[string]string{"revokedtokens": resourceVersion}}
}

func silent(d, maxStaleness time.Duration) trait {
	return func(r *acknowledgement.Replica) { r.Silent, r.MaxStaleness = d, maxStaleness }
}

func TestJudge(t *testing.T) {
	for name, test := range map[string]struct {
		replicas []acknowledgement.Replica
		status   metav1.ConditionStatus
		count    string
		message  string
	}{
		"nobody serves": {nil, metav1.ConditionTrue, "0/0", ""},
		"all have passed, one just so": {
			[]acknowledgement.Replica{aReplica("a", passed), aReplica("b", beyond)}, metav1.ConditionTrue, "2/2", ""},
		"one that renews hasn't passed": {
			[]acknowledgement.Replica{aReplica("a", passed), aReplica("b", before)}, metav1.ConditionFalse, "1/2",
			`WaitingForReplica: replica "b" hasn't followed yet`},
		"one has just started, and has followed nothing": {
			[]acknowledgement.Replica{aReplica("a", passed), aReplica("b")}, metav1.ConditionFalse, "1/2",
			`WaitingForReplica: replica "b" hasn't followed yet`},
		"several that renew haven't passed: the first by name": {
			[]acknowledgement.Replica{aReplica("c"), aReplica("b"), aReplica("a")}, metav1.ConditionFalse, "0/3",
			`WaitingForReplica: replica "a" and 2 others haven't followed yet`},
		"what a replica says can't be read": {
			[]acknowledgement.Replica{aReplica("a", func(r *acknowledgement.Replica) { r.Followed = following("1OO") })}, metav1.ConditionFalse, "0/1",
			`WaitingForReplica: replica "a" hasn't followed yet`},
		"one that ended isn't counted": {
			[]acknowledgement.Replica{aReplica("a", passed), aReplica("b", ended, lost)}, metav1.ConditionTrue, "1/1", ""},
		"one out of touch had passed before": {
			[]acknowledgement.Replica{aReplica("a", passed, lost), aReplica("b", passed)}, metav1.ConditionTrue, "2/2", ""},
		"one out of touch hasn't passed": {
			[]acknowledgement.Replica{aReplica("a", lost), aReplica("b", passed)}, metav1.ConditionFalse, "1/2",
			`ReplicaUnreachable: replica "a" is out of touch and may still answer by what it knew: reconnect it or end it`},
		"a moment before it is out of touch": {
			[]acknowledgement.Replica{aReplica("a", silent(replica.OutOfTouch-1, 0))}, metav1.ConditionFalse, "0/1",
			`WaitingForReplica: replica "a" hasn't followed yet`},
		"one out of touch comes before one that only waits": {
			[]acknowledgement.Replica{aReplica("a"), aReplica("b", lost)}, metav1.ConditionFalse, "0/2",
			`ReplicaUnreachable: replica "b" is out of touch and may still answer by what it knew: reconnect it or end it`},
		"its Pod is gone": {
			[]acknowledgement.Replica{aReplica("a", lost, podGone), aReplica("b", passed)}, metav1.ConditionUnknown, "1/2",
			`ReplicaAssumedGone: replica "a" is assumed gone: its Pod is gone, but it never said that it ended`},
		"its Lease was deleted": {
			[]acknowledgement.Replica{aReplica("a", lost, vanished), aReplica("b", lost, podGone)}, metav1.ConditionUnknown, "0/2",
			`ReplicaAssumedGone: replica "a" and 1 other are assumed gone: its Lease was deleted, but it never said that it ended`},
		"its Pod is gone, and it renewed a moment ago": {
			[]acknowledgement.Replica{aReplica("a", podGone)}, metav1.ConditionFalse, "0/1",
			`WaitingForReplica: replica "a" hasn't followed yet`},
		"its Lease was deleted a moment ago: it may make it again": {
			[]acknowledgement.Replica{aReplica("a", vanished)}, metav1.ConditionFalse, "0/1",
			`WaitingForReplica: replica "a" hasn't followed yet`},
		"one is assumed gone, and another only waits: False before Unknown": {
			[]acknowledgement.Replica{aReplica("a", lost, podGone), aReplica("b")}, metav1.ConditionFalse, "0/2",
			`WaitingForReplica: replica "b" hasn't followed yet`},
		"one assumed gone had passed": {
			[]acknowledgement.Replica{aReplica("a", passed, lost, podGone)}, metav1.ConditionTrue, "1/1", ""},
		"one refuses everything": {
			[]acknowledgement.Replica{aReplica("a", silent(time.Minute+replica.RenewEvery, time.Minute)), aReplica("b", passed)}, metav1.ConditionTrue, "1/1",
			`: replica "a" isn't counted, as it refuses everything: it is out of touch for longer than its --max-staleness`},
		"a moment before it surely refuses everything": {
			[]acknowledgement.Replica{aReplica("a", silent(time.Minute+replica.RenewEvery-1, time.Minute))}, metav1.ConditionFalse, "0/1",
			`ReplicaUnreachable: replica "a" is out of touch and may still answer by what it knew: reconnect it or end it`},
		"one assumed gone refuses everything by now": {
			[]acknowledgement.Replica{aReplica("a", podGone, silent(time.Hour, time.Minute))}, metav1.ConditionTrue, "0/0",
			`: replica "a" isn't counted, as it refuses everything: it is out of touch for longer than its --max-staleness`},
		"one without bound never refuses by itself": {
			[]acknowledgement.Replica{aReplica("a", silent(1000*time.Hour, 0))}, metav1.ConditionFalse, "0/1",
			`ReplicaUnreachable: replica "a" is out of touch and may still answer by what it knew: reconnect it or end it`},
	} {
		t.Run(name, func(t *testing.T) {
			v := acknowledgement.Judge(test.replicas, kind)
			message := ""
			if v.Reason != "" || v.Message != "" {
				message = v.Reason + ": " + v.Message
			}
			if v.InForce != test.status || v.Replicas() != test.count || message != test.message {
				t.Errorf("got  %s %s %q\nwant %s %s %q", v.InForce, v.Replicas(), message, test.status, test.count, test.message)
			}
		})
	}
}

func TestJudgeOfKeys(t *testing.T) {
	target := func(f replica.Followed) bool { return f.Key("team-a", waitedFor) }
	knows := aReplica("a", func(r *acknowledgement.Replica) {
		r.Followed = replica.Followed{Keys: map[string]string{"team-a": "100"}, Kinds: map[string]string{"revokedtokens": "7"}}
	})
	if v := acknowledgement.Judge([]acknowledgement.Replica{knows}, target); v.InForce != metav1.ConditionTrue {
		t.Errorf("a replica that knows the keys: %+v", v)
	}
	if v := acknowledgement.Judge([]acknowledgement.Replica{knows, aReplica("b", beyond)}, target); v.InForce != metav1.ConditionFalse {
		t.Errorf("a replica that knows something else: %+v", v)
	}
}

// Every combination of up to three replicas, against a model that says it in other words: whoever hasn't ended
// and doesn't refuse everything may answer. True must mean that each of them has passed.
func TestInForceMeansThatWhoeverMayAnswerHasPassed(t *testing.T) {
	type modelled struct {
		acknowledgement.Replica
		mayAnswer, passed, presumedDead bool
	}
	var every []modelled
	flags := []bool{false, true}
	for _, gone := range flags {
		for _, isPassed := range flags {
			for _, isVanished := range flags {
				for _, withoutPod := range flags {
					for _, bound := range []time.Duration{0, 5 * time.Second, time.Minute} {
						for _, silence := range []time.Duration{0, 7 * time.Second, replica.OutOfTouch, 62 * time.Second} {
							m := modelled{Replica: aReplica("r", silent(silence, bound))}
							m.Vanished, m.PodGone, m.passed = isVanished, withoutPod, isPassed
							if isPassed {
								passed(&m.Replica)
							}
							if gone {
								ended(&m.Replica)
							}
							refusesAll := bound != 0 && silence >= bound+closed
							m.mayAnswer = !gone && !refusesAll
							m.presumedDead = silence >= replica.OutOfTouch && (isVanished || withoutPod)
							every = append(every, m)
						}
					}
				}
			}
		}
	}
	check := func(chosen ...modelled) {
		want, total, count := metav1.ConditionTrue, 0, 0
		replicas := make([]acknowledgement.Replica, 0, 3)
		for _, m := range chosen {
			replicas = append(replicas, m.Replica)
			if !m.mayAnswer {
				continue
			}
			total++
			switch {
			case m.passed:
				count++
			case m.presumedDead && want == metav1.ConditionTrue:
				want = metav1.ConditionUnknown
			case !m.presumedDead:
				want = metav1.ConditionFalse
			}
		}
		v := acknowledgement.Judge(replicas, kind)
		if v.InForce != want || v.Passed != count || v.Total != total {
			t.Fatalf("got %+v, want %s %d/%d of %+v", v, want, count, total, replicas)
		}
		if (v.InForce == metav1.ConditionTrue) != (count == total) || (v.InForce == metav1.ConditionTrue) != (v.Reason == "") {
			t.Fatalf("%+v contradicts itself", v)
		}
	}
	check()
	combinations := 1
	for i, a := range every {
		check(a)
		for j, b := range every[i:] {
			check(a, b)
			for _, c := range every[i+j:] {
				check(a, b, c)
				combinations++
			}
			combinations++
		}
		combinations++
	}
	t.Logf("%d combinations of %d replicas", combinations, len(every))
}

// closed is by how much silence must exceed a replica's bound before it counts as refusing everything.
const closed = 2 * time.Second
