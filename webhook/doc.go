// Package webhook is the HTTP service: it issues tokens and answers the proxy's check for
// every request. It knows no Kubernetes; what it needs of the API server are the small
// interfaces of store.go.
//
// The journey of GET /check, which touches memory only:
//
//	server.go      listeners, limits, drain
//	service.go     the raw target is split into realm and path
//	check.go       realm → original request → caller → decision → answer
//	proxy/         which headers hold the original request, a file a dialect
//	identify.go    Authorization or cookie.go → verified token → live user, revocations
//	policy/        Decide: do the caller's roles allow it?
//	respond.go     a refusal becomes status, headers and body
//	browser.go     … or, for people, a way to the login page, or deniedpage.go
//	log.go         the line that tells an operator what to mend
//
// Envoy asks the same over gRPC (extauthz/). A user name and a password instead of a token are
// basic.go's, where a realm takes them.
//
// People sign in by login.go: the form, destination.go (where they may go on to; redirect/),
// authenticate.go, setcookie.go; account.go is what they do then. page/ has the pages, and
// onpage.go shows a failure as one.
//
// Everything else goes through the one table of routes.go to a file per endpoint family:
// token.go, refreshgrant.go (renewal.go, refresh/), logout.go (and revoke), introspect.go, sessions.go, passwordchange.go,
// profile.go (and userinfo), users.go, metadata.go (JWKS, discovery). read.go reads their
// bodies strictly, audit.go lists what is audited, metrics.go what is counted, quota.go
// bounds successful logins. authenticate.go is where every password is verified, within
// the budgets of lockout/; device.go and clientaddress.go say whose tries count together.
package webhook
