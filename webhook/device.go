package webhook

import (
	"crypto/rand"
	"net/http"
	"time"

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

// setDevice makes a browser known to a user who has just logged in on it. One that was stays
// the same device, so that its budget of wrong passwords does, too. It fails only without a
// key to sign with, and then the browser is as unknown as it was.
func (s *Service) setDevice(w http.ResponseWriter, r *http.Request, realm *directory.Realm, user *directory.User) {
	now := s.Now().Truncate(time.Second)
	claims := token.Claims{
		Issuer: realm.Settings().Issuer, Subject: user.UID, Username: user.Name, ID: rand.Text(),
		IssuedAt: now, AuthTime: now, ExpiresAt: now.Add(deviceLifetime),
	}
	if known := s.device(r, realm); known != nil && known.Subject == user.UID {
		claims.ID = known.ID
	}
	raw, err := realm.Keys().Sign(token.Device, claims)
	if err != nil {
		return
	}
	http.SetCookie(w, aCookie(s.deviceCookie(realm), raw, "", deviceLifetime))
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
