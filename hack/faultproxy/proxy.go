package faultproxy

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// Proxy passes TCP connections on to one server until it is told to fail. Its methods may be called
// at any time, from anywhere; a fault stays until another or Heal replaces it.
type Proxy struct {
	target   string
	listener net.Listener
	accepted sync.WaitGroup // the loop, and every connection

	mu      sync.Mutex
	fault   fault
	changed chan struct{} // closed when fault is replaced
	conns   map[*conn]struct{}
	closed  bool
}

// fault is what a Proxy does to what it carries. The zero value does nothing.
type fault struct {
	refuse  bool          // connections end as soon as they are made
	hold    bool          // nothing is delivered, in either direction
	swallow bool          // what comes back from the server is dropped
	delay   time.Duration // what comes back from the server is delivered this much later
}

// Start starts a Proxy in front of target (host:port) on a port of its own. Close ends it.
func Start(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a fault proxy: %w", err)
	}
	p := &Proxy{target: target, listener: listener, changed: make(chan struct{}), conns: map[*conn]struct{}{}}
	p.accepted.Go(p.accept)
	return p, nil
}

// Address is where clients connect to (host:port).
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Cut ends every connection, and each new one at once.
func (p *Proxy) Cut() {
	p.set(fault{refuse: true})
	p.end(func(*conn) bool { return true })
}

// Sever ends every connection; new ones pass as they did.
func (p *Proxy) Sever() { p.end(func(*conn) bool { return true }) }

// BlackHole keeps connections open, accepts new ones, and delivers nothing: neither side is told. What was
// sent meanwhile arrives after Heal, as it would in a network that lost and repeated it.
func (p *Proxy) BlackHole() { p.set(fault{hold: true}) }

// Swallow lets requests through and drops what comes back. Heal ends the connections that lost something.
func (p *Proxy) Swallow() { p.set(fault{swallow: true}) }

// Delay delivers what comes back from the server this much later, in order.
func (p *Proxy) Delay(by time.Duration) { p.set(fault{delay: by}) }

// Heal ends the fault. Connections that lost nothing go on.
func (p *Proxy) Heal() {
	p.set(fault{})
	p.end(func(c *conn) bool { return c.torn.Load() })
}

// Open is how many connections there are.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// Close ends the Proxy and every connection, and returns when all are gone.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close() // it was open: nothing else closes it
	p.set(fault{refuse: true})
	p.end(func(*conn) bool { return true })
	p.accepted.Wait()
}

func (p *Proxy) set(f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
	close(p.changed)
	p.changed = make(chan struct{})
}

// now is the fault of this moment, and what is closed when there is another.
func (p *Proxy) now() (f fault, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault, p.changed
}

// end ends the connections that which names.
func (p *Proxy) end(which func(*conn) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if which(c) {
			c.end()
		}
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		c := newConn(p, client)
		if !p.admit(c) {
			c.end()
			continue
		}
		p.accepted.Go(func() {
			c.carry()
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.conns, c)
		})
	}
}

func (p *Proxy) admit(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.fault.refuse {
		return false
	}
	p.conns[c] = struct{}{}
	return true
}
