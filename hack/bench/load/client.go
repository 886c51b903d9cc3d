package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Client has keep-alive connections to a server, with one request at a time on each.
type Client struct {
	connections []*connection
	next        atomic.Int64
}

// Connect connects to address (host:port) n times. The connections close with ctx, if Close
// isn't called before.
func Connect(ctx context.Context, address string, n int) (*Client, error) {
	c := &Client{}
	for range n {
		opened, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("connect: %w", err)
		}
		c.connections = append(c.connections, &connection{net: opened})
	}
	context.AfterFunc(ctx, c.Close) // nobody goes on waiting for an answer
	return c, nil
}

// Close closes the connections; the second time it does nothing.
func (c *Client) Close() {
	for _, open := range c.connections {
		_ = open.net.Close()
	}
}

// Result is what was sent and answered rightly.
type Result struct {
	Elapsed   time.Duration
	Latencies []time.Duration // of each request that was answered in time
	Late      int             // how many others there were: at most one of each connection
}

// Send sends requests in turn on all connections, most of them altogether, and returns
// when they are answered. It begins none when the time is over.
func (c *Client) Send(requests []Request, most int, atMost time.Duration) (Result, error) {
	if len(requests) == 0 || len(c.connections) == 0 {
		return Result{}, errors.New("there is nothing to send, or no connection to send it on")
	}
	var (
		all     sync.WaitGroup
		mu      sync.Mutex
		result  Result
		problem error
	)
	c.next.Store(0)
	began := time.Now()
	for _, on := range c.connections {
		all.Go(func() {
			own, err := c.send(on, requests, int64(most), began, began.Add(atMost))
			mu.Lock()
			defer mu.Unlock()
			result.Latencies = append(result.Latencies, own.Latencies...)
			result.Elapsed = max(result.Elapsed, own.Elapsed)
			result.Late += own.Late
			if err != nil && problem == nil {
				problem = err
				c.Close() // one wrong answer ends everything
			}
		})
	}
	all.Wait()
	if problem != nil {
		return Result{}, problem
	}
	return result, nil
}

// send sends requests on one connection.
func (c *Client) send(on *connection, requests []Request, most int64, began, deadline time.Time) (Result, error) {
	var r Result
	for before := began; ; {
		i := c.next.Add(1) - 1
		if i >= most {
			r.Elapsed = before.Sub(began)
			return r, nil
		}
		if err := on.ask(&requests[i%int64(len(requests))]); err != nil {
			return r, err
		}
		after := time.Now()
		if after.After(deadline) {
			r.Elapsed = deadline.Sub(began)
			r.Late++
			return r, nil
		}
		r.Latencies = append(r.Latencies, after.Sub(before))
		before = after
	}
}
