package faultproxy

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// conn is one connection of a client, and the one to the server that belongs to it.
type conn struct {
	proxy  *Proxy
	client net.Conn
	torn   atomic.Bool // something that was sent on it will never arrive
	done   chan struct{}
	once   sync.Once
}

func newConn(p *Proxy, client net.Conn) *conn {
	return &conn{proxy: p, client: client, done: make(chan struct{})}
}

// end ends it without a farewell: the client sees a reset.
func (c *conn) end() {
	c.once.Do(func() {
		if tcp, ok := c.client.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // else it ends a little more politely
		}
		_ = c.client.Close()
		close(c.done)
	})
}

// carry passes bytes in both directions until one side ends. A server that can't be reached looks to
// the client like one that resets.
func (c *conn) carry() {
	defer c.end()
	server, err := net.Dial("tcp", c.proxy.target)
	if err != nil {
		return
	}
	defer server.Close()
	var directions sync.WaitGroup
	directions.Go(func() { c.pass(server, c.client, false) })
	directions.Go(func() { c.pass(c.client, server, true) })
	<-c.done
	_ = server.Close() // so that both directions end
	directions.Wait()
}

// piece is something that was read, and when it may be delivered.
type piece struct {
	bytes []byte
	due   time.Time
}

// pass delivers what from sends to to, under the fault of the moment. answers says that from is the server.
func (c *conn) pass(to, from net.Conn, answers bool) {
	defer c.end()
	pieces := make(chan piece, 64) // what a delay holds back; beyond that the sender waits, as it would for a slow network
	var delivering sync.WaitGroup
	delivering.Go(func() {
		defer c.end()
		for p := range pieces {
			if !c.deliver(to, p, answers) {
				return
			}
		}
	})
	defer delivering.Wait()
	defer close(pieces)
	for {
		buffer := make([]byte, 32<<10)
		n, err := from.Read(buffer)
		if n > 0 {
			f, _ := c.proxy.now()
			p := piece{bytes: buffer[:n], due: time.Now()}
			if answers {
				p.due = p.due.Add(f.delay)
			}
			select {
			case pieces <- p:
			case <-c.done:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// deliver waits until p may go on its way and sends it. It returns false when nothing can follow.
func (c *conn) deliver(to net.Conn, p piece, answers bool) bool {
	for {
		f, changed := c.proxy.now()
		switch wait := time.Until(p.due); {
		case f.hold:
			if !c.await(changed, nil) {
				return false
			}
		case f.swallow && answers:
			c.torn.Store(true)
			return true
		case c.torn.Load() && answers:
			return false // what follows a gap means nothing
		case wait > 0:
			timer := time.NewTimer(wait)
			over := c.await(changed, timer.C)
			timer.Stop()
			if !over {
				return false
			}
		default:
			_, err := to.Write(p.bytes)
			return err == nil
		}
	}
}

// await returns true when the fault has changed or the timer fires, false when the connection has ended.
func (c *conn) await(changed <-chan struct{}, timer <-chan time.Time) bool {
	select {
	case <-changed:
		return true
	case <-timer:
		return true
	case <-c.done:
		return false
	}
}
