package feed

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// realmKeys follows the key Secret of each realm, from when its Realm object
// appears until it goes.
type realmKeys struct {
	feed *Feed

	mu     sync.Mutex
	launch func(run func(context.Context)) context.CancelFunc // set by Run, before anything appears
	realms map[string]*realmKey                               // by namespace
}

// realmKey follows the key Secret of one Realm object.
type realmKey struct {
	uid    string // of the Realm
	since  time.Time
	source *source
	store  *store[token.Document]
	tried  atomic.Bool // the API server has said that it may not be read
	cancel context.CancelFunc
}

func newRealmKeys(f *Feed) *realmKeys {
	return &realmKeys{feed: f, realms: map[string]*realmKey{}}
}

// start says how feeds are run, until their cancel is called or Run ends.
func (k *realmKeys) start(launch func(run func(context.Context)) context.CancelFunc) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.launch = launch
}

// appeared follows the keys of a Realm. A Realm of another UID is another one: what
// was known of the keys of that namespace is dropped.
func (k *realmKeys) appeared(realm directory.Item[directory.Settings]) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.follow(realm.Namespace, realm.UID)
}

// disappeared ends the keys of a Realm.
func (k *realmKeys) disappeared(realm directory.Item[directory.Settings]) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if known, ok := k.realms[realm.Namespace]; ok && known.uid == realm.UID {
		k.drop(realm.Namespace)
	}
}

// replaced follows the keys of these Realms and no others.
func (k *realmKeys) replaced(realms []directory.Item[directory.Settings]) {
	k.mu.Lock()
	defer k.mu.Unlock()
	listed := map[string]bool{}
	for _, realm := range realms {
		listed[realm.Namespace] = true
		k.follow(realm.Namespace, realm.UID)
	}
	for namespace := range k.realms {
		if !listed[namespace] {
			k.drop(namespace)
		}
	}
}

func (k *realmKeys) follow(namespace, uid string) {
	if known, ok := k.realms[namespace]; ok {
		if known.uid == uid {
			return
		}
		k.drop(namespace)
	}
	r := k.newRealmKey(namespace, uid)
	k.realms[namespace] = r
	k.feed.config.Logger.Info("realm appeared", "realm", namespace)
	r.cancel = k.launch(func(ctx context.Context) { k.feed.reflect(ctx, r.source, r.store, &secret{}) })
}

func (k *realmKeys) newRealmKey(namespace, uid string) *realmKey {
	r := &realmKey{uid: uid, since: k.feed.config.Clock.Now()}
	table := k.feed.config.Directory.Keys()
	r.source = k.feed.newSource("secrets")
	r.source.client, r.source.namespace = k.feed.clients.secrets, namespace
	r.source.selector = fields.OneTermEqualSelector("metadata.name", v1alpha1.SigningKeysSecretName).String()
	r.source.failed = func(err error) {
		if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsNotFound(err) {
			r.tried.Store(true)
		}
	}
	r.store = newStore(k.feed, r.source, table)
	r.store.effect = "the last good keys stay in use, if there are any"
	r.store.replace = func(items []directory.Item[token.Document], v directory.Version) {
		table.ReplaceNamespace(namespace, items, v)
	}
	r.store.follow = func(directory.Version) {} // nothing but the watch tells of keys
	r.store.awaited, r.store.awaitsChanges = k.feed.await, true
	r.store.translate = func(o any) (entry[token.Document], bool) {
		s, ok := o.(*secret)
		if !ok {
			return entry[token.Document]{}, false
		}
		return keyEntry(s, uid), true
	}
	return r
}

// drop ends a feed and forgets the keys. What it still has under way is written
// nowhere.
func (k *realmKeys) drop(namespace string) {
	r := k.realms[namespace]
	delete(k.realms, namespace)
	r.cancel()
	r.store.stop(func() { k.feed.config.Directory.Keys().DropNamespace(namespace) })
	k.feed.config.Logger.Info("realm is gone", "realm", namespace)
}

// waiting names the Secrets that weren't tried yet. A realm whose Secret can't be
// reached for another reason than rights counts as tried after the deadline.
func (k *realmKeys) waiting() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var waiting []string
	for namespace, r := range k.realms {
		overdue := k.feed.config.Clock.Since(r.since) > k.feed.config.SyncDeadline
		if !r.store.synced.Load() && !r.tried.Load() && !overdue {
			waiting = append(waiting, "secrets/"+namespace+"/"+v1alpha1.SigningKeysSecretName)
		}
	}
	slices.Sort(waiting)
	return waiting
}

// beat tells each feed of a beat. Keys that may have been distrusted meanwhile are
// dropped, and so that realm denies, until they were read anew: whether they can be
// read at all may be up to that realm alone, so it is no reason to close the others.
func (k *realmKeys) beat(sent, now time.Time, limit time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for namespace, r := range k.realms {
		if r.source.progress.beat(sent, now, limit) {
			k.feed.config.Directory.Keys().DropNamespace(namespace)
			k.feed.config.Logger.Info("the keys of a realm can't be followed for longer than --max-staleness: it refuses everything", "realm", namespace)
		}
	}
}

// followed is how far each feed has come, by namespace.
func (k *realmKeys) followed() map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := make(map[string]string, len(k.realms))
	for namespace, r := range k.realms {
		if v := r.source.progress.at(); v > 0 {
			at[namespace] = formatVersion(v)
		}
	}
	return at
}

// staleness is that of the feed that is furthest behind.
func (k *realmKeys) staleness() (longest time.Duration, any bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.realms {
		if !r.store.synced.Load() {
			continue
		}
		if quiet, heard := r.source.staleness(); heard {
			longest, any = max(longest, quiet), true
		}
	}
	return longest, any
}
