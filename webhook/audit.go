package webhook

import (
	"context"
	"log/slog"
	"net/http"
)

// event is what an audit line is about. These are all there are.
type event string

const (
	eventLogin        event = "login"
	eventLoginRefused event = "login_refused"
	eventLoginLocked  event = "login_locked"
	eventLogout       event = "logout"
	eventRevoked      event = "revoked"
	eventCheckDenied  event = "check_denied"
	eventBasicChecked event = "basic_verified"
	eventUserCreated  event = "user_created"
	eventUserChanged  event = "user_changed"
	eventUserDeleted  event = "user_deleted"

	eventSessionEnded    event = "session_ended"
	eventSignedOut       event = "signed_out_everywhere"
	eventPasswordChanged event = "password_changed"

	eventRefreshed      event = "refreshed"
	eventRefreshSibling event = "refresh_sibling"
	eventRefreshRefused event = "refresh_refused"
	eventRefreshReused  event = "refresh_reused"
)

// auditor writes who did what. A line has the event, request, realm and client, then
// what the event is about; never a password, a token or a hash.
type auditor struct {
	log     *slog.Logger
	proxies trustedProxies
}

func (a auditor) record(r *http.Request, c *call, e event, about ...slog.Attr) {
	if !a.log.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 4+len(about)),
		slog.String("event", string(e)),
		slog.String("request", c.requestID(r)),
		slog.String("realm", printable(c.realm, 63)),
		slog.String("client", addressText(a.proxies.client(r))))
	a.log.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelInfo, "audit", append(attrs, about...)...)
}

// userAttr names the user of an event as far as a client's text can be trusted to be one.
func userAttr(name string) slog.Attr { return slog.String("user", printable(name, 63)) }
