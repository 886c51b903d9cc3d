package acknowledgement

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=realms,verbs=list

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

const (
	// longestAccess is the longest life of an access token. A replica that has been out of touch for
	// longer, and for longer than any cookie lives, knows none that was good before.
	longestAccess = 24 * time.Hour
	// askForCookiesEvery is how often the realms are asked how long their cookies live, while it matters.
	askForCookiesEvery = 10 * time.Minute
	// lookForPodEvery is how often the Pod of a replica that is out of touch is looked for.
	lookForPodEvery = 10 * time.Second
)

// lookForPods looks whether the Pods of replicas that are out of touch are still there.
func (r *Register) lookForPods(ctx context.Context) {
	for lease, pod := range r.podsInDoubt() {
		gone, err := r.podGone(ctx, pod)
		if err != nil {
			if ctx.Err() == nil {
				ctrl.LoggerFrom(ctx).Error(err, "a replica is out of touch, and its Pod can't be looked for", "pod", pod.Name)
			}
			gone = false // the worst: it may still answer
		}
		r.mu.Lock()
		if known := r.seen[lease]; known != nil && known.state.Pod == pod {
			known.podGone, known.looked = gone, r.Clock.Now()
		}
		r.mu.Unlock()
	}
}

// podsInDoubt returns the Pods to look for, by Lease.
func (r *Register) podsInDoubt() map[string]replica.Pod {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Clock.Now()
	doubtful := map[string]replica.Pod{}
	for name, known := range r.seen {
		if known.inDoubt(now) && now.Sub(known.looked) >= lookForPodEvery {
			doubtful[name] = known.state.Pod
		}
	}
	return doubtful
}

// podGone reports whether pod doesn't exist any more, or all that ran in it has ended.
func (r *Register) podGone(ctx context.Context, pod replica.Pod) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	found := &corev1.Pod{}
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: pod.Name}, found)
	switch {
	case apierrors.IsNotFound(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("get pod %q: %w", pod.Name, err)
	default:
		over := found.Status.Phase == corev1.PodSucceeded || found.Status.Phase == corev1.PodFailed
		return over || pod.UID != "" && found.UID != pod.UID, nil
	}
}

// collect deletes the Leases of replicas that ended or went without word, and forgets such as had their Lease
// deleted, once that is so long ago that it can't matter.
func (r *Register) collect(ctx context.Context) {
	now := r.Clock.Now()
	old := r.gone(now.Add(-longestAccess))
	if len(old) == 0 {
		return
	}
	longest, err := r.longestCookie(ctx, now)
	if err != nil {
		if ctx.Err() == nil {
			ctrl.LoggerFrom(ctx).Error(err, "replicas that are gone can't be forgotten: nobody says how long cookies live")
		}
		return
	}
	for name, known := range old {
		if now.Sub(known.renewed) < longest {
			continue
		}
		if known.gone == "" {
			lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: name}}
			err := r.Writer.Delete(ctx, lease, client.Preconditions{UID: &known.uid, ResourceVersion: &known.at}) // else it is back
			if err != nil && !apierrors.IsNotFound(err) {
				if ctx.Err() == nil && !apierrors.IsConflict(err) {
					ctrl.LoggerFrom(ctx).Error(err, "the Lease of a replica that is gone can't be deleted", "replica", known.state.Name)
				}
				continue
			}
		}
		r.mu.Lock()
		if is := r.seen[name]; is != nil && is.uid == known.uid && is.renewed.Equal(known.renewed) {
			is.given = true // until the watch, or a list, says that the Lease is gone
			r.seen.forgetEnded(name)
		}
		r.mu.Unlock()
	}
}

// gone returns what is known of replicas that ended, or went without word, and weren't heard of since.
func (r *Register) gone(since time.Time) map[string]sighting {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := map[string]sighting{}
	for name, known := range r.seen {
		gone := known.state.Incarnation == "" || known.gone != "" || known.podGone
		if gone && !known.renewed.After(since) {
			old[name] = *known
		}
	}
	return old
}

// longestCookie is how long cookies live in the realm where they live longest. Only collect calls it.
func (r *Register) longestCookie(ctx context.Context, now time.Time) (time.Duration, error) {
	if !r.asked.IsZero() && now.Sub(r.asked) < askForCookiesEvery {
		return r.cookies, nil
	}
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	realms := &v1alpha1.RealmList{}
	if err := r.Live.List(ctx, realms); err != nil {
		return 0, fmt.Errorf("list Realms: %w", err)
	}
	r.cookies, r.asked = 0, now
	for i := range realms.Items {
		r.cookies = max(r.cookies, realms.Items[i].Spec.Sessions.CookieTTL.Duration)
	}
	return r.cookies, nil
}
