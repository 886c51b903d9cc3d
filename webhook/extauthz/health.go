package extauthz

import (
	"context"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// health is the standard health service. It tells what /readyz tells.
type health struct {
	healthv1.UnimplementedHealthServer

	ready    func() error    // why not to send checks here, or nil
	draining context.Context // ends when the listener goes, and every watch with it
}

// watchEvery is how often a watch looks.
const watchEvery = time.Second

// status is the state of the service of that name; "" stands for all.
func (h *health) status(service string) (healthv1.HealthCheckResponse_ServingStatus, bool) {
	switch {
	case service != "" && service != authv3.Authorization_ServiceDesc.ServiceName:
		return healthv1.HealthCheckResponse_SERVICE_UNKNOWN, false
	case h.draining.Err() != nil || h.ready() != nil:
		return healthv1.HealthCheckResponse_NOT_SERVING, true
	default:
		return healthv1.HealthCheckResponse_SERVING, true
	}
}

// Check tells whether to send checks here.
func (h *health) Check(_ context.Context, in *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	s, known := h.status(in.GetService())
	if !known {
		return nil, status.Error(codes.NotFound, "there is no such service")
	}
	return &healthv1.HealthCheckResponse{Status: s}, nil
}

// Watch tells it at once and whenever it changes, until the client or the listener goes.
func (h *health) Watch(in *healthv1.HealthCheckRequest, stream grpc.ServerStreamingServer[healthv1.HealthCheckResponse]) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	last := healthv1.HealthCheckResponse_UNKNOWN
	for {
		if now, _ := h.status(in.GetService()); now != last {
			if err := stream.Send(&healthv1.HealthCheckResponse{Status: now}); err != nil {
				return err
			}
			last = now
		}
		if h.draining.Err() != nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-h.draining.Done():
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}
