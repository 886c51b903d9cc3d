package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/latchkey-auth/latchkey/hack/bench/load"
)

// grpcConnections is how many connections the workers share: Envoy has one of each of its threads.
const grpcConnections = 4

// grpcClient asks one question over and over, made once: the load shall cost little.
type grpcClient struct {
	connections []*grpc.ClientConn
	question    []byte
	proof       []byte // what an allowing answer has, and no other
}

// dialGRPC connects, for questions about a request that the rules allow the bearer of a token.
func dialGRPC(address string, t load.Token) (*grpcClient, error) {
	headers := map[string]string{
		":authority": ruleHost, ":method": "GET", ":path": ruleTarget, ":scheme": "https", "authorization": "Bearer " + t.Text,
		"accept": "*/*", "user-agent": "bench", "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https",
		"x-request-id": "6d1f0f6e-3c52-4b6e-9d2a-000000000000",
	}
	question, err := proto.Marshal(&authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source:      &authv3.AttributeContext_Peer{Address: socket("192.0.2.7", 50000)},
		Destination: &authv3.AttributeContext_Peer{Address: socket("192.0.2.1", 443)},
		Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Id: "1", Method: "GET", Headers: headers, Path: ruleTarget, Host: ruleHost, Scheme: "https", Protocol: "HTTP/1.1",
		}},
	}})
	if err != nil {
		return nil, fmt.Errorf("make a question: %w", err)
	}
	c := &grpcClient{question: question, proof: []byte(t.User)}
	for range grpcConnections {
		connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(raw{})))
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("connect: %w", err)
		}
		c.connections = append(c.connections, connection)
	}
	return c, nil
}

func socket(address string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: address, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}

// Close closes the connections.
func (c *grpcClient) Close() {
	for _, open := range c.connections {
		_ = open.Close()
	}
}

// Send asks as often as load.Client's Send would, whatever the requests.
func (c *grpcClient) Send(_ []load.Request, most int, atMost time.Duration) (load.Result, error) {
	var (
		all     sync.WaitGroup
		mu      sync.Mutex
		result  load.Result
		problem error
		next    atomic.Int64
	)
	began := time.Now()
	deadline := began.Add(atMost)
	for worker := range connections {
		all.Go(func() {
			on := c.connections[worker%len(c.connections)]
			var latencies []time.Duration
			var err error
			late, before := 0, began
			for next.Add(1) <= int64(most) {
				if err = c.ask(on); err != nil {
					break
				}
				after := time.Now()
				if after.After(deadline) {
					late, before = 1, deadline
					break
				}
				latencies = append(latencies, after.Sub(before))
				before = after
			}
			mu.Lock()
			defer mu.Unlock()
			result.Latencies = append(result.Latencies, latencies...)
			result.Elapsed = max(result.Elapsed, before.Sub(began))
			result.Late += late
			problem = errors.Join(problem, err)
		})
	}
	all.Wait()
	return result, problem
}

// ask asks once, and takes no answer but an allowing one.
func (c *grpcClient) ask(on *grpc.ClientConn) error {
	var answer []byte
	if err := on.Invoke(context.Background(), authv3.Authorization_Check_FullMethodName, &c.question, &answer); err != nil {
		return fmt.Errorf("ask over gRPC: %w", err)
	}
	if !bytes.Contains(answer, c.proof) {
		return fmt.Errorf("wrong answer, without %q: %q", c.proof, answer)
	}
	return nil
}

// raw is a codec for messages that are bytes already.
type raw struct{}

// Name is what gRPC's own codec is called, as the server expects.
func (raw) Name() string { return "proto" }

// Marshal implements encoding.CodecV2 for *[]byte.
func (raw) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("%T is not bytes", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*b)}, nil
}

// Unmarshal implements encoding.CodecV2 for *[]byte.
func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("%T is not bytes", v)
	}
	*b = data.Materialize()
	return nil
}
