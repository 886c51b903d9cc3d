package conformance

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Send writes request to address as it is and reads the answer with its whole body. It gives up
// after 20 seconds.
func Send(ctx context.Context, address string, request []byte) (*http.Response, string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, "", err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, "", err
		}
	}
	// A server may refuse before it has read everything, so writing goes on beside reading.
	go func() { _, _ = conn.Write(request) }()
	method, _, _ := bytes.Cut(request, []byte(" "))
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: string(method)})
	if err != nil {
		return nil, "", fmt.Errorf("read answer: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil && response.StatusCode < 400 { // a refusal may come before all is sent, and end in a reset
		return nil, "", fmt.Errorf("read body: %w", err)
	}
	return response, string(body), nil
}
