package load

import (
	"bytes"
	"fmt"
	"net"
)

var (
	allowed  = []byte("HTTP/1.1 200 OK\r\n")
	noBody   = []byte("\r\nContent-Length: 0\r\n")
	finished = []byte("\r\n\r\n")
)

// connection is one keep-alive connection with one request at a time on it.
type connection struct {
	net    net.Conn
	buffer [4 << 10]byte
}

// ask sends r and returns when the right answer has come, or an error that shows what came.
func (c *connection) ask(r *Request) error {
	if _, err := c.net.Write(r.bytes); err != nil {
		return fmt.Errorf("send a request: %w", err)
	}
	n := 0
	for {
		read, err := c.net.Read(c.buffer[n:])
		if n += read; err != nil {
			return fmt.Errorf("read an answer of which %q came: %w", c.buffer[:n], err)
		}
		if bytes.HasSuffix(c.buffer[:n], finished) {
			break
		}
		if n == len(c.buffer) {
			return fmt.Errorf("an answer is longer than expected: %q", c.buffer[:n])
		}
	}
	if answer := c.buffer[:n]; !bytes.HasPrefix(answer, allowed) || !bytes.Contains(answer, r.proof) || !bytes.Contains(answer, noBody) {
		return fmt.Errorf("wrong answer, without %q: %q", bytes.TrimSpace(r.proof), answer)
	}
	return nil
}
