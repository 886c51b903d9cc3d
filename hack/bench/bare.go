package main

import (
	"log/slog"
	"net"
	"net/http"

	"github.com/latchkey-auth/latchkey/webhook"
)

// serveBare is the process of the bare server: a net/http server with the settings of the
// real one, whose handler does nothing but set the headers of an allowing answer.
func serveBare() error {
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	return serve(webhook.NewServer(bareHandler(), log), listener, nil)
}

func bareHandler() http.Handler {
	user := aUser(0)
	var (
		noStore = []string{"no-store"}
		name    = []string{user.Name}
		uid     = []string{user.UID}
		email   = []string{user.Value.Email}
		groups  = []string{roleName(0) + "," + roleName(1) + "," + roleName(50)}
	)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Cache-Control"] = noStore
		h["X-Auth-Request-User"] = name
		h["X-Auth-Request-Uid"] = uid
		h["X-Auth-Request-Email"] = email
		h["X-Auth-Request-Groups"] = groups
		w.WriteHeader(http.StatusOK)
	})
}
