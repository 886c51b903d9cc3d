package extauthz

import (
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that is wrapped here
	"google.golang.org/grpc/mem"

	"github.com/latchkey-auth/latchkey/webhook/proxy"
)

// message is a CheckRequest, or the reason why it can't be read.
type message struct {
	request authv3.CheckRequest
	problem error
}

// codec is gRPC's own, but that it takes any bytes for a message: gRPC itself would answer
// those that can't be parsed with an error.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, is := v.(*message)
	if !is {
		return c.CodecV2.Unmarshal(data, v)
	}
	if err := c.CodecV2.Unmarshal(data, &m.request); err != nil {
		m.problem = &proxy.Unreadable{
			Reason: proxy.ReasonMessageMalformed,
			Hint:   "the message is not a CheckRequest: a client sent bytes that are no UTF-8, or what asks isn't Envoy",
		}
	}
	return nil
}
