package app

import (
	"net/http"

	"github.com/coder/websocket"
)

// echo tells a WebSocket's client what the app saw, and then sends back whatever it sends.
func echo(w http.ResponseWriter, r *http.Request) {
	fields, err := look(r)
	if err != nil {
		http.Error(w, "read body: "+err.Error(), http.StatusBadRequest)
		return
	}
	socket, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer socket.CloseNow()
	err = socket.Write(r.Context(), websocket.MessageText, []byte(Format(fields)))
	for err == nil {
		var kind websocket.MessageType
		var message []byte
		if kind, message, err = socket.Read(r.Context()); err == nil {
			err = socket.Write(r.Context(), kind, message)
		}
	}
}
