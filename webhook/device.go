package webhook

import (
	"net/http"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// device returns the claims of the device cookie that r carries, nil if it carries none
// that holds. It says that this browser once logged in as the subject: wrong passwords
// from anywhere else don't lock that user out of it. Two of that name are none.
func (s *Service) device(r *http.Request, realm *directory.Realm) *token.Claims {
	sent := r.CookiesNamed(s.deviceCookie(realm))
	if len(sent) != 1 {
		return nil
	}
	claims, err := realm.Keys().Verify(sent[0].Value, token.Expect{Type: token.Device, Issuer: realm.Settings().Issuer}, s.Now())
	if err != nil {
		return nil
	}
	return claims
}

// deviceCookie is the name of a realm's device cookie: __Host-latchkey_device at the root,
// else __Host-latchkey-<namespace>_device. No namespace has an underscore in its name, so
// that no realm's session cookie is another's device cookie.
func (s *Service) deviceCookie(realm *directory.Realm) string {
	if realm.Namespace() == s.DefaultRealm {
		return "__Host-latchkey_device"
	}
	return "__Host-latchkey-" + realm.Namespace() + "_device"
}
