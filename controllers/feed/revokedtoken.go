package feed

import (
	"encoding/json"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// decodeRevocation says what a RevokedToken revokes. One that can't be read
// revokes as much as it can mean: every part that names something counts, and a
// moment that can't be read is the latest that it may be, the object's creation.
func decodeRevocation(meta *metav1.ObjectMeta, raw json.RawMessage) (directory.Revocation, error) {
	var spec v1alpha1.RevokedTokenSpec
	err := decode(raw, &spec)
	if err == nil {
		return revocationOf(meta, &spec), nil
	}
	var parts map[string]any
	if decode(raw, &parts) != nil {
		return directory.Revocation{}, errors.Join(err, errors.New("it revokes nothing: delete it, and make another"))
	}
	user, _ := parts["user"].(map[string]any)
	revoked := directory.Revocation{
		TokenID:   text(parts["tokenID"]),
		SessionID: text(parts["sessionID"]),
		UserName:  text(user["name"]),
		UserUID:   text(user["uid"]),
		Before:    creation(meta),
	}
	if revoked.TokenID == "" && revoked.SessionID == "" && revoked.UserName == "" && revoked.UserUID == "" {
		err = errors.Join(err, errors.New("it revokes nothing: delete it, and make another"))
	}
	return revoked, err
}

// revocationOf says what a RevokedToken revokes. It does so until it is deleted,
// also while it is being deleted.
func revocationOf(meta *metav1.ObjectMeta, spec *v1alpha1.RevokedTokenSpec) directory.Revocation {
	revoked := directory.Revocation{TokenID: spec.TokenID, SessionID: spec.SessionID}
	if spec.User == nil {
		return revoked
	}
	revoked.UserName, revoked.UserUID = spec.User.Name, string(spec.User.UID)
	revoked.Before = creation(meta)
	if before := spec.User.IssuedBefore; before != nil && before.Time.Before(revoked.Before) { // the future counts as creation
		revoked.Before = before.UTC().Truncate(time.Second)
	}
	return revoked
}

// creation is when the object was made, in whole seconds by the API server's clock.
func creation(meta *metav1.ObjectMeta) time.Time { return meta.CreationTimestamp.UTC() }

func text(v any) string {
	s, _ := v.(string)
	return s
}
