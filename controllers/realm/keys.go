package realm

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// judgeKeys says how document came about, from what realm's status knew before, and what its next step
// waits for. What it said once it goes on saying until the active key is another one.
func judgeKeys(realm *v1alpha1.Realm, document token.Document, next replica.Verdict) (reason, message string) {
	id := activeID(document)
	known := func(g token.Generation) bool {
		return slices.ContainsFunc(realm.Status.Keys, func(k v1alpha1.RealmKeyStatus) bool { return k.ID == g.ID })
	}
	was := meta.FindStatusCondition(realm.Status.Conditions, v1alpha1.ConditionKeysReady)
	asked := realm.Spec.Keys.DistrustBefore
	switch {
	case next.InForce != metav1.ConditionTrue:
		return v1alpha1.ReasonRotationWaits, fmt.Sprintf("key %s goes on signing, longer than it should: %s", id, next.Message)
	case realm.Status.ActiveKeyID != id && slices.ContainsFunc(document.Generations, isKey(realm.Status.ActiveKeyID)):
		return v1alpha1.ReasonKeyRotated, fmt.Sprintf(
			"key %s signs now; what %s has signed holds until it expires", id, realm.Status.ActiveKeyID)
	case asked != nil && document.DistrustBefore.Before(asked.Time):
		return v1alpha1.ReasonDistrustInFuture, fmt.Sprintf(
			"keys.distrustBefore lay in the future when it was first seen, and counted as that moment, %s: key %s signs; it won't count again when its time has come",
			document.DistrustBefore.Format(time.RFC3339), id)
	case len(realm.Status.Keys) == 0:
		return v1alpha1.ReasonKeysCreated, fmt.Sprintf("the first key of this realm, %s, was made and signs", id)
	case !slices.ContainsFunc(document.Generations, known):
		return v1alpha1.ReasonKeysReplaced, fmt.Sprintf(
			"key %s has replaced all keys, as they were deleted, foreign or distrusted: every login from before has ended", id)
	case was != nil && was.Status == metav1.ConditionTrue && realm.Status.ActiveKeyID == id && lasting(was.Reason):
		return was.Reason, was.Message
	default:
		return v1alpha1.ReasonReady, fmt.Sprintf("key %s signs", id)
	}
}

// lasting tells whether a reason stays true for as long as the same key signs.
func lasting(reason string) bool {
	return reason != v1alpha1.ReasonDistrustInFuture && reason != v1alpha1.ReasonRotationWaits
}

func isKey(id string) func(token.Generation) bool {
	return func(g token.Generation) bool { return g.ID == id }
}

// describe lists generations, oldest first, without their material. What isn't retired is expected to sign
// for the realm's rotation period.
func describe(document token.Document, rotation time.Duration) []v1alpha1.RealmKeyStatus {
	var keys []v1alpha1.RealmKeyStatus
	for _, g := range document.Generations {
		if g.State != token.Retired {
			g.ExpiresAt = g.ExpiresAt.Add(rotation)
		}
		keys = append(keys, v1alpha1.RealmKeyStatus{
			ID:          g.ID,
			Algorithm:   string(g.Algorithm),
			State:       string(g.State),
			CreatedAt:   metav1.NewTime(g.CreatedAt).Rfc3339Copy(),
			ActivatesAt: new(metav1.NewTime(g.ActivatesAt).Rfc3339Copy()),
			ExpiresAt:   new(metav1.NewTime(g.ExpiresAt).Rfc3339Copy()),
		})
	}
	slices.SortStableFunc(keys, func(a, b v1alpha1.RealmKeyStatus) int { return a.CreatedAt.Compare(b.CreatedAt.Time) })
	return keys
}

func activeID(document token.Document) string {
	active, _ := document.Active()
	return active.ID
}
