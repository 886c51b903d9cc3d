package faultproxy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/hack/faultproxy"
)

// patience is for what must come; silence is for what must not, where a slow machine can only pass.
const (
	patience = 20 * time.Second
	silence  = 50 * time.Millisecond
)

// echo is a server that answers each line with itself, and remembers what it has heard.
type echo struct {
	address string
	mu      sync.Mutex
	heard   []string
}

func startEcho(t *testing.T) *echo {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{address: listener.Addr().String()}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				lines := bufio.NewScanner(c)
				for lines.Scan() {
					e.mu.Lock()
					e.heard = append(e.heard, lines.Text())
					e.mu.Unlock()
					if _, err := io.WriteString(c, lines.Text()+"\n"); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	return e
}

func (e *echo) knows(line string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Contains(strings.Join(e.heard, "\n"), line)
}

// caller is a client of the echo through a proxy.
type caller struct {
	t    *testing.T
	conn net.Conn
	read *bufio.Reader
}

func start(t *testing.T) (*echo, *faultproxy.Proxy) {
	t.Helper()
	e := startEcho(t)
	p, err := faultproxy.Start(e.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return e, p
}

func call(t *testing.T, p *faultproxy.Proxy) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &caller{t, conn, bufio.NewReader(conn)}
}

func (c *caller) say(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

// hears expects line next.
func (c *caller) hears(line string) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	got, err := c.read.ReadString('\n')
	if err != nil || got != line+"\n" {
		c.t.Fatalf("heard %q, %v instead of %q", got, err, line)
	}
}

// hearsNothing expects neither an answer nor an end.
func (c *caller) hearsNothing() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(silence))
	if got, err := c.read.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("heard %q, %v through a proxy that delivers nothing", got, err)
	}
}

// hearsTheEnd expects the connection to have ended.
func (c *caller) hearsTheEnd() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	if got, err := c.read.ReadString('\n'); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("heard %q, %v on a connection that should have ended", got, err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for begun := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatal("never: " + what)
		}
	}
}

func TestAHealthyProxyPassesEverythingOn(t *testing.T) {
	_, p := start(t)
	one, other := call(t, p), call(t, p)
	one.say("hello")
	other.say("good evening")
	other.hears("good evening")
	one.hears("hello")
	big := strings.Repeat("x", 60<<10) // more than one read, less than a Scanner's line
	one.say(big)
	one.hears(big)
}

func TestACutEndsConnectionsAndRefusesNewOnes(t *testing.T) {
	_, p := start(t)
	before := call(t, p)
	before.say("hello")
	before.hears("hello")
	p.Cut()
	before.hearsTheEnd()
	isRefused(t, p)
	p.Heal()
	after := call(t, p)
	after.say("again")
	after.hears("again")
}

func TestASeveredProxyServesWhoeverComesBack(t *testing.T) {
	_, p := start(t)
	before := call(t, p)
	before.say("hello")
	before.hears("hello")
	p.Sever()
	before.hearsTheEnd()
	after := call(t, p)
	after.say("again")
	after.hears("again")
}

func TestABlackHoleIsSilentAndLosesNothing(t *testing.T) {
	e, p := start(t)
	before := call(t, p)
	before.say("hello")
	before.hears("hello")
	p.BlackHole()
	before.say("are you there")
	during := call(t, p)
	during.say("and for me")
	before.hearsNothing()
	during.hearsNothing()
	if e.knows("are you there") {
		t.Error("the server heard through a black hole")
	}
	p.Heal()
	before.hears("are you there")
	during.hears("and for me")
}

func TestSwallowedAnswersWereRequestsThatCame(t *testing.T) {
	e, p := start(t)
	c := call(t, p)
	c.say("hello")
	c.hears("hello")
	p.Swallow()
	c.say("write this")
	eventually(t, "the server hears the request", func() bool { return e.knows("write this") })
	c.hearsNothing()
	p.Heal()
	c.hearsTheEnd()
	again := call(t, p)
	again.say("again")
	again.hears("again")
}

func TestADelayHoldsAnswersBackInOrder(t *testing.T) {
	e, p := start(t)
	c := call(t, p)
	p.Delay(time.Hour)
	c.say("first")
	c.say("second")
	eventually(t, "the server hears both", func() bool { return e.knows("second") })
	c.hearsNothing()

	p.Delay(silence) // a delay holds for what comes under it: the first two still wait for their hour
	other := call(t, p)
	other.say("one")
	other.say("two")
	other.hears("one")
	other.hears("two")
	c.hearsNothing()
}

func TestNothingIsLeftOfAClosedProxy(t *testing.T) {
	_, p := start(t)
	c := call(t, p)
	c.say("hello")
	c.hears("hello")
	if p.Open() != 1 {
		t.Errorf("%d connections are open instead of 1", p.Open())
	}
	p.BlackHole()
	p.Close()
	c.hearsTheEnd()
	if p.Open() != 0 {
		t.Errorf("%d connections are open after Close", p.Open())
	}
	isRefused(t, p)
}

func TestAServerThatIsAwayLooksLikeOneThatResets(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	p, err := faultproxy.Start(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	isRefused(t, p)
}

// isRefused expects a new connection to end, whether before or after it seems to have been made.
func isRefused(t *testing.T, p *faultproxy.Proxy) {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		return
	}
	defer conn.Close()
	(&caller{t, conn, bufio.NewReader(conn)}).hearsTheEnd()
}
